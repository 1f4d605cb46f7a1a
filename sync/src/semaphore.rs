//! A number of permits, given out in the order in which they were asked for.
//!
//! # How it works
//! The number is one word (`word`). Where enough permits are free, taking and releasing are one exchange each. Otherwise whoever
//! asks takes what there is and queues for the rest; releases go to the first in the queue until it has
//! all that it wants. So nobody overtakes, and one who wants many is not starved by those who want few. After golang.org/x/sync's
//! `semaphore` (the order) and tokio's `batch_semaphore` (permits that wait in the node).
#![allow(private_bounds)] // `Hold` is sealed: only references and `Arc`s are handed out.

mod future;
mod permit;
mod word;

use std::{fmt, panic::Location, sync::Arc};

pub(crate) use self::permit::Held;
use self::word::{Release, Try, Word};
pub use self::{
    future::Acquire,
    permit::{OwnedSemaphorePermit, Permit, SemaphorePermit},
};
use crate::{
    shim::{const_unless_loom, mutant},
    wait_list::{Locked, WaitList, Waited, Wakes},
};

/// A number of permits, given out in the order in which they were asked for. (Go: `golang.org/x/sync/semaphore.Weighted`)
///
/// A permit is given back when it is dropped. One who asks for many permits is not overtaken by others who ask for few. A future
/// that has been given its permits, or a part of them, holds them until it is dropped or awaited, and all behind it wait
/// meanwhile: a [`Mutex`](crate::Mutex) passes such a one over, this does not. So do not keep one around unpolled.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::Semaphore;
/// let connections = Semaphore::new(100);
/// let permit = connections.acquire().await?;
/// assert_eq!(connections.available_permits(), 99);
/// drop(permit);
/// assert_eq!(connections.available_permits(), 100);
/// # Ok::<(), gmp_sync::AcquireError>(())
/// # }).unwrap();
/// ```
pub struct Semaphore {
    word: Word,
    list: WaitList<(), Claimant>,
}

/// One who waits. Taken out with `missing` > 0: the semaphore was closed.
#[derive(Default)]
pub(crate) struct Claimant {
    /// How many permits it still wants.
    missing: usize,
}

// SAFETY: the list is a field.
unsafe impl Waited for Semaphore {
    type State = ();
    type Data = Claimant;

    fn wait_list(&self) -> &WaitList<(), Claimant> {
        &self.list
    }
}

impl Semaphore {
    /// The largest number of permits.
    pub const MAX_PERMITS: usize = word::MAX;

    const_unless_loom! {
        /// A semaphore with `permits` permits. (Go: `semaphore.NewWeighted`)
        ///
        /// # Panics
        /// With more than [`MAX_PERMITS`](Self::MAX_PERMITS).
        pub fn new(permits: usize) -> Semaphore {
            Semaphore {
                word: Word::new(permits),
                list: WaitList::new(()),
            }
        }
    }

    /// Waits for a permit.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is or gets closed.
    ///
    /// # Cancel safety
    /// Dropping it gives up the place in the queue, and gives back what it had got.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let semaphore = gmp_sync::Semaphore::new(1);
    /// let permit = semaphore.acquire().await?;
    /// assert!(semaphore.try_acquire().is_err());
    /// drop(permit);
    /// assert!(semaphore.try_acquire().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[inline]
    #[track_caller]
    pub fn acquire(&self) -> Acquire<&Semaphore> {
        Acquire::new(self, 1, Location::caller())
    }

