//! A lock that may be held across awaits.
//!
//! # How it works
//! Locking and unlocking a free lock are one exchange each of the word ([`word`]). Whoever finds it locked queues. Unlocking
//! wakes the first in the queue and leaves the lock *free*: whoever comes first takes it (barging), since a running
//! task that takes it at once is worth many that must be woken first. Where one that was woken has failed for
//! 1 ms the lock *starves*: it is then reserved for the one that is woken, and newcomers queue, until somebody
//! gets it in less than that. After Go's sync/mutex.go.
//!
//! # A waiter that nobody polls
//! The future of a lock may stand in the queue while its task polls others only. To be given the lock, or to be
//! the only one who is woken, must not be the end for all behind it. So the lock is never owned by
//! one who does not run; and while somebody is woken but not polled and others wait, an alarm looks again
//! every 5 ms ([`Contended::look`]). One who was woken and not polled for a whole such period is passed over until
//! it is polled, and the next one is woken.
//!
//! # Invariants
//! - M1: `WAITERS` is set while somebody is in the list; both change under the list's lock. Unlocking with
//!   `WAITERS` takes the list's lock first.
//! - M2: at most one in the list is `Stage::Woken`, and `Queue::woken` says whether there is one.
//! - M3: when the lock is free and somebody waits, somebody is woken or all are passed over. So the lock is found by
//!   somebody.
//!
//! # Rejected
//! - Giving the lock itself to the first in the queue, as tokio: a deadlock where that one is not polled.
//! - Waking all in the queue: n waiters cost n² polls.
#![allow(private_bounds)] // `Held` is sealed: only references and `Arc`s are handed out.

mod future;
mod guard;
mod queue;
mod word;

use std::{
    cell::UnsafeCell,
    fmt,
    panic::Location,
    sync::{Arc, OnceLock},
};

pub(crate) use self::guard::Held;
pub use self::{
    future::Lock,
    guard::{Guard, MutexGuard, OwnedMutexGuard},
};
use self::{
    queue::{Claimant, Contended, Queue},
    word::Word,
};
use crate::{
    shim::const_unless_loom,
    wait_list::{WaitList, Waited},
};

/// A lock that may be held across awaits. (Go: `sync.Mutex`)
///
/// Where the data is used between awaits only, [`std::sync::Mutex`] is cheaper. A panic while it is held does not
/// poison it. Fair in the long run: one who waits for more than 1 ms is served before newcomers.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::Mutex;
/// static TOTAL: Mutex<u64> = Mutex::new(0);
/// *TOTAL.lock().await += 1;
/// assert_eq!(*TOTAL.lock().await, 1);
/// # });
/// ```
pub struct Mutex<T: ?Sized> {
    word: Word,
    /// Made when somebody must wait for the first time.
    contended: OnceLock<Arc<Contended>>,
    value: UnsafeCell<T>,
}

// SAFETY: the value goes along, and is reached by who holds the lock.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}
// SAFETY: the lock gives the value to one thread at a time, so `T: Send` is enough.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}

// SAFETY: the list is in an `Arc` that is never exchanged.
unsafe impl<T: ?Sized> Waited for Mutex<T> {
    type State = Queue;
    type Data = Claimant;

    fn wait_list(&self) -> &WaitList<Queue, Claimant> {
        &self.contended().list
    }
}

impl<T> Mutex<T> {
    const_unless_loom! {
        /// A lock around `value`.
        pub fn new(value: T) -> Mutex<T> {
            Mutex {
                word: Word::new(),
                contended: OnceLock::new(),
                value: UnsafeCell::new(value),
            }
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits for the lock. (Go: `Mutex.Lock`)
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let mutex = gmp_sync::Mutex::new(vec![1]);
    /// let mut guard = mutex.lock().await;
    /// guard.push(2);
    /// drop(guard);
    /// assert_eq!(mutex.into_inner(), [1, 2]);
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn lock(&self) -> Lock<&Mutex<T>> {
        Lock::new(self, Location::caller())
    }

    /// As [`lock`](Self::lock), for a guard that goes anywhere.
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use std::sync::Arc;
    /// let mutex = Arc::new(gmp_sync::Mutex::new(0));
    /// let mut guard = mutex.clone().lock_owned().await;
    /// let task = gmp_executor::spawn(async move { *guard += 1 });
    /// assert!(task.await.is_ok());
    /// assert_eq!(*mutex.lock().await, 1);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn lock_owned(self: Arc<Self>) -> Lock<Arc<Mutex<T>>> {
        Lock::new(self, Location::caller())
    }

    /// Takes the lock if it is free, and not reserved for one who has waited for long. (Go: `Mutex.TryLock`)
    ///
    /// # Errors
    /// [`TryLockError`]: it is not.
    ///
    /// ```
    /// let mutex = gmp_sync::Mutex::new(0);
    /// let guard = mutex.try_lock().unwrap();
    /// assert!(mutex.try_lock().is_err());
    /// drop(guard);
    /// assert!(mutex.try_lock().is_ok());
    /// ```
    #[inline]
    pub fn try_lock(&self) -> Result<MutexGuard<'_, T>, TryLockError> {
        self.try_take()
            .then(|| Guard::new(self))
            .ok_or(TryLockError(()))
    }

    /// As [`try_lock`](Self::try_lock), for a guard that goes anywhere.
    ///
    /// # Errors
    /// [`TryLockError`]: it is not free.
    pub fn try_lock_owned(self: Arc<Self>) -> Result<OwnedMutexGuard<T>, TryLockError> {
        if self.try_take() {
            Ok(Guard::new(self))
        } else {
            Err(TryLockError(()))
        }
    }

    /// Waits for the lock on this thread. Inside of a task the processor is handed off meanwhile.
    ///
    /// ```
    /// let mutex = gmp_sync::Mutex::new(0);
    /// *mutex.lock_blocking() += 1;
    /// assert_eq!(mutex.into_inner(), 1);
    /// ```
    #[cfg(not(gmp_loom))]
    #[track_caller]
    pub fn lock_blocking(&self) -> MutexGuard<'_, T> {
        match self.try_lock() {
            Ok(guard) => guard,
            Err(_) => gmp_executor::block_on(self.lock()),
        }
    }

    /// The value, without locking: nobody else can have it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    #[inline]
    fn try_take(&self) -> bool {
        self.word.try_lock() || self.word.is_kept() && self.try_take_kept()
    }

    /// It is free and reserved; but those for whom it was may all have been passed over since, by a look that does not
    /// know the word.
    #[cold]
    fn try_take_kept(&self) -> bool {
        let list = self.contended().list.lock();
        if list.is_open() {
            self.word.clear_starves();
        }
        self.word.take(false)
    }

    /// By who holds the lock.
    #[inline]
    fn unlock(&self) {
        if self.word.unlock_alone() {
            return;
        }
        self.contended().unlock(&self.word);
    }

    fn contended(&self) -> &Arc<Contended> {
        self.contended.get_or_init(Contended::new)
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Mutex::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Mutex::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Mutex");
        match self.try_lock() {
            Ok(guard) => out.field("value", &&*guard),
            Err(_) => out.field("value", &format_args!("<locked>")),
        };
        out.finish()
    }
}

/// The lock was not free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryLockError(pub(crate) ());

impl fmt::Display for TryLockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("lock not available")
    }
}

impl std::error::Error for TryLockError {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
