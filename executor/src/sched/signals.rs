//! What a processor should attend to before it takes the next task from its own queue, in one word that all look at.
//!
//! # Memory ordering
//! None is needed but for [`URGENT`] and [`STRANDED`]: who raises them has pushed before, and releases; who takes them acquires,
//! and finds what was pushed, or the signal again. The others are the monitor's, which raises them again if need be.

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
pub(super) const STRANDED: u32 = 32;
/// A task of the background may run.
pub(super) const GRANTED: u32 = 8;

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

    /// This one is raised, and nobody has taken it.
    pub(super) fn has(&self, signal: u32) -> bool {
        self.0.load(Ordering::Relaxed) & signal != 0
    }

    /// Lowers all, and tells which there were.
    pub(super) fn take(&self) -> u32 {
        self.0.swap(0, Ordering::AcqRel)
    }
}
