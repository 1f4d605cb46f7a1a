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
        count(1, layout.size() as isize);
        // SAFETY: as for the caller.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        count(0, -(layout.size() as isize));
        // SAFETY: as for the caller.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count(1, size as isize - layout.size() as isize);
        // SAFETY: as for the caller.
        unsafe { System.realloc(at, layout, size) }
    }
}

/// How often this thread has allocated, and how many bytes it has and not freed.
pub(crate) fn so_far() -> (usize, isize) {
    (CALLS.get(), BYTES.get())
}

/// What `run` returns, how often it allocated on this thread, and how many bytes more there are afterwards.
pub(crate) fn counted<R>(run: impl FnOnce() -> R) -> (R, usize, isize) {
    let before = so_far();
    let result = run();
    let after = so_far();
    (result, after.0 - before.0, after.1 - before.1)
}

/// As [`counted`], of a round of a task on one processor, after one round that warms up. A processor may change its thread: then the
/// round is repeated.
pub(crate) fn counted_in_a_task<R>(round: impl Fn() -> R + Send + 'static) -> (usize, isize)
where
    R: Future<Output = ()> + Send + 'static,
{
    let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
    let task = runtime.spawn(async move {
        round().await;
        loop {
            let (thread, before) = (std::thread::current().id(), so_far());
            round().await;
            let after = so_far();
            if std::thread::current().id() == thread {
                return (after.0 - before.0, after.1 - before.1);
            }
        }
    });
    runtime.block_on(task).unwrap()
}
