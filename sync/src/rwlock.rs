//! A lock for one writer or many readers.
//!
//! # How it works
//! A [`Semaphore`] with a permit for each possible reader: a reader takes one, a writer takes all. The semaphore's queue
//! is fair, so a writer that waits keeps later readers behind it, and is served when those before it are gone.
//!
//! # Rejected
//! Go's two counters (sync/rwmutex.go): readers pass each other there, but the semaphore's word costs a reader the same one
//! exchange, and needs no second protocol.
#![allow(private_bounds)] // `Held` is sealed: only references and `Arc`s are handed out.

mod future;
mod guard;

use std::{cell::UnsafeCell, fmt, panic::Location, sync::Arc};

pub use self::{
    future::{Read, Write},
    guard::{
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, ReadGuard, RwLockReadGuard, RwLockWriteGuard,
        WriteGuard,
    },
};
use crate::{
    TryLockError,
    semaphore::{Acquire, Claimant, Permit, Semaphore},
    shim::const_unless_loom,
    wait_list::{WaitList, Waited},
};

/// How many readers there may be at once.
const READERS: usize = (u32::MAX >> 3) as usize;

/// A lock for one writer or many readers. (Go: `sync.RWMutex`)
///
/// First come, first served: a writer that waits keeps later readers behind it. So one who holds a read lock must not
/// wait for a second one. A future that has been given the lock holds it until it is dropped or
/// awaited, and all behind it wait meanwhile: a [`Mutex`](crate::Mutex) passes such a one over, this does not. So do not
/// keep one around unpolled, as an arm of a loop around `select!` that is made outside of the loop.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::RwLock;
/// let lock = RwLock::new(1);
/// {
///     let (one, two) = (lock.read().await, lock.read().await);
///     assert_eq!(*one + *two, 2);
/// }
/// *lock.write().await = 5;
/// assert_eq!(*lock.read().await, 5);
/// # });
/// ```
pub struct RwLock<T: ?Sized> {
    semaphore: Semaphore,
    value: UnsafeCell<T>,
}

// SAFETY: the value goes along.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}
// SAFETY: it gives `&T` to several threads at once, and `&mut T` to any.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}

// SAFETY: the list is a field of a field.
unsafe impl<T: ?Sized> Waited for RwLock<T> {
    type State = ();
    type Data = Claimant;

    fn wait_list(&self) -> &WaitList<(), Claimant> {
        self.semaphore.wait_list()
    }
}

impl<T> RwLock<T> {
    const_unless_loom! {
        /// A lock around `value`.
        pub fn new(value: T) -> RwLock<T> {
            RwLock {
                semaphore: Semaphore::new(READERS),
                value: UnsafeCell::new(value),
            }
        }
    }

    /// The value.
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> RwLock<T> {
    /// Waits until there is no writer, nor one who came earlier. (Go: `RWMutex.RLock`)
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let lock = gmp_sync::RwLock::new(7);
    /// let (one, two) = (lock.read().await, lock.read().await);
    /// assert!(*one == *two && lock.try_write().is_err());
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn read(&self) -> Read<&RwLock<T>> {
        Read(Acquire::new(self, 1, Location::caller()))
    }

    /// Waits until there is nobody else. (Go: `RWMutex.Lock`)
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let lock = gmp_sync::RwLock::new(String::new());
    /// lock.write().await.push_str("written");
    /// assert_eq!(*lock.read().await, "written");
    /// # });
    /// ```
    #[inline]
    #[track_caller]
    pub fn write(&self) -> Write<&RwLock<T>> {
        Write(Acquire::new(self, READERS, Location::caller()))
    }

    /// As [`read`](Self::read), for a guard that goes anywhere.
    ///
    /// # Cancel safety
    /// As [`read`](Self::read).
    #[track_caller]
    pub fn read_owned(self: Arc<Self>) -> Read<Arc<RwLock<T>>> {
        Read(Acquire::new(self, 1, Location::caller()))
    }

    /// As [`write`](Self::write), for a guard that goes anywhere.
    ///
    /// # Cancel safety
    /// As [`write`](Self::write).
    #[track_caller]
    pub fn write_owned(self: Arc<Self>) -> Write<Arc<RwLock<T>>> {
        Write(Acquire::new(self, READERS, Location::caller()))
    }

    /// Takes a read lock if there is no writer, nor one who waits. (Go: `RWMutex.TryRLock`)
    ///
    /// # Errors
    /// [`TryLockError`]: there is one.
    pub fn try_read(&self) -> Result<RwLockReadGuard<'_, T>, TryLockError> {
        self.try_take(1).map(ReadGuard)
    }

    /// Takes the write lock if there is nobody else. (Go: `RWMutex.TryLock`)
    ///
    /// # Errors
    /// [`TryLockError`]: there is somebody.
    ///
    /// ```
    /// let lock = gmp_sync::RwLock::new(7);
    /// let reads = lock.try_read().unwrap();
    /// assert!(lock.try_read().is_ok() && lock.try_write().is_err());
    /// drop(reads);
    /// *lock.try_write().unwrap() = 8;
    /// ```
    pub fn try_write(&self) -> Result<RwLockWriteGuard<'_, T>, TryLockError> {
        self.try_take(READERS).map(WriteGuard)
    }

    fn try_take(&self, n: usize) -> Result<Permit<&Self>, TryLockError> {
        match self.semaphore.try_take(n) {
            Ok(()) => Ok(Permit::new(self, n)),
            Err(_) => Err(TryLockError(())),
        }
    }

    /// As [`read`](Self::read), on this thread. Inside of a task the processor is handed off meanwhile.
    #[cfg(not(gmp_loom))]
    #[track_caller]
    pub fn read_blocking(&self) -> RwLockReadGuard<'_, T> {
        gmp_executor::block_on(self.read())
    }

    /// As [`write`](Self::write), on this thread. Inside of a task the processor is handed off meanwhile.
    #[cfg(not(gmp_loom))]
    #[track_caller]
    pub fn write_blocking(&self) -> RwLockWriteGuard<'_, T> {
        gmp_executor::block_on(self.write())
    }

    /// The value, without locking: nobody else can have it.
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        RwLock::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        RwLock::new(value)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read() {
            Ok(guard) => out.field("value", &&*guard),
            Err(_) => out.field("value", &format_args!("<locked>")),
        };
        out.finish()
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
