//! Waiting for a group of tasks.
//!
//! # How it works
//! Adding and being done are one exchange each of a word (`word`). Whoever waits looks at the word under the lock of a
//! list and queues there with the number of the round; whoever ends the round takes that lock *afterwards* and wakes those of
//! earlier rounds. So either the waiter sees that the round is over, or it is in the list when it is looked through.

use crate::shim::mutant;
mod word;

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

#[cfg(not(gmp_loom))]
use gmp_executor::JoinHandle;
use pin_project::pin_project;

use self::word::{Done, Word};
use crate::{
    shim::{Reason, Waiter, note, poll_proceed},
    wait_list::{WaitList, Waited, Waiting, Wakes},
};

/// Counts what is under way, and waits until nothing is. (Go: `sync.WaitGroup`)
///
/// Clones count together. Each [`add`](Self::add) is matched by as many [`done`](Self::done);
/// [`go`](Self::go) does both around a task, also if it panics or is aborted. When nothing is under way a *round* is over and all
/// who wait go on, also if the next round begins before they run.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use gmp_sync::WaitGroup;
/// let group = WaitGroup::new();
/// for _ in 0..10 {
///     group.go(async { /* work */ });
/// }
/// group.wait().await;
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone)]
pub struct WaitGroup {
    core: Arc<Core>,
}

struct Core {
    word: Word,
    /// With the round that each waits for.
    list: WaitList<(), u32>,
}

// SAFETY: the list is in an `Arc` that is never exchanged.
unsafe impl Waited for WaitGroup {
    type State = ();
    type Data = u32;

    fn wait_list(&self) -> &WaitList<(), u32> {
        &self.core.list
    }
}

impl WaitGroup {
    /// A group with nothing under way.
    pub fn new() -> WaitGroup {
        let core = Core {
            word: Word::new(),
            list: WaitList::new(()),
        };
        WaitGroup {
            core: Arc::new(core),
        }
    }

    /// `n` more are under way. (Go: `WaitGroup.Add`)
    ///
    /// Before the first of a round is done, or those who wait do not wait for it.
    ///
    /// # Panics
    /// With more than `u32::MAX` under way.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let group = gmp_sync::WaitGroup::new();
    /// group.add(2);
    /// for _ in 0..2 {
    ///     let group = group.clone();
    ///     std::thread::spawn(move || group.done());
    /// }
    /// group.wait().await;
    /// # });
    /// ```
    #[track_caller]
    pub fn add(&self, n: usize) {
        let added = u32::try_from(n).is_ok_and(|n| self.core.word.add(n));
        assert!(
            added,
            "WaitGroup::add({n}): with {} under way that is more than u32::MAX",
            self.count()
        );
    }

    /// One less is under way; the last one wakes all who wait. (Go: `WaitGroup.Done`)
    ///
    /// # Panics
    /// If nothing was under way: there were more `done` than `add`.
    ///
    /// ```
    /// let group = gmp_sync::WaitGroup::new();
    /// group.add(2);
    /// group.done();
    /// assert_eq!(group.count(), 1);
    /// ```
    #[track_caller]
    pub fn done(&self) {
        match self.core.word.done() {
            Done::OthersLeft => {}
            Done::Last => self.end_round(),
            Done::TooMany => {
                panic!("WaitGroup::done was called more often than add: nothing is under way")
            }
        }
    }

    fn end_round(&self) {
        let mut wakes = Wakes::new();
        let mut list = self.core.list.lock();
        let now = self.core.word.load();
        if now.count() > 0 && mutant("next_round_silences_the_end") {
            return;
        }
        let round = now.round();
        while list.front().is_some_and(|of| *of != round) {
            list.pop(&mut wakes, |_| {});
        }
        drop(list);
        wakes.wake();
    }

    /// Spawns `future` as a task that is counted until it ends. (Go: `WaitGroup.Go`)
    ///
    /// # Panics
    /// Outside of a gmp runtime; spawn what [`track`](Self::track) makes there.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// let group = gmp_sync::WaitGroup::new();
    /// let task = group.go(async { 42 });
    /// group.wait().await;
    /// assert_eq!(task.await.unwrap(), 42);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(not(gmp_loom))]
    #[track_caller]
    pub fn go<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        gmp_executor::spawn(self.track(future))
    }

    /// Counts `future` from now on until it ends or is dropped: for other executors, which spawn what is returned, and for
    /// what is not spawned at all. (tokio-util: `TaskTracker::track_future`)
    ///
    /// # Panics
    /// As [`add`](Self::add).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use futures::executor::ThreadPool;
    /// use gmp_sync::WaitGroup;
    /// let (pool, group) = (ThreadPool::new()?, WaitGroup::new());
    /// for _ in 0..10 {
    ///     pool.spawn_ok(group.track(async { /* work */ }));
    /// }
    /// group.wait().await;
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn track<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.add(1);
        let done = CallsDone(self.clone());
        Counted { future, done }
    }

    /// Waits until nothing is under way; ready at once if nothing is. (Go: `WaitGroup.Wait`)
    ///
    /// # Cancel safety
    /// It only watches: dropping it changes nothing.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let group = gmp_sync::WaitGroup::new();
    /// // Nothing is under way.
    /// group.wait().await;
    /// group.add(1);
    /// futures::join!(group.wait(), group.wait(), async { group.done() });
    /// # });
    /// ```
    #[track_caller]
    pub fn wait(&self) -> Wait<'_> {
        Wait {
            waiting: Waiting::new(self),
            queued: false,
            site: Location::caller(),
        }
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.core.word.load().count() as usize
    }
}

impl Default for WaitGroup {
    fn default() -> Self {
        WaitGroup::new()
    }
}

impl fmt::Debug for WaitGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WaitGroup")
            .field("count", &self.count())
            .finish_non_exhaustive()
    }
}

/// Calls `done` however its task ends.
struct CallsDone(WaitGroup);

impl Drop for CallsDone {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// A future that is counted until it is dropped. The fields are dropped in order: `done` comes when the
/// future is gone.
#[pin_project]
struct Counted<F> {
    #[pin]
    future: F,
    done: CallsDone,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

/// The future of [`WaitGroup::wait`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Wait<'a> {
    #[pin]
    waiting: Waiting<&'a WaitGroup>,
    queued: bool,
    site: &'static Location<'static>,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let proceed = ready!(poll_proceed(cx));
        let mut this = self.project();
        let group = *this.waiting.hold();
        if !*this.queued && group.core.word.load().count() == 0 {
            proceed.made_progress();
            return Poll::Ready(());
        }
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let early = mutant("wait_looks_before_the_lock").then(|| group.core.word.load());
        let mut turn = this.waiting.as_mut().turn();
        let now = early.unwrap_or_else(|| group.core.word.load());
        let over = if *this.queued {
            !turn.is_linked()
        } else {
            now.count() == 0
        };
        if over {
            // Another poll looks at the count again.
            *this.queued = false;
            turn.leave();
            proceed.made_progress();
            return Poll::Ready(());
        }
        if !*this.queued {
            *this.queued = true;
            *turn.data() = now.round();
        }
        turn.wait(Some(waiter));
        note(this.site, Reason::WaitGroup);
        Poll::Pending
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("group", *self.waiting.hold())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
