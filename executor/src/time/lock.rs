//! A lock for a few instructions: taken by one compare-and-swap, given back by a store.
//!
//! std's `Mutex` needs a second read-modify-write to give back, since it must know whether somebody sleeps; here
//! nobody does: a waiter spins a little, then lets others run. The holder fires or looks at 64 timers at most.
//! Arming and dropping a timer takes the lock twice, so this is a quarter of its cost.

use std::{
    cell::UnsafeCell,
    ops::{Deref, DerefMut},
};

use crate::shim::{AtomicU32, Ordering, mutant, relaxed_if, yield_now};

/// Looks before a waiter yields its thread: about 1 µs, several times what holders need.
const SPINS: usize = if cfg!(gmp_loom) { 1 } else { 64 };

pub(super) struct Lock<T> {
    /// 1: somebody holds it.
    taken: AtomicU32,
    value: UnsafeCell<T>,
}

// SAFETY: a `Guard` is the only way to the value, and there is one at a time.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(super) fn new(value: T) -> Lock<T> {
        Lock {
            taken: AtomicU32::new(0),
            value: UnsafeCell::new(value),
        }
    }

    #[inline(always)]
    pub(super) fn lock(&self) -> Guard<'_, T> {
        if !self.try_take() {
            self.wait();
        }
        Guard(self)
    }

    #[inline(always)]
    fn try_take(&self) -> bool {
        // Ordering: Acquire pairs with the store in `Guard::drop`.
        let unordered = mutant("timers_lock_acquires_nothing");
        let success = relaxed_if(unordered, Ordering::Acquire);
        self.taken
            .compare_exchange(0, 1, success, Ordering::Relaxed)
            .is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut looks = 0;
        while self.taken.load(Ordering::Relaxed) != 0 || !self.try_take() {
            looks += 1;
            if looks % SPINS == 0 {
                yield_now();
            } else {
                std::hint::spin_loop();
            }
        }
    }
}

pub(super) struct Guard<'a, T>(&'a Lock<T>);

impl<T> Deref for Guard<'_, T> {
    type Target = T;

    #[inline(always)]
    fn deref(&self) -> &T {
        // SAFETY: `taken` is set by this guard, and cleared by its drop only.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: `taken` is set by this guard, and cleared by its drop only.
        unsafe { &mut *self.0.value.get() }
    }
}

impl<T> Drop for Guard<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        let unordered = mutant("timers_lock_releases_nothing");
        let order = relaxed_if(unordered, Ordering::Release);
        self.0.taken.store(0, order);
    }
}
