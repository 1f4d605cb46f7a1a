//! A lock for a few instructions: taken by one compare-and-swap, given back by a store.
//!
//! std's `Mutex` needs a second read-modify-write to give back, since it must know whether somebody sleeps. Here nobody
//! does: who waits spins a little, then lets other threads run, and at last sleeps for moments, so that a holder of lower
//! priority gets the CPU too. A channel operation takes the lock once and holds it for tens of nanoseconds.
//!
//! # Invariants
//! - L1: what runs while a [`Held`] lives runs alone, and what it wrote is seen by the next.
//! - L2: it calls no user code: no waker, no `Drop` or `Clone` of a value.

use crate::shim::mutant;
use std::{sync::atomic::Ordering, time::Duration};

use crate::shim::{AtomicBool, SPINS, UnsafeCell, yield_now};

/// Rounds of [`SPINS`] looks after which a waiter sleeps between them.
const ROUNDS: u32 = 64;
/// Long against every holder's time, short against a time slice.
const NAP: Duration = Duration::from_micros(50);

pub(crate) struct Lock<T> {
    taken: AtomicBool,
    value: UnsafeCell<T>,
}

// SAFETY: L1: the value is reached by one thread at a time, so it is as if it were sent from one to the next.
unsafe impl<T: Send> Sync for Lock<T> {}

impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Lock<T> {
        Lock {
            taken: AtomicBool::new(false),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits until nobody else has the value. It is given back when what is returned is dropped, also in a panic, as that
    /// of a buffer that cannot grow.
    #[inline(always)]
    pub(crate) fn lock(&self) -> Held<'_, T> {
        if !self.try_take() {
            self.wait();
        }
        Held(self)
    }

    #[inline(always)]
    fn try_take(&self) -> bool {
        // Ordering: Acquire pairs with the store in `Held::drop`.
        let success = if mutant("lock_acquires_nothing") {
            Ordering::Relaxed
        } else {
            Ordering::Acquire
        };
        self.taken
            .compare_exchange(false, true, success, Ordering::Relaxed)
            .is_ok()
    }

    #[cold]
    fn wait(&self) {
        let mut looks = 0_u32;
        // loom would let the load read the past for ever.
        let is_taken = || !cfg!(gmp_loom) && self.taken.load(Ordering::Relaxed);
        while is_taken() || !self.try_take() {
            looks = looks.saturating_add(1);
            if looks % SPINS != 0 {
                std::hint::spin_loop();
            } else if cfg!(gmp_loom) || looks < SPINS * ROUNDS {
                yield_now();
            } else {
                std::thread::sleep(NAP);
            }
        }
    }
}

/// The lock, taken.
pub(crate) struct Held<'a, T>(&'a Lock<T>);

impl<T> Held<'_, T> {
    /// Calls `section` with the value.
    #[inline(always)]
    pub(crate) fn with<R>(&mut self, section: impl FnOnce(&mut T) -> R) -> R {
        self.0.value.with_mut(|value| {
            // SAFETY: `taken` was set when this was made, and is cleared when it is dropped; `&mut self` keeps a second
            // reference away.
            section(unsafe { &mut *value })
        })
    }
}

impl<T> Drop for Held<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // Ordering: Release, so that the next holder sees what this one wrote (L1).
        self.0.taken.store(false, Ordering::Release);
    }
}
