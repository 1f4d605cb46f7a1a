//! The count of a semaphore's permits in one word, with what releasing must know.
//!
//! # Invariants
//! - A1: while `WAITERS` is set no permit is free: whoever waits took what there was, and what is released goes to those who wait.
//! - A2: `WAITERS` and `CLOSED` are set and cleared under the list's lock; `WAITERS` is set as long as somebody is in the list.
//!
//! # Memory ordering
//! Releasing releases, acquiring acquires: who gets a permit sees all that its former holder did. Every change is an exchange,
//! so that a release goes on being seen through later ones. What passes by the list passes by its lock.

use crate::shim::mutant;
use crate::shim::{AtomicUsize, Ordering, const_unless_loom, relaxed_if};

const CLOSED: usize = 1;
const WAITERS: usize = 2;
const ONE: usize = 4;

pub(super) const MAX: usize = usize::MAX / ONE;

pub(super) struct Word(AtomicUsize);

/// What became of an attempt without waiting.
#[must_use]
pub(super) enum Try {
    Taken,
    /// Too few are free, or others came earlier.
    Busy,
    Closed,
}

/// What became of an attempt under the lock.
#[must_use]
pub(super) enum Claim {
    /// So many were free, and are the claimer's now. Fewer than asked for: it must queue.
    Took(usize),
    Closed,
}

/// What became of a release.
#[must_use]
pub(super) enum Release {
    Done,
    /// Somebody waits: the permits are to be given to them under the lock.
    Waiters,
}

impl Word {
    const_unless_loom! {
        pub(super) fn new(permits: usize) -> Word {
            assert!(permits <= MAX, "a Semaphore has at most usize::MAX / 4 permits");
            Word(AtomicUsize::new(permits * ONE))
        }
    }

    pub(super) fn permits(&self) -> usize {
        self.0.load(Ordering::Relaxed) / ONE
    }

    pub(super) fn is_closed(&self) -> bool {
        self.0.load(Ordering::Acquire) & CLOSED != 0
    }

    /// Makes the change that `next` names, until it names none. The word that was changed, or refused.
    #[inline]
    fn change(&self, mut next: impl FnMut(usize) -> Option<usize>) -> Result<usize, usize> {
        let order = relaxed_if(mutant("semaphore_orders_nothing"), Ordering::AcqRel);
        self.0.fetch_update(order, Ordering::Acquire, &mut next)
    }

    #[inline]
    pub(super) fn try_take(&self, n: usize) -> Try {
        let taken = self.change(|word| {
            if word & CLOSED != 0 {
                None
            } else {
                word.checked_sub(n * ONE)
            }
        });
        match taken {
            Ok(_) => Try::Taken,
            Err(word) if word & CLOSED != 0 => Try::Closed,
            Err(_) => Try::Busy,
        }
    }

    /// Takes `n`, or what there is, and then announces that somebody waits. Under the lock.
    pub(super) fn claim(&self, n: usize) -> Claim {
        let changed = self.change(|word| {
            if word & CLOSED != 0 {
                None
            } else if word & WAITERS == 0 && word / ONE >= n {
                Some(word - n * ONE)
            } else {
                Some(WAITERS)
            }
        });
        match changed {
            Ok(word) => Claim::Took((word / ONE).min(n)),
            Err(_) => Claim::Closed,
        }
    }

    /// # Panics
    /// If there were too many permits then.
    #[inline]
    pub(super) fn release(&self, n: usize) -> Release {
        let added = self.change(|word| {
            if word & WAITERS != 0 && !mutant("release_skips_the_waiters") {
                None
            } else {
                Some(add(word, n))
            }
        });
        match added {
            Ok(_) => Release::Done,
            Err(_) => Release::Waiters,
        }
    }

    /// Nobody waits any more; `n` permits are left. Under the lock.
    pub(super) fn settle(&self, n: usize) {
        // It always changes.
        let _ = self.change(|word| Some(add(word & !WAITERS, n)));
    }

    /// Under the lock.
    pub(super) fn close(&self) {
        self.0.fetch_or(CLOSED, Ordering::AcqRel);
    }

    /// Takes away up to `n` free permits for good. How many it got.
    pub(super) fn forget(&self, n: usize) -> usize {
        let changed = self.change(|word| Some(word - (word / ONE).min(n) * ONE));
        changed.map_or(0, |word| (word / ONE).min(n))
    }
}

fn add(word: usize, n: usize) -> usize {
    assert!(n <= MAX && word / ONE <= MAX - n, "{TOO_MANY}");
    word + n * ONE
}

/// # Panics
/// With more than there may be.
pub(super) fn check(n: usize) {
    assert!(n <= MAX, "{TOO_MANY}");
}

const TOO_MANY: &str = "a Semaphore has at most usize::MAX / 4 permits";
