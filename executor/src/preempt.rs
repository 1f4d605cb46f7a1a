//! Yielding in time: what keeps a task that could run on and on from holding up the others.
//!
//! A poll that lasts longer than its slice loses its processor, whatever it does. That costs a thread. Two means come
//! before it, and cost nothing but a yield:
//!
//! - [`should_yield`]: a flag that the monitor raises for a poll that lasts, at once if something urgent waits. Loops that
//!   calculate look at it and yield. Polls that have no monitor go by the clock.
//! - [`poll_proceed`]: a budget of operations for each poll. A task whose sockets and channels are always ready would never
//!   see `Pending`; when the budget is spent it sees one.

use std::task::{Context, Poll};

use crate::{
    port::{self, Budget},
    task::waker,
};

/// Whether the task that runs here should let others run: its poll has lasted for about a millisecond, or a timer is
/// due and every processor is busy. One relaxed load. In a [`LocalSet`](crate::LocalSet) and under [`block_on`](crate::block_on) it
/// looks at the clock now and then. False elsewhere.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(runtime.spawn(async {
/// let mut sum = 0_u64;
/// for n in 0..1_000_000 {
///     sum += n;
///     if gmp_executor::preempt::should_yield() {
///         gmp_executor::yield_now().await;
///     }
/// }
/// # assert_eq!(sum, 499_999_500_000);
/// # })).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[inline(always)]
pub fn should_yield() -> bool {
    port::should_yield()
}

/// Spends one operation of the current poll's budget: for leaf futures, before they look whether they are ready.
///
/// Pending: the budget is spent, or [`should_yield`] says so. The task is queued again; the leaf returns
/// `Pending` too, without having done anything. Each poll of a task, a local one too, and of a future under
/// [`block_on`](crate::block_on) has a budget; elsewhere there is none.
///
/// # Cancel safety
/// It holds nothing. Dropping the [`Proceed`] gives the operation back.
#[inline]
pub fn poll_proceed(cx: &Context<'_>) -> Poll<Proceed> {
    match port::spend() {
        Budget::None => Poll::Ready(Proceed { spent: false }),
        Budget::Left => Poll::Ready(Proceed { spent: true }),
        Budget::Spent => spent(cx),
    }
}

#[cold]
fn spent(cx: &Context<'_>) -> Poll<Proceed> {
    if !port::yield_current(waker::name_of(cx.waker())) {
        // An executor inside of the poll: it will poll again before the poll of ours ends, and must get on.
        port::refill();
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}

/// The right to one operation.
#[derive(Debug)]
#[must_use = "an operation that was not done is given back"]
pub struct Proceed {
    spent: bool,
}

impl Proceed {
    /// The operation was done: it counts. One that waits instead does not.
    #[inline]
    pub fn made_progress(mut self) {
        self.spent = false;
    }
}

impl Drop for Proceed {
    #[inline]
    fn drop(&mut self) {
        if self.spent {
            port::give_back();
        }
    }
}
