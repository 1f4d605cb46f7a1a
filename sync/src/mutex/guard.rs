//! Who holds the lock.

use std::{
    fmt,
    marker::PhantomData,
    ops::{Deref, DerefMut},
    sync::Arc,
};

use super::{
    Mutex,
    queue::{Claimant, Queue},
};
use crate::wait_list::Hold;

/// The lock, held until this is dropped. `H` is how it holds its [`Mutex`].
#[must_use = "dropping it unlocks at once"]
#[clippy::has_significant_drop]
pub struct Guard<H: Held> {
    mutex: H,
    /// It gives `&T`, which `H` alone would share between threads too freely.
    value: PhantomData<*const H::Value>,
}

/// [`Guard`] by reference.
pub type MutexGuard<'a, T> = Guard<&'a Mutex<T>>;

/// [`Guard`] by [`Arc`].
pub type OwnedMutexGuard<T> = Guard<Arc<Mutex<T>>>;

// SAFETY: it may be dropped on any thread: the word does not know who locked.
unsafe impl<H: Held + Send> Send for Guard<H> where H::Value: Send {}
// SAFETY: a shared guard gives `&T`.
unsafe impl<H: Held + Sync> Sync for Guard<H> where H::Value: Sync {}

/// `&Mutex` and `Arc<Mutex>`. Sealed: nobody outside can name it, but the types of guards rest on it.
#[allow(unreachable_pub)]
pub trait Held: Hold<State = Queue, Data = Claimant> + Clone {
    type Value: ?Sized;

    fn mutex(&self) -> &Mutex<Self::Value>;
}

impl<T: ?Sized> Held for &Mutex<T> {
    type Value = T;

    #[inline]
    fn mutex(&self) -> &Mutex<T> {
        self
    }
}

impl<T: ?Sized> Held for Arc<Mutex<T>> {
    type Value = T;

    #[inline]
    fn mutex(&self) -> &Mutex<T> {
        self
    }
}

impl<H: Held> Guard<H> {
    /// By who took the lock.
    #[inline]
    pub(super) fn new(mutex: H) -> Self {
        Guard {
            mutex,
            value: PhantomData,
        }
    }

    pub(crate) fn hold(&self) -> &H {
        &self.mutex
    }
}

impl<H: Held> Deref for Guard<H> {
    type Target = H::Value;

    #[inline]
    fn deref(&self) -> &H::Value {
        // SAFETY: the lock is held as long as the guard lives.
        unsafe { &*self.mutex.mutex().value.get() }
    }
}

impl<H: Held> DerefMut for Guard<H> {
    #[inline]
    fn deref_mut(&mut self) -> &mut H::Value {
        // SAFETY: the lock is held, and there is one guard.
        unsafe { &mut *self.mutex.mutex().value.get() }
    }
}

impl<H: Held> Drop for Guard<H> {
    #[inline]
    fn drop(&mut self) {
        self.mutex.mutex().unlock();
    }
}

impl<H: Held> fmt::Debug for Guard<H>
where
    H::Value: fmt::Debug,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<H: Held> fmt::Display for Guard<H>
where
    H::Value: fmt::Display,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}
