//! Who holds the lock: permits of its semaphore, and a way to the value.

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{READERS, RwLock};
use crate::{
    semaphore::{self, Permit, Semaphore},
    shim::mutant,
};

/// A read lock, held until this is dropped. `H` is how it holds its [`RwLock`].
#[must_use = "dropping it unlocks at once"]
#[clippy::has_significant_drop]
pub struct ReadGuard<H: Held>(pub(super) Permit<H>);

/// The write lock, held until this is dropped. `H` is how it holds its [`RwLock`].
#[must_use = "dropping it unlocks at once"]
#[clippy::has_significant_drop]
pub struct WriteGuard<H: Held>(pub(super) Permit<H>);

/// [`ReadGuard`] by reference.
pub type RwLockReadGuard<'a, T> = ReadGuard<&'a RwLock<T>>;
/// [`WriteGuard`] by reference.
pub type RwLockWriteGuard<'a, T> = WriteGuard<&'a RwLock<T>>;
/// [`ReadGuard`] by [`Arc`].
pub type OwnedRwLockReadGuard<T> = ReadGuard<Arc<RwLock<T>>>;
/// [`WriteGuard`] by [`Arc`].
pub type OwnedRwLockWriteGuard<T> = WriteGuard<Arc<RwLock<T>>>;

// Both are `Send` and `Sync` where `&RwLock<T>` is: where `T` is both.

/// `&RwLock` and `Arc<RwLock>`. Sealed: nobody outside can name it, but the types of guards rest on it.
#[allow(unreachable_pub)]
pub trait Held: semaphore::Held + Clone {
    type Value: ?Sized;

    fn lock(&self) -> &RwLock<Self::Value>;
}

impl<T: ?Sized> semaphore::Held for &RwLock<T> {
    fn semaphore(&self) -> &Semaphore {
        &self.semaphore
    }
}

impl<T: ?Sized> semaphore::Held for Arc<RwLock<T>> {
    fn semaphore(&self) -> &Semaphore {
        &self.semaphore
    }
}

impl<T: ?Sized> Held for &RwLock<T> {
    type Value = T;

    fn lock(&self) -> &RwLock<T> {
        self
    }
}

impl<T: ?Sized> Held for Arc<RwLock<T>> {
    type Value = T;

    fn lock(&self) -> &RwLock<T> {
        self
    }
}

impl<H: Held> WriteGuard<H> {
    /// Goes on as a reader: no writer comes in between, and readers that wait are let in.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// let lock = gmp_sync::RwLock::new(1);
    /// let mut writes = lock.write().await;
    /// *writes = 2;
    /// let reads = writes.downgrade();
    /// assert_eq!(*lock.read().await, *reads);
    /// # });
    /// ```
    pub fn downgrade(mut self) -> ReadGuard<H> {
        // Mutant: it keeps nothing, and a writer comes in beside the reader.
        let kept = usize::from(!mutant("downgrade_keeps_nothing"));
        let rest = self.0.split(READERS - kept);
        drop(rest);
        ReadGuard(self.0)
    }
}

impl<H: Held> Deref for ReadGuard<H> {
    type Target = H::Value;

    #[inline]
    fn deref(&self) -> &H::Value {
        // SAFETY: a permit is held, so no writer has all of them.
        unsafe { &*self.0.hold().lock().value.get() }
    }
}

impl<H: Held> Deref for WriteGuard<H> {
    type Target = H::Value;

    #[inline]
    fn deref(&self) -> &H::Value {
        // SAFETY: all permits are held.
        unsafe { &*self.0.hold().lock().value.get() }
    }
}

impl<H: Held> DerefMut for WriteGuard<H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H::Value {
        // SAFETY: all permits are held, and this guard is borrowed exclusively.
        unsafe { &mut *self.0.hold().lock().value.get() }
    }
}

impl<H: Held> fmt::Debug for ReadGuard<H>
where
    H::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: Held> fmt::Debug for WriteGuard<H>
where
    H::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
