//! Whether the poller was called back, and has not seen it yet: several calls cost one write to its descriptor.
//!
//! # Memory ordering
//! A call releases, also one that finds the mark set; seeing it acquires. So who acts on the return of the poller sees what
//! was done before each call that this return answers.

use crate::shim::{AtomicBool, Ordering, mutant, relaxed_if};

pub(super) struct Interrupted(AtomicBool);

impl Interrupted {
    pub(super) fn new() -> Interrupted {
        Interrupted(AtomicBool::new(false))
    }

    /// Calls by `wake`, unless one is on its way, which will be seen after this. `wake` tells whether it could.
    pub(super) fn call(&self, wake: impl FnOnce() -> bool) {
        let unordered = mutant("interrupt_releases_nothing");
        let order = relaxed_if(unordered, Ordering::AcqRel);
        if self.0.swap(true, order) {
            return;
        }
        if !wake() {
            self.0.store(false, Ordering::Release);
        }
    }

    /// The poller has seen that it was called.
    pub(super) fn see(&self) {
        if mutant("interrupt_never_seen") {
            return;
        }
        // Ordering: a swap, to acquire what was done before the call that this one answers, also where that one found the
        // mark set.
        let unordered = mutant("interrupt_acquires_nothing");
        self.0.swap(false, relaxed_if(unordered, Ordering::AcqRel));
    }
}
