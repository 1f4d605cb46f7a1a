//! Counts of hand-offs, by cause.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::hand_off::Cause;

/// Those of one runtime. Written by the monitor, and by machines that give a processor up.
pub(super) struct HandOffs {
    running: AtomicU64,
    blocked: AtomicU64,
    starved: AtomicU64,
}

impl HandOffs {
    pub(super) fn new() -> HandOffs {
        HandOffs {
            running: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
            starved: AtomicU64::new(0),
        }
    }

    fn of(&self, cause: Cause) -> &AtomicU64 {
        match cause {
            Cause::Running => &self.running,
            Cause::Blocked => &self.blocked,
            Cause::Starved => &self.starved,
        }
    }

    /// A runtime begins.
    pub(super) fn reset(&self) {
        for cause in [Cause::Running, Cause::Blocked, Cause::Starved] {
            self.of(cause).store(0, Ordering::Relaxed);
        }
    }

    /// `None`: one that the task asked for, which is not counted.
    pub(super) fn count(&self, cause: Option<Cause>) {
        if let Some(cause) = cause {
            self.of(cause).fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(super) fn get(&self, cause: Cause) -> u64 {
        self.of(cause).load(Ordering::Relaxed)
    }
}
