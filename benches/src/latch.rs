//! Waits until a number of tasks have said that they are there. It belongs to no runtime, so that each does the same.

use std::{
    future::poll_fn,
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use futures::task::AtomicWaker;

/// One word counts, one waker waits. Made as a `static`: a counted reference would be two more shared writes a task,
/// which would be measured too.
///
/// # Memory ordering
/// Who has seen [`Latch::wait`] end has seen all that came before each [`Latch::count_down`].
pub(crate) struct Latch {
    missing: AtomicUsize,
    waiter: AtomicWaker,
}

impl Latch {
    pub(crate) const fn new() -> Self {
        Self {
            missing: AtomicUsize::new(0),
            waiter: AtomicWaker::new(),
        }
    }

    /// Sets how many are waited for. Only between two waits.
    pub(crate) fn expect(&self, number: usize) {
        let before = self.missing.swap(number, Ordering::Relaxed);
        debug_assert_eq!(before, 0, "the last round has not ended");
    }

    pub(crate) fn count_down(&self) {
        if self.missing.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.waiter.wake();
        }
    }

    /// Only one task may wait.
    pub(crate) async fn wait(&self) {
        poll_fn(|context| {
            self.waiter.register(context.waker());
            // Registered before the look: a last `count_down` after the look finds the waker.
            match self.missing.load(Ordering::Acquire) {
                0 => Poll::Ready(()),
                _ => Poll::Pending,
            }
        })
        .await;
    }
}
