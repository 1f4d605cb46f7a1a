//! What was acquired.

use std::{fmt, sync::Arc};

use super::{Claimant, Semaphore};
use crate::wait_list::Hold;

/// Permits, given back when this is dropped. `S` is how it holds its [`Semaphore`].
#[must_use = "dropping it gives the permits back at once"]
#[clippy::has_significant_drop]
pub struct Permit<S: Held> {
    semaphore: S,
    count: usize,
}

/// [`Permit`] by reference.
pub type SemaphorePermit<'a> = Permit<&'a Semaphore>;

/// [`Permit`] by [`Arc`].
pub type OwnedSemaphorePermit = Permit<Arc<Semaphore>>;

/// `&Semaphore` and `Arc<Semaphore>`.
pub(crate) trait Held: Hold<State = (), Data = Claimant> {
    fn semaphore(&self) -> &Semaphore;
}

impl Held for &Semaphore {
    #[inline]
    fn semaphore(&self) -> &Semaphore {
        self
    }
}

impl Held for Arc<Semaphore> {
    #[inline]
    fn semaphore(&self) -> &Semaphore {
        self
    }
}

impl<S: Held> Permit<S> {
    /// By who took `count` permits.
    #[inline]
    pub(crate) fn new(semaphore: S, count: usize) -> Self {
        Permit { semaphore, count }
    }

    pub(crate) fn hold(&self) -> &S {
        &self.semaphore
    }

    /// How many permits it is.
    pub fn num_permits(&self) -> usize {
        self.count
    }

    /// Its permits are not given back: the semaphore has so many less.
    pub fn forget(mut self) {
        self.count = 0;
    }

    /// Takes the permits of `other` over.
    ///
    /// # Panics
    /// If they are another semaphore's.
    pub fn merge(&mut self, mut other: Self) {
        assert!(
            std::ptr::eq(self.semaphore.semaphore(), other.semaphore.semaphore()),
            "the permits to be merged belong to different semaphores"
        );
        self.count += std::mem::take(&mut other.count);
    }

    /// Takes `n` permits out of it. `None`: it has fewer.
    pub fn split(&mut self, n: usize) -> Option<Self>
    where
        S: Clone,
    {
        self.count = self.count.checked_sub(n)?;
        Some(Permit::new(self.semaphore.clone(), n))
    }
}

impl<S: Held> Drop for Permit<S> {
    #[inline]
    fn drop(&mut self) {
        if self.count > 0 {
            self.semaphore.semaphore().release(self.count);
        }
    }
}

impl<S: Held> fmt::Debug for Permit<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("semaphore", self.semaphore.semaphore())
            .field("count", &self.count)
            .finish()
    }
}
