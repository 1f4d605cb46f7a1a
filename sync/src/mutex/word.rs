//! The word of a mutex.
//!
//! # Memory ordering
//! Unlocking releases, locking acquires: the holder sees what its predecessors did. All changes are exchanges.

use crate::shim::mutant;
use crate::shim::{AtomicU32, Ordering, const_unless_loom, relaxed_if};

/// Somebody holds it.
const LOCKED: u32 = 1;
/// Somebody is in the list (M1).
const WAITERS: u32 = 2;
/// Newcomers queue, also if it is free. Changes under the list's lock.
const STARVES: u32 = 4;

pub(super) struct Word(AtomicU32);

impl Word {
    const_unless_loom! {
        pub(super) fn new() -> Word {
            Word(AtomicU32::new(0))
        }
    }

    /// Takes the lock if it is free and nobody waits.
    #[inline(always)]
    pub(super) fn lock_alone(&self) -> bool {
        self.exchange(0, LOCKED).is_ok()
    }

    /// Takes the lock if it is free and does not starve.
    #[inline]
    pub(super) fn try_lock(&self) -> bool {
        self.lock_alone() || self.take(false)
    }

    /// It is free, and not for newcomers.
    pub(super) fn is_kept(&self) -> bool {
        self.0.load(Ordering::Relaxed) & (LOCKED | STARVES) == STARVES
    }

    /// Takes the lock if it is free. `reserved`: also if it starves.
    pub(super) fn take(&self, reserved: bool) -> bool {
        let closed = if reserved { LOCKED } else { LOCKED | STARVES };
        let mut word = self.0.load(Ordering::Relaxed);
        while word & closed == 0 {
            match self.exchange(word, word | LOCKED) {
                Ok(()) => return true,
                Err(found) => word = found,
            }
        }
        false
    }

    /// Says that somebody waits. True: the lock is held by somebody, who will see that when it unlocks. Under the
    /// list's lock.
    pub(super) fn announce(&self) -> bool {
        if mutant("mutex_waits_unannounced") {
            return self.0.load(Ordering::Relaxed) & LOCKED != 0;
        }
        self.0.fetch_or(WAITERS, Ordering::AcqRel) & LOCKED != 0
    }

    /// Unlocks if nobody waits.
    #[inline]
    pub(super) fn unlock_alone(&self) -> bool {
        let order = relaxed_if(mutant("mutex_releases_nothing"), Ordering::Release);
        self.0
            .compare_exchange(LOCKED, 0, order, Ordering::Relaxed)
            .is_ok()
    }

    /// Unlocks though somebody waits. Under the list's lock.
    pub(super) fn unlock(&self) {
        self.0.fetch_and(!LOCKED, Ordering::AcqRel);
    }

    /// Under the list's lock.
    pub(super) fn set_starves(&self) {
        self.0.fetch_or(STARVES, Ordering::AcqRel);
    }

    /// Under the list's lock.
    pub(super) fn clear_starves(&self) {
        self.0.fetch_and(!STARVES, Ordering::AcqRel);
    }

    pub(super) fn starves(&self) -> bool {
        self.0.load(Ordering::Relaxed) & STARVES != 0
    }

    /// Nobody waits any more. Under the list's lock.
    pub(super) fn clear_waiters(&self) {
        self.0.fetch_and(!(WAITERS | STARVES), Ordering::AcqRel);
    }

    #[inline]
    fn exchange(&self, current: u32, new: u32) -> Result<(), u32> {
        self.0
            .compare_exchange(current, new, Ordering::Acquire, Ordering::Relaxed)
            .map(|_| ())
    }
}
