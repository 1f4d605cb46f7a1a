//! What a processor should attend to before it takes the next task from its own queue, in one word that all look at.
//!
//! # Memory ordering
//! None is needed but for [`URGENT`] and [`STRANDED`]: who raises them has pushed before, and releases; who takes them acquires,
//! and finds what was pushed, or the signal again. [`RETIRED`] is written under the lock of [`idle`](super::idle), and
//! stands until it is lowered there. The others are the monitor's, which raises them again if need be.

use std::sync::atomic::{AtomicU32, Ordering};

/// Timers are due, and nobody is idle who would fire them.
pub(super) const OVERDUE: u32 = 1;
/// Nobody has looked for the sockets' events for long.
pub(super) const UNVISITED: u32 = 2;
/// Tasks that timers or sockets woke stand in the global queue's lane for them.
pub(super) const URGENT: u32 = 4;
/// Tasks stand in the global queue, and all processors are busy: by the tick alone nobody looks there for 61 polls, which
/// may be long ones.
pub(super) const WAITING: u32 = 16;
/// Foreign wakers wait for a machine that calls them.
pub(super) const STRANDED: u32 = 64;
/// A task of the background may run.
pub(super) const GRANTED: u32 = 8;
/// Retired processors are not at rest yet: see [`resize`](super::resize).
pub(super) const RETIRED: u32 = 32;

pub(super) struct Signals(AtomicU32);

impl Signals {
    pub(super) fn new() -> Signals {
        Signals(AtomicU32::new(0))
    }

    #[inline(always)]
    pub(super) fn any(&self) -> bool {
        self.0.load(Ordering::Relaxed) != 0
    }

    pub(super) fn raise(&self, signal: u32) {
        self.0.fetch_or(signal, Ordering::AcqRel);
    }

    pub(super) fn lower(&self, signal: u32) {
        self.0.fetch_and(!signal, Ordering::AcqRel);
    }

    /// This one is raised, and nobody has taken it.
    pub(super) fn is_raised(&self, signal: u32) -> bool {
        self.0.load(Ordering::Relaxed) & signal != 0
    }

    /// Lowers all but [`RETIRED`], and tells which there were.
    pub(super) fn take(&self) -> u32 {
        match self.0.load(Ordering::Relaxed) {
            // It stands for some time, and who is not meant must not write here at each pick.
            RETIRED => RETIRED,
            _ => self.0.fetch_and(RETIRED, Ordering::AcqRel),
        }
    }
}
