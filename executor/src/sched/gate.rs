//! Places that belong to processors: who holds the processor enters without a read-modify-write, and anybody may close
//! them to all.
//!
//! # How it works
//! Who enters does so inside of a section of its own kind, a *visit*, so that no other thread holds the processor meanwhile.
//! Who closes the gate waits until no machine is on a visit that began before. (For the end of any section it could
//! not wait: a machine that looks for work, or sleeps, is inside of one all the time.)
//!
//! # Memory ordering
//! Who enters stores the depth, issues [`light`](super::barrier::light), then reads whether the gate is open. Who closes
//! stores that it is not, issues [`heavy`](super::barrier::heavy), then reads the depths. So either the visitor sees it closed,
//! or it is waited for, and what it did is seen. Opening stores with Release and is read with Acquire: visitors see
//! what was done while the gate was closed.

use super::depth::{Depth, wait_for_visits};
use crate::shim::{AtomicU32, Ordering, mutant, relaxed_if};

const CLOSED: u32 = 0;
const OPEN: u32 = 1;

/// Whether the places may be entered.
pub(crate) struct Word(AtomicU32);

impl Word {
    #[cfg(not(gmp_loom))]
    pub(crate) const fn closed() -> Word {
        Word(AtomicU32::new(CLOSED))
    }

    #[cfg(gmp_loom)]
    pub(crate) fn closed() -> Word {
        Word(AtomicU32::new(CLOSED))
    }

    /// On a visit: the place is the visitor's until it leaves. Elsewhere: it was so a moment ago.
    #[inline(always)]
    pub(crate) fn is_open(&self) -> bool {
        self.0.load(Ordering::Acquire) == OPEN
    }

    pub(crate) fn open(&self) {
        let order = relaxed_if(mutant("gate_releases_nothing"), Ordering::Release);
        self.0.store(OPEN, order);
    }

    /// Afterwards all places are the caller's. `depths` gives those of all machines; one that is missing then must
    /// begin with the knowledge of what the caller did before.
    pub(super) fn close<'a, V: Iterator<Item = &'a Depth>>(&self, depths: impl FnOnce() -> V) {
        self.0.store(CLOSED, Ordering::Relaxed);
        if !mutant("gate_waits_for_nobody") {
            wait_for_visits(depths());
        }
    }
}
