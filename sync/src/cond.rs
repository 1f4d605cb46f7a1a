//! Waiting for a change of what a mutex guards.
#![allow(private_bounds)] // `Held` is sealed: only references and `Arc`s are handed out.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project::{pin_project, pinned_drop};

use crate::{
    mutex::{Guard, Held, Lock},
    shim::{Reason, Waiter, const_unless_loom, mutant, note},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// Waiting for a change of what a [`Mutex`](crate::Mutex) guards. (Go: `sync.Cond`)
///
/// A waiter looks at the condition, and waits while it does not hold; whoever makes it hold notifies. Nothing is kept: a
/// notification that finds nobody is over.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::sync::Arc;
/// use gmp_sync::{Cond, Mutex};
/// let shared = Arc::new((Mutex::new(false), Cond::new()));
/// let task = {
///     let shared = shared.clone();
///     gmp_executor::spawn(async move {
///         *shared.0.lock().await = true;
///         shared.1.notify_one();
///     })
/// };
/// let mut ready = shared.0.lock().await;
/// while !*ready {
///     ready = shared.1.wait(ready).await;
/// }
/// # task.await.unwrap();
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Cond {
    list: WaitList<(), Told>,
}

/// What one who waits was told.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Told {
    #[default]
    Nothing,
    Alone,
    WithAll,
}

// SAFETY: the list is a field.
unsafe impl Waited for Cond {
    type State = ();
    type Data = Told;

    fn wait_list(&self) -> &WaitList<(), Told> {
        &self.list
    }
}

impl Cond {
    const_unless_loom! {
        /// Nobody waits.
        pub fn new() -> Cond {
            Cond {
                list: WaitList::new(()),
            }
        }
    }

    /// Waits for a notification, and has the lock again then. (Go: `Cond.Wait`)
    ///
    /// The lock is released at the first poll, when this has its place among those who wait: nobody who
    /// takes the lock afterwards can notify too early.
    ///
    /// # Cancel safety
    /// Dropping it gives up the lock, or the place in its queue. A notification that was for it alone goes to the next.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Cond, Mutex};
    /// let (items, added) = (Mutex::new(Vec::new()), Cond::new());
    /// let takes = async {
    ///     let mut items = items.lock().await;
    ///     while items.is_empty() {
    ///         items = added.wait(items).await;
    ///     }
    ///     items.pop()
    /// };
    /// let puts = async {
    ///     items.lock().await.push(7);
    ///     added.notify_one();
    /// };
    /// let (taken, ()) = futures::join!(takes, puts);
    /// assert_eq!(taken, Some(7));
    /// # });
    /// ```
    #[track_caller]
    pub fn wait<H: Held>(&self, guard: Guard<H>) -> CondWait<'_, H> {
        let site = Location::caller();
        let lock = Lock::new(guard.hold().clone(), site);
        CondWait {
            waiting: Waiting::new(self),
            guard: Some(guard),
            lock,
            stage: Stage::Holding,
            site,
        }
    }

    /// Notifies the one who waits longest, if there is one. (Go: `Cond.Signal`)
    pub fn notify_one(&self) {
        let mut wakes = Wakes::new();
        self.list.lock().pop(&mut wakes, |told| *told = Told::Alone);
        wakes.wake();
    }

    /// Notifies all who wait. (Go: `Cond.Broadcast`)
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Cond, Mutex};
    /// let (open, opened) = (Mutex::new(false), Cond::new());
    /// let pass = || async {
    ///     let mut is_open = open.lock().await;
    ///     while !*is_open {
    ///         is_open = opened.wait(is_open).await;
    ///     }
    /// };
    /// let opens = async {
    ///     *open.lock().await = true;
    ///     opened.notify_all();
    /// };
    /// futures::join!(pass(), pass(), opens);
    /// # });
    /// ```
    pub fn notify_all(&self) {
        let mut wakes = Wakes::new();
        self.list
            .lock()
            .pop_all(&mut wakes, |told| *told = Told::WithAll);
        wakes.wake();
    }
}

impl Default for Cond {
    fn default() -> Self {
        Cond::new()
    }
}

impl fmt::Debug for Cond {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cond").finish_non_exhaustive()
    }
}

/// The future of [`Cond::wait`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project(PinnedDrop)]
pub struct CondWait<'a, H: Held> {
    #[pin]
    waiting: Waiting<&'a Cond>,
    /// Until the first poll.
    guard: Option<Guard<H>>,
    #[pin]
    lock: Lock<H>,
    stage: Stage,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Holding,
    Waiting,
    Locking,
    Done,
}

impl<H: Held> Future for CondWait<'_, H> {
    type Output = Guard<H>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Guard<H>> {
        let mut this = self.project();
        if matches!(this.stage, Stage::Holding | Stage::Waiting) {
            // The waker is cloned before the lock is taken (W4).
            let waiter = Waiter::new(cx.waker());
            if mutant("cond_unlocks_before_it_queues") {
                *this.guard = None;
            }
            let mut turn = this.waiting.as_mut().turn();
            if *this.stage == Stage::Holding || turn.is_linked() {
                *this.stage = Stage::Waiting;
                turn.wait(Some(waiter));
                *this.guard = None;
                note(this.site, Reason::Cond);
                return Poll::Pending;
            }
            *this.stage = Stage::Locking;
        }
        let guard = std::task::ready!(this.lock.poll(cx));
        *this.stage = Stage::Done;
        Poll::Ready(guard)
    }
}

#[pinned_drop]
impl<H: Held> PinnedDrop for CondWait<'_, H> {
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        if !matches!(this.stage, Stage::Waiting | Stage::Locking) {
            return;
        }
        let cond = *this.waiting.hold();
        let mut turn = this.waiting.turn();
        let told = *turn.data();
        turn.leave();
        if told == Told::Alone && !mutant("cond_keeps_what_it_was_told") {
            cond.notify_one();
        }
    }
}

impl<H: Held> fmt::Debug for CondWait<'_, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CondWait").finish_non_exhaustive()
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