    /// Waits for `n` permits at once. With more than will ever be released it waits for ever, and those behind it too.
    /// (Go: `Weighted.Acquire`)
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is or gets closed.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let bytes = gmp_sync::Semaphore::new(1024);
    /// let mut room = bytes.acquire_many(1000).await?;
    /// // A part of it goes back earlier.
    /// drop(room.split(600));
    /// assert_eq!((room.num_permits(), bytes.available_permits()), (400, 624));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn acquire_many(&self, n: usize) -> Acquire<&Semaphore> {
        Acquire::new(self, n, Location::caller())
    }

    /// As [`acquire`](Self::acquire), for a permit that goes anywhere.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is or gets closed.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use std::sync::Arc;
    /// let semaphore = Arc::new(gmp_sync::Semaphore::new(10));
    /// let permit = semaphore.clone().acquire_owned().await.unwrap();
    /// let task = gmp_executor::spawn(async move { drop(permit) });
    /// assert!(task.await.is_ok());
    /// assert_eq!(semaphore.available_permits(), 10);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn acquire_owned(self: Arc<Self>) -> Acquire<Arc<Semaphore>> {
        Acquire::new(self, 1, Location::caller())
    }

    /// As [`acquire_many`](Self::acquire_many), for permits that go anywhere.
    ///
    /// # Errors
    /// [`AcquireError`] if the semaphore is or gets closed.
    ///
    /// # Cancel safety
    /// As [`acquire`](Self::acquire).
    #[track_caller]
    pub fn acquire_many_owned(self: Arc<Self>, n: usize) -> Acquire<Arc<Semaphore>> {
        Acquire::new(self, n, Location::caller())
    }

    /// Takes a permit if one is free and nobody waits.
    ///
    /// # Errors
    /// [`TryAcquireError`]: none is free, or the semaphore is closed.
    ///
    /// ```
    /// use gmp_sync::{Semaphore, TryAcquireError};
    /// let semaphore = Semaphore::new(1);
    /// let _permit = semaphore.try_acquire().unwrap();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::NoPermits);
    /// semaphore.close();
    /// assert_eq!(semaphore.try_acquire().unwrap_err(), TryAcquireError::Closed);
    /// ```
    pub fn try_acquire(&self) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_acquire_many(1)
    }

    /// Takes `n` permits if so many are free and nobody waits. (Go: `Weighted.TryAcquire`)
    ///
    /// # Errors
    /// [`TryAcquireError`]: too few are free, or the semaphore is closed.
    pub fn try_acquire_many(&self, n: usize) -> Result<SemaphorePermit<'_>, TryAcquireError> {
        self.try_take(n).map(|()| Permit::new(self, n))
    }

    /// As [`try_acquire`](Self::try_acquire), for a permit that goes anywhere.
    ///
    /// # Errors
    /// [`TryAcquireError`]: none is free, or the semaphore is closed.
    pub fn try_acquire_owned(self: Arc<Self>) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_acquire_many_owned(1)
    }

    /// As [`try_acquire_many`](Self::try_acquire_many), for permits that go anywhere.
    ///
    /// # Errors
    /// [`TryAcquireError`]: too few are free, or the semaphore is closed.
    pub fn try_acquire_many_owned(
        self: Arc<Self>,
        n: usize,
    ) -> Result<OwnedSemaphorePermit, TryAcquireError> {
        self.try_take(n).map(|()| Permit::new(self, n))
    }

    /// How many permits are free. 0 while somebody waits.
    pub fn available_permits(&self) -> usize {
        self.word.permits()
    }

    /// Adds permits. (Go: `Weighted.Release`)
    ///
    /// # Panics
    /// If there were more than [`MAX_PERMITS`](Self::MAX_PERMITS) then.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let semaphore = gmp_sync::Semaphore::new(0);
    /// semaphore.add_permits(3);
    /// semaphore.acquire().await?.forget();
    /// assert_eq!(semaphore.forget_permits(9), 2);
    /// assert_eq!(semaphore.available_permits(), 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// # }).unwrap();
    /// ```
    pub fn add_permits(&self, n: usize) {
        self.release(n);
    }

    /// Takes away up to `n` free permits for good, and returns how many.
    pub fn forget_permits(&self, n: usize) -> usize {
        self.word.forget(n)
    }

    /// No permits are given any more; all who wait get an error. Permits that were given stay valid.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let semaphore = gmp_sync::Semaphore::new(0);
    /// let waits = semaphore.acquire();
    /// semaphore.close();
    /// assert!(waits.await.is_err());
    /// # });
    /// ```
    pub fn close(&self) {
        let mut wakes = Wakes::new();
        let mut list = self.list.lock();
        self.word.close();
        if !mutant("close_leaves_those_who_wait") {
            list.pop_all(&mut wakes, |_| {});
        }
        self.word.settle(0);
        drop(list);
        wakes.wake();
    }

    /// It was closed.
    pub fn is_closed(&self) -> bool {
        self.word.is_closed()
    }

    #[inline]
    pub(crate) fn try_take(&self, n: usize) -> Result<(), TryAcquireError> {
        if n > word::MAX {
            return Err(TryAcquireError::NoPermits);
        }
        match self.word.try_take(n) {
            Try::Taken => Ok(()),
            Try::Busy => Err(TryAcquireError::NoPermits),
            Try::Closed => Err(TryAcquireError::Closed),
        }
    }

    #[inline]
    pub(crate) fn release(&self, n: usize) {
        match self.word.release(n) {
            Release::Done => {}
            Release::Waiters => {
                // A1: none is free, so that is all that there may be too much of; before anybody is taken out.
                word::check(n);
                self.give(self.list.lock(), n);
            }
        }
    }

    /// Gives `n` permits to those who wait, in their order. What nobody wants is free again.
    #[cold]
    fn give(&self, mut list: Locked<'_, (), Claimant>, mut n: usize) {
        let mut wakes = Wakes::new();
        while let Some(first) = list.front() {
            let given = first.missing.min(n);
            first.missing -= given;
            n -= given;
            if first.missing > 0 {
                // Nobody overtakes: the rest waits for more to come.
                return drop_then_wake(list, wakes);
            }
            list.pop(&mut wakes, |_| {});
        }
        self.word.settle(n);
        drop_then_wake(list, wakes);
    }
}

fn drop_then_wake(list: Locked<'_, (), Claimant>, wakes: Wakes) {
    drop(list);
    wakes.wake();
}

impl fmt::Debug for Semaphore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Semaphore")
            .field("permits", &self.available_permits())
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}

/// The semaphore is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AcquireError(pub(crate) ());

impl fmt::Display for AcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("semaphore closed")
    }
}

impl std::error::Error for AcquireError {}

/// Why there was no permit at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TryAcquireError {
    /// Too few are free.
    NoPermits,
    /// The semaphore is closed.
    Closed,
}

impl fmt::Display for TryAcquireError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            TryAcquireError::NoPermits => "no permits available",
            TryAcquireError::Closed => "semaphore closed",
        })
    }
}

impl std::error::Error for TryAcquireError {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
