//! The address space that all slots of the process lie in: reserved once, committed step by step,
//! never unmapped.
//!
//! # Invariants
//! - S1: an address of the space belongs to the space for the life of the process.

use std::{io, ptr::NonNull};

use super::class::UNIT;

/// What is asked for first: an index of 31 bits times a granule of 32 bytes.
const RESERVE: usize = if cfg!(miri) { RESERVE_MIN } else { 64 << 30 };
/// Below this the process is too confined for a runtime.
const RESERVE_MIN: usize = 256 << 20;
/// Pages become accessible in steps of this many bytes: one system call for sixteen small spans.
const COMMIT: usize = 16 * UNIT;

/// A range of reserved addresses, of which a prefix is accessible.
pub(super) struct Space {
    base: NonNull<u8>,
    len: usize,
    committed: usize,
}

// SAFETY: the range belongs to the process, not to a thread.
unsafe impl Send for Space {}

impl Space {
    /// Reserves address space, less of it where the process may not have much.
    ///
    /// # Errors
    /// With a sentence that names the limit, if not even 256 MiB can be had.
    pub(super) fn reserve() -> io::Result<Space> {
        let mut len = RESERVE;
        // Where the whole cannot be had, a quarter of what can: threads and the heap need addresses too.
        while len > RESERVE_MIN && !fits(len) {
            len /= 2;
        }
        if len < RESERVE {
            len = (len / 4).max(RESERVE_MIN);
        }
        let base = map(len).map_err(|error| explain(error, len))?;
        Ok(Space {
            base,
            len,
            committed: 0,
        })
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Makes the first `len` bytes accessible.
    ///
    /// # Errors
    /// If the reserve is used up, or the system gives no more memory.
    pub(super) fn commit(&mut self, len: usize) -> io::Result<()> {
        if len <= self.committed {
            return Ok(());
        }
        if len > self.len {
            return Err(io::Error::new(
                io::ErrorKind::OutOfMemory,
                format!(
                    "all {} MiB of address space for tasks are in use",
                    self.len >> 20
                ),
            ));
        }
        let upto = len.next_multiple_of(COMMIT).min(self.len);
        // SAFETY: `committed <= upto <= len`, so the range lies in the mapping made by `map`.
        unsafe { allow(self.base, self.committed, upto - self.committed)? };
        self.committed = upto;
        Ok(())
    }
}

/// So many addresses can be had.
#[cfg(not(miri))]
fn fits(len: usize) -> bool {
    let Ok(base) = map(len) else { return false };
    // SAFETY: the mapping was made for this question, and nobody knows of it.
    unsafe { libc::munmap(base.as_ptr().cast(), len) == 0 }
}

#[cfg(miri)]
fn fits(_: usize) -> bool {
    true
}

fn explain(error: io::Error, len: usize) -> io::Error {
    io::Error::new(
        error.kind(),
        format!(
            "cannot reserve {} MiB of address space for tasks: {error}; raise the limit on address space (`ulimit -v`)",
            len >> 20
        ),
    )
}

#[cfg(not(miri))]
fn map(len: usize) -> io::Result<NonNull<u8>> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANON | libc::MAP_NORESERVE;
    // SAFETY: a new private mapping at an address of the kernel's choice touches nobody's memory.
    let base = unsafe { libc::mmap(std::ptr::null_mut(), len, libc::PROT_NONE, flags, -1, 0) };
    if base == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    NonNull::new(base.cast()).ok_or_else(|| io::Error::other("mmap returned the null page"))
}

/// # Safety
/// The range must lie in the mapping at `base`.
#[cfg(not(miri))]
unsafe fn allow(base: NonNull<u8>, offset: usize, len: usize) -> io::Result<()> {
    // SAFETY: the caller's promise.
    let start = unsafe { base.as_ptr().add(offset) };
    // SAFETY: the caller's promise; inaccessible pages become accessible, no live object changes.
    match unsafe { libc::mprotect(start.cast(), len, libc::PROT_READ | libc::PROT_WRITE) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Gives the pages back to the system; they read as zeros from then on. Says whether it did.
///
/// # Safety
/// The range must be committed, and hold nothing that anybody relies on but for zeros.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) unsafe fn release(start: NonNull<u8>, len: usize) -> bool {
    // SAFETY: the caller's promise.
    unsafe { libc::madvise(start.as_ptr().cast(), len, libc::MADV_DONTNEED) == 0 }
}

/// Elsewhere `MADV_DONTNEED` does not promise zeros, so pages stay.
#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) unsafe fn release(_: NonNull<u8>, _: usize) -> bool {
    false
}

/// Miri knows neither `PROT_NONE` nor `mprotect`: a smaller space from the allocator, leaked.
#[cfg(miri)]
fn map(_: usize) -> io::Result<NonNull<u8>> {
    let layout = std::alloc::Layout::from_size_align(RESERVE_MIN, UNIT).expect("a valid layout");
    // SAFETY: the layout has a size.
    NonNull::new(unsafe { std::alloc::alloc_zeroed(layout) })
        .ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

#[cfg(miri)]
unsafe fn allow(_: NonNull<u8>, _: usize, _: usize) -> io::Result<()> {
    Ok(())
}
