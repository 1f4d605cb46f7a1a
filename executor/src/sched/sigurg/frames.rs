//! Walking a stack by its frame pointers.
//!
//! ```text
//!   lower addresses                                              higher
//!     ... | locals | caller's frame pointer | return address | ...
//!           ^ stack pointer      ^ frame pointer
//! ```

use std::mem::MaybeUninit;

use libc::ucontext_t;

use super::registers;

/// What a frame pointer points to: the caller's, and where the call returns to.
const RECORD: usize = 2 * size_of::<usize>();

/// Below this address no code lies.
const FIRST_PAGE: usize = 4096;

/// The thread's stack: addresses from `low` up to `high`.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    low: usize,
    high: usize,
}

impl Bounds {
    /// No stack: nothing is read.
    pub(crate) const NONE: Bounds = Bounds { low: 0, high: 0 };

    /// The calling thread's, or none if the system does not tell.
    pub(crate) fn of_this_thread() -> Bounds {
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the call takes nothing and touches no memory.
        let thread = unsafe { libc::pthread_self() };
        // SAFETY: the call fills the structure, or fails.
        let result = unsafe { libc::pthread_getattr_np(thread, attributes.as_mut_ptr()) };
        if result != 0 {
            return Bounds::NONE;
        }
        let (mut low, mut size) = (std::ptr::null_mut(), 0);
        // SAFETY: the structure was filled, and the call writes the two values only.
        let result = unsafe {
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut low, &raw mut size)
        };
        // SAFETY: the structure was filled, and is not used again.
        unsafe { libc::pthread_attr_destroy(attributes.as_mut_ptr()) };
        if result != 0 {
            return Bounds::NONE;
        }
        Bounds {
            low: low.addr(),
            high: low.addr() + size,
        }
    }
}

/// What the walk begins with; all 0: not known.
pub(super) struct Registers {
    pub(super) counter: usize,
    pub(super) stack_pointer: usize,
    pub(super) frame_pointer: usize,
}

/// Where the thread was interrupted, then where its calls return to.
pub(super) struct Frames {
    counter: Option<usize>,
    frame_pointer: usize,
    /// What lies below may be gone: the walk goes up only.
    low: usize,
    high: usize,
}

impl Frames {
    pub(super) fn new(context: &ucontext_t, bounds: Bounds) -> Frames {
        let registers = registers::of(context);
        // On a stack that is not the thread's own (a coroutine's) only the first counter is known.
        let own = (bounds.low..bounds.high).contains(&registers.stack_pointer);
        Frames {
            counter: Some(registers.counter).filter(|&counter| counter != 0),
            frame_pointer: registers.frame_pointer,
            low: registers.stack_pointer,
            high: if own { bounds.high } else { 0 },
        }
    }

    fn caller(&mut self) -> Option<usize> {
        let record = self.frame_pointer;
        let end = record.checked_add(RECORD)?;
        let aligned = record % size_of::<usize>() == 0;
        if record < self.low || end > self.high || !aligned {
            return None;
        }
        let place = std::ptr::with_exposed_provenance::<usize>(record);
        // SAFETY: U2: the word lies in the part of the thread's stack that is in use, aligned, and only this thread writes
        // there.
        self.frame_pointer = unsafe { place.read_volatile() };
        // SAFETY: U2, as above: the record ends below `high`.
        let return_address = unsafe { place.wrapping_add(1).read_volatile() };
        self.low = end;
        let counter = registers::strip(return_address);
        (counter >= FIRST_PAGE).then_some(counter)
    }
}

impl Iterator for Frames {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let counter = self.counter?;
        self.counter = self.caller();
        Some(counter as u64)
    }
}
