//! A place where tasks wait for each other.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project::pin_project;

use crate::{
    shim::{Reason, Waiter, const_unless_loom, mutant, note, poll_proceed},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// A place where `n` tasks wait until all of them are there. It can be used again and again. (tokio: `sync::Barrier`)
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::sync::Arc;
/// use gmp_sync::Barrier;
/// let barrier = Arc::new(Barrier::new(2));
/// let other = {
///     let barrier = barrier.clone();
///     gmp_executor::spawn(async move { barrier.wait().await.is_leader() })
/// };
/// let leads = barrier.wait().await.is_leader();
/// assert_ne!(leads, other.await.unwrap());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Barrier {
    /// How many are waited for.
    size: usize,
    /// Those who are there already.
    list: WaitList<(), ()>,
}

// SAFETY: the list is a field.
unsafe impl Waited for Barrier {
    type State = ();
    type Data = ();

    fn wait_list(&self) -> &WaitList<(), ()> {
        &self.list
    }
}

impl Barrier {
    const_unless_loom! {
        /// A barrier for `size` tasks. With 0, as with 1, nobody waits.
        pub fn new(size: usize) -> Barrier {
            Barrier {
                size,
                list: WaitList::new(()),
            }
        }
    }

    /// Waits until all are there. One of them, the last to come, leads.
    ///
    /// # Cancel safety
    /// Dropping it before all are there is as if it had not come.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let barrier = gmp_sync::Barrier::new(3);
    /// let come = || async { barrier.wait().await.is_leader() };
    /// let (a, b, c) = futures::join!(come(), come(), come());
    /// assert_eq!([a, b, c].into_iter().filter(|leads| *leads).count(), 1);
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> BarrierWait<'_> {
        BarrierWait {
            waiting: Waiting::new(self),
            stage: Stage::Start,
            site: Location::caller(),
        }
    }
}

impl fmt::Debug for Barrier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Barrier")
            .field("size", &self.size)
            .finish_non_exhaustive()
    }
}

/// The future of [`Barrier::wait`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct BarrierWait<'a> {
    #[pin]
    waiting: Waiting<&'a Barrier>,
    stage: Stage,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Start,
    /// There; in the list until the last one comes.
    There,
    Done,
}

impl Future for BarrierWait<'_> {
    type Output = BarrierWaitResult;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<BarrierWaitResult> {
        let mut this = self.project();
        assert!(
            *this.stage != Stage::Done,
            "`BarrierWait` was polled after it was ready"
        );
        let proceed = ready!(poll_proceed(cx));
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let size = this.waiting.hold().size;
        let mut wakes = Wakes::new();
        let mut turn = this.waiting.as_mut().turn();
        // Mutant: one who is told comes again.
        let comes = *this.stage == Stage::Start || mutant("barrier_counts_one_twice");
        let leads = comes && turn.list.len() + 1 >= size;
        if leads {
            turn.list.pop_all(&mut wakes, |()| {});
        } else if *this.stage == Stage::Start || turn.is_linked() {
            *this.stage = Stage::There;
            turn.wait(Some(waiter));
            note(this.site, Reason::Barrier);
            return Poll::Pending;
        }
        turn.leave();
        *this.stage = Stage::Done;
        wakes.wake();
        proceed.made_progress();
        Poll::Ready(BarrierWaitResult { leads })
    }
}

impl fmt::Debug for BarrierWait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BarrierWait").finish_non_exhaustive()
    }
}

/// What [`Barrier::wait`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    leads: bool,
}

impl BarrierWaitResult {
    /// True for one of those who waited together.
    pub fn is_leader(&self) -> bool {
        self.leads
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
