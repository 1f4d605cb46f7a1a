//! Waiting for a group of tasks.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll},
};

use gmp_executor::{
    JoinHandle,
    wait::{self, Reason},
    waiter::Waiter,
};
use slab::Slab;

/// Counts what is under way, and waits until nothing is. (Go: `sync.WaitGroup`)
///
/// Clones count together. Each [`add`](Self::add) is matched by as many [`done`](Self::done);
/// [`go`](Self::go) does both around a task, also if it panics or is aborted.
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
    core: Arc<Mutex<Core>>,
}

struct Core {
    count: usize,
    /// Those who wait for the count to reach zero.
    waiters: Slab<Waiter>,
    /// How often it did: a wait that saw another number is over.
    round: u64,
}

impl WaitGroup {
    /// A group with nothing under way.
    pub fn new() -> WaitGroup {
        let core = Core {
            count: 0,
            waiters: Slab::new(),
            round: 0,
        };
        WaitGroup {
            core: Arc::new(Mutex::new(core)),
        }
    }

    /// `n` more are under way.
    ///
    /// # Panics
    /// If the count overflows.
    pub fn add(&self, n: usize) {
        let mut core = self.lock();
        core.count = core
            .count
            .checked_add(n)
            .expect("the count of a WaitGroup overflows");
    }

    /// One less is under way; the last one wakes all who wait.
    ///
    /// # Panics
    /// If nothing was under way: there were more `done` than `add`.
    pub fn done(&self) {
        let mut core = self.lock();
        core.count = match core.count.checked_sub(1) {
            Some(count) => count,
            None => {
                drop(core);
                panic!("WaitGroup::done was called more often than add");
            }
        };
        if core.count > 0 {
            return;
        }
        core.round += 1;
        let waiters = std::mem::take(&mut core.waiters);
        drop(core);
        // Outside of the lock: a foreign waker runs user code.
        waiters.into_iter().for_each(|(_, waiter)| waiter.wake());
    }

    /// Spawns `future` as a task that is counted until it ends. (Go: `WaitGroup.Go`)
    ///
    /// # Panics
    /// Outside of a gmp runtime.
    #[track_caller]
    pub fn go<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.add(1);
        let done = Done(self.clone());
        gmp_executor::spawn(Counted { future, done })
    }

    /// Waits until nothing is under way; ready at once if nothing is.
    ///
    /// # Cancel safety
    /// It only watches: dropping it changes nothing.
    #[track_caller]
    pub fn wait(&self) -> Wait<'_> {
        Wait {
            group: self,
            registered: None,
            site: Location::caller(),
        }
    }

    /// How many are under way.
    pub fn count(&self) -> usize {
        self.lock().count
    }

    fn lock(&self) -> MutexGuard<'_, Core> {
        // Nothing panics while it is held.
        self.core
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
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
struct Done(WaitGroup);

impl Drop for Done {
    fn drop(&mut self) {
        self.0.done();
    }
}

/// A future that is counted until it is dropped. The fields are dropped in order: `done` comes when the
/// future is gone.
#[pin_project::pin_project]
struct Counted<F> {
    #[pin]
    future: F,
    done: Done,
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        self.project().future.poll(cx)
    }
}

/// The future of [`WaitGroup::wait`].
#[must_use = "futures do nothing unless awaited"]
pub struct Wait<'a> {
    group: &'a WaitGroup,
    registered: Option<Registered>,
    site: &'static Location<'static>,
}

#[derive(Clone, Copy)]
struct Registered {
    key: usize,
    round: u64,
}

impl Future for Wait<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        // Made before the lock is taken: cloning a foreign waker runs user code.
        let waiter = Waiter::new(cx.waker());
        let mut core = self.group.lock();
        let over = core.count == 0 || self.registered.is_some_and(|it| it.round != core.round);
        if over {
            drop(core);
            return Poll::Ready(());
        }
        let stale = match self.registered {
            Some(it) => Some(std::mem::replace(&mut core.waiters[it.key], waiter)),
            None => {
                let key = core.waiters.insert(waiter);
                self.registered = Some(Registered {
                    key,
                    round: core.round,
                });
                None
            }
        };
        drop(core);
        drop(stale);
        wait::note(self.site, Reason::WaitGroup);
        Poll::Pending
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let Some(it) = self.registered else { return };
        let mut core = self.group.lock();
        let stale = if it.round == core.round {
            core.waiters.try_remove(it.key)
        } else {
            None
        };
        drop(core);
        drop(stale);
    }
}

impl fmt::Debug for Wait<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Wait")
            .field("group", self.group)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
