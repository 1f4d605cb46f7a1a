//! The slice of time of a chain: tasks that wake each other, and so run one after the other from the place for the next
//! one, have one slice in common while others wait in the ring. (Go: who runs from `runnext` inherits the time slice)
//!
//! # How it works
//! No clock is read between polls. The monitor sees by the ring's head that nobody has taken from it for a slice, and says so
//! in a word, which the processor looks at before it goes on with the chain. An earlier end is that of a number of polls
//! (`search`).

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};

use super::scheduler::Scheduler;

/// Of one processor.
pub(super) struct Chain {
    /// Written by the monitor, and by the holder when it ends a chain. It may stand from an earlier one: that costs the next
    /// chain its first link.
    over: AtomicBool,
    /// The monitor's: where the ring's head stood, and since when.
    head: AtomicU32,
    since: AtomicU64,
}

impl Chain {
    pub(super) fn new() -> Chain {
        Chain {
            over: AtomicBool::new(false),
            head: AtomicU32::new(0),
            since: AtomicU64::new(0),
        }
    }

    /// It has used its slice. By the holder.
    #[inline(always)]
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }

    /// The ring has its turn. By the holder.
    pub(super) fn end(&self) {
        self.over.store(false, Ordering::Relaxed);
    }

    /// The ring's head stands at `head`; `None`: nobody waits there.
    fn look(&self, head: Option<u32>, now: u64, slice: u64) {
        let stood = head == Some(self.head.load(Ordering::Relaxed));
        if !stood {
            // What waits next begins its wait here, whatever the head was.
            self.head.store(head.unwrap_or_default(), Ordering::Relaxed);
            self.since.store(now, Ordering::Relaxed);
        } else if now.saturating_sub(self.since.load(Ordering::Relaxed)) >= slice {
            self.over.store(true, Ordering::Relaxed);
            self.since.store(now, Ordering::Relaxed);
        }
    }
}

impl Scheduler {
    /// By the monitor.
    pub(super) fn look_at_chains(&self, now: u64) {
        let slice = self.config().time_slice.as_nanos() as u64;
        for processor in self.processors.iter() {
            processor.chain.look(processor.stealer.head(), now, slice);
        }
    }
}
