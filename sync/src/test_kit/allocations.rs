//! What this thread has asked of the allocator: the tests' one counts. Thread by thread, so other tests do not disturb.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    cell::Cell,
};

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

thread_local! {
    static CALLS: Cell<usize> = const { Cell::new(0) };
    /// What was freed is taken off.
    static BYTES: Cell<isize> = const { Cell::new(0) };
}

/// Where the thread's own are gone already, nobody asks any more.
fn count(calls: usize, bytes: isize) {
    let _ = CALLS.try_with(|it| it.set(it.get() + calls));
    let _ = BYTES.try_with(|it| it.set(it.get() + bytes));
}

// SAFETY: `System` does the work; the counters neither allocate nor have destructors.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: as for the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        // SAFETY: as for the caller.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as for the caller.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// What `run` returns, how often it allocated on this thread, and how many bytes more there are afterwards.
pub(crate) fn counted<R>(run: impl FnOnce() -> R) -> (R, usize, isize) {
    let before = (CALLS.get(), BYTES.get());
    let result = run();
    (result, CALLS.get() - before.0, BYTES.get() - before.1)
}
