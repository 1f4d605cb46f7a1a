//! Whether the monitor sleeps, against processors that begin to run: none runs unwatched.
//!
//! # Memory ordering
//! Both sides go through the lock of [`Idle`](super::idle::Idle)'s lists. The monitor says that it sleeps, then looks
//! whether all are idle; a machine has its processor taken off the list, then looks whether the monitor sleeps. The one that comes second
//! to the lock sees what the other did before it.

use crate::shim::{AtomicU32, Ordering, mutant};

/// 1: it sleeps, or is about to.
pub(super) struct Asleep(AtomicU32);

impl Asleep {
    pub(super) fn new() -> Asleep {
        Asleep(AtomicU32::new(0))
    }

    /// A processor runs, which is off the list: the monitor is to be called.
    #[inline(always)]
    pub(super) fn is_set(&self) -> bool {
        self.0.load(Ordering::SeqCst) != 0
    }

    /// Sleeps by `park`, which a call ends, also one that came before; unless something is to be seen: `quiet` looks.
    pub(super) fn sleep(&self, quiet: impl FnOnce() -> bool, park: impl FnOnce()) {
        let late = mutant("asleep_after_the_look");
        if !late {
            self.0.store(1, Ordering::SeqCst);
        }
        let sleeps = mutant("sleeps_without_a_look") || quiet();
        if late {
            self.0.store(1, Ordering::SeqCst);
        }
        if sleeps {
            park();
        }
        self.0.store(0, Ordering::SeqCst);
    }

    /// There is nobody to call.
    pub(super) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }
}
