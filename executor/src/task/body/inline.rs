//! The body in the slot, behind the header; poisoned under AddressSanitizer while the slot is free.

use std::ptr::NonNull;

use super::{Body, HEADER};
use crate::slab::Class;

/// What slots are aligned to at offset 48, bytes.
const ALIGN: usize = 16;

/// Bytes that a slot for `F` needs.
pub(in crate::task) const fn slot_size<F: Future>() -> usize {
    let align = align_of::<Body<F>>();
    let padding = if align > ALIGN { align } else { 0 };
    HEADER + padding + size_of::<Body<F>>()
}

/// Where the body of `F` lies in the slot at `slot`.
///
/// # Safety
/// The slot must be of a class for `slot_size::<F>()`.
#[inline(always)]
pub(in crate::task) unsafe fn get<F: Future>(slot: NonNull<u8>) -> NonNull<Body<F>> {
    // SAFETY: the slot is at least `HEADER` bytes.
    let behind = unsafe { slot.add(HEADER) };
    let align = align_of::<Body<F>>();
    let offset = if align > ALIGN {
        behind.align_offset(align)
    } else {
        0
    };
    // SAFETY: `slot_size` counts the padding.
    unsafe { behind.add(offset) }.cast()
}

/// Makes a free slot's body ready to be written.
///
/// # Safety
/// The caller owns the free slot, of a class for `slot_size::<F>()`.
#[inline(always)]
pub(in crate::task) unsafe fn open<F: Future>(slot: NonNull<u8>) -> NonNull<Body<F>> {
    let class = Class::for_size(slot_size::<F>());
    // SAFETY: the caller owns the slot.
    unsafe { poison::unpoison(slot, class) };
    // SAFETY: the caller's promise.
    unsafe { get(slot) }
}

/// The body is no longer used.
///
/// # Safety
/// The caller owns the slot, of `F`'s class, and the body is moved out of or dropped.
#[inline(always)]
pub(in crate::task) unsafe fn close<F: Future>(slot: NonNull<u8>) {
    let class = Class::for_size(slot_size::<F>());
    // SAFETY: the caller owns the slot.
    unsafe { poison::poison(slot, class) };
}

/// Calls of AddressSanitizer's run-time.
#[cfg(gmp_asan)]
mod poison {
    use super::*;

    unsafe extern "C" {
        fn __asan_poison_memory_region(address: *const u8, size: usize);
        fn __asan_unpoison_memory_region(address: *const u8, size: usize);
    }

    fn body(slot: NonNull<u8>, class: Class) -> (*const u8, usize) {
        (slot.as_ptr().wrapping_add(HEADER), class.size() - HEADER)
    }

    pub(super) unsafe fn poison(slot: NonNull<u8>, class: Class) {
        let (start, size) = body(slot, class);
        // SAFETY: the range is the body of a slot that the caller owns.
        unsafe { __asan_poison_memory_region(start, size) };
    }

    pub(super) unsafe fn unpoison(slot: NonNull<u8>, class: Class) {
        let (start, size) = body(slot, class);
        // SAFETY: the range is the body of a slot that the caller owns.
        unsafe { __asan_unpoison_memory_region(start, size) };
    }
}

#[cfg(not(gmp_asan))]
mod poison {
    use super::*;

    #[inline(always)]
    pub(super) unsafe fn poison(_: NonNull<u8>, _: Class) {}

    #[inline(always)]
    pub(super) unsafe fn unpoison(_: NonNull<u8>, _: Class) {}
}
