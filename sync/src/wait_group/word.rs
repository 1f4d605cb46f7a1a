//! How many are under way, and in which round, in one word.
//!
//! # Invariants
//! - G1: the round changes exactly when the count falls to zero, in the same exchange.
//!
//! # Memory ordering
//! Every decrement releases and the reads of those who wait acquire, through the chain of exchanges: who finds the
//! round over sees all that was done in it.

use crate::shim::mutant;
use crate::shim::{AtomicU64, Ordering, const_unless_loom, relaxed_if};

pub(super) struct Word(AtomicU64);

#[derive(Clone, Copy)]
pub(super) struct Snapshot(u64);

impl Snapshot {
    pub(super) fn count(self) -> u32 {
        self.0 as u32
    }

    /// Wraps. Compared for equality only, with one that is at most a round old.
    pub(super) fn round(self) -> u32 {
        (self.0 >> 32) as u32
    }
}

/// What became of a decrement.
#[must_use]
pub(super) enum Done {
    OthersLeft,
    /// The round is over.
    Last,
    /// Nothing was under way.
    TooMany,
}

impl Word {
    const_unless_loom! {
        pub(super) fn new() -> Word {
            Word(AtomicU64::new(0))
        }
    }

    pub(super) fn load(&self) -> Snapshot {
        Snapshot(self.0.load(Ordering::Acquire))
    }

    /// False: there would be too many.
    pub(super) fn add(&self, n: u32) -> bool {
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |word| {
                let count = Snapshot(word).count();
                count.checked_add(n).map(|_| word + u64::from(n))
            })
            .is_ok()
    }

    pub(super) fn done(&self) -> Done {
        let order = relaxed_if(mutant("done_orders_nothing"), Ordering::AcqRel);
        let changed = self.0.fetch_update(order, Ordering::Relaxed, |word| {
            match Snapshot(word).count() {
                0 => None,
                1 => Some(u64::from(Snapshot(word).round().wrapping_add(1)) << 32),
                _ => Some(word - 1),
            }
        });
        match changed {
            Ok(word) if Snapshot(word).count() == 1 => Done::Last,
            Ok(_) => Done::OthersLeft,
            Err(_) => Done::TooMany,
        }
    }
}
