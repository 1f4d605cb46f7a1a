//! A task's body: the future, then what it left.
//!
//! `inline` keeps it in the slot; `boxed` (`cfg(gmp_boxed)`) allocates each body by itself, so that
//! Miri and AddressSanitizer see every use after free. In both the header stays in the slot.

use std::{any::Any, mem::ManuallyDrop};

#[cfg(not(gmp_boxed))]
#[path = "inline.rs"]
mod place;
#[cfg(gmp_boxed)]
#[path = "boxed.rs"]
mod place;

pub(super) use place::{close, get, open, slot_size};

/// One at a time, as the state word says: the future until the task ends, then its output, or the
/// payload of its panic, or (cancelled) nothing.
pub(super) union Body<F: Future> {
    pub(super) future: ManuallyDrop<F>,
    pub(super) output: ManuallyDrop<F::Output>,
    pub(super) panic: ManuallyDrop<Box<dyn Any + Send>>,
}

/// Bytes of a slot before the body.
const HEADER: usize = 48;
