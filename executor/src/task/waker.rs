//! A task's waker: its name. It owns nothing (S3), so cloning and dropping one are free.

use std::task::{RawWaker, RawWakerVTable, Waker};

use super::name::Name;
use crate::port;

/// A `static`, so that it has one address: by that a waker of ours is known.
static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake, |_| {});

fn raw(name: Name) -> RawWaker {
    RawWaker::new(std::ptr::without_provenance(name.bits() as usize), &VTABLE)
}

/// The waker of a task.
#[inline(always)]
pub(crate) fn new(name: Name) -> Waker {
    // SAFETY: the functions of `VTABLE` are thread-safe and take any name, also one long gone.
    unsafe { Waker::from_raw(raw(name)) }
}

/// The task that a waker wakes, if it is one of ours.
#[inline(always)]
pub(crate) fn name_of(waker: &Waker) -> Option<Name> {
    if !std::ptr::eq(waker.vtable(), &VTABLE) {
        return None;
    }
    Name::from_word(waker.data().addr() as u64)
}

unsafe fn clone(data: *const ()) -> RawWaker {
    RawWaker::new(data, &VTABLE)
}

unsafe fn wake(data: *const ()) {
    if let Some(name) = Name::from_word(data.addr() as u64) {
        port::wake(name);
    }
}
