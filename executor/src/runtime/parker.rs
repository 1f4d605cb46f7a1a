//! What a thread in [`block_on`](mod@super::block_on) waits with.
//!
//! # Memory ordering
//! Waking releases and the end of a wait acquires, also where several wake: the next poll sees what each of them did before.

use std::{sync::Arc, task::Wake};

use crate::shim::{AtomicU32, Ordering, Thread, current_thread, mutant, park, relaxed_if};

pub(super) struct Parker {
    /// 1: woken, and not polled since.
    notified: AtomicU32,
    thread: Thread,
}

impl Parker {
    /// That of this thread.
    pub(super) fn new() -> Parker {
        Parker {
            notified: AtomicU32::new(0),
            thread: current_thread(),
        }
    }

    /// Waits for a wake, or takes one that came before. By its own thread.
    pub(super) fn wait(&self) {
        let order = relaxed_if(mutant("parker_acquires_nothing"), Ordering::Acquire);
        // A stray unpark by somebody else must not cost a poll.
        while self.notified.swap(0, order) == 0 {
            park();
        }
    }
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let order = relaxed_if(mutant("parker_releases_nothing"), Ordering::Release);
        if mutant("unparked_before_notified") {
            self.thread.unpark();
            self.notified.swap(1, order);
        } else if self.notified.swap(1, order) == 0 {
            self.thread.unpark();
        }
    }
}
