//! Until when the machine in the poller sleeps, against who arms an earlier timer: no timer is left without an owner.
//!
//! # Memory ordering
//! Two words, of the timers and of the sleeper, each written by one side and looked at by the other. The sleeper tells its
//! deadline; **fence**; looks at the timers again. Who arms: stores the timer's deadline; **fence** ([`after_arming`], or
//! that of [`Idle::go_idle`](super::idle::Idle::go_idle)); looks at the sleeper's. Both fences are SeqCst, so one comes
//! first, and the other's look sees what was stored before it. The sleeper's name is stored before its deadline, which
//! releases it.

use std::ptr;

use crate::shim::{AtomicPtr, Ordering, StoredU64, fence, mutant};

/// Nobody sleeps in the poller.
const NOBODY: u64 = 0;

pub(super) struct Deadline<M> {
    /// `u64::MAX` for none, [`NOBODY`] if the poller is empty.
    until: StoredU64,
    sleeper: AtomicPtr<M>,
}

impl<M> Deadline<M> {
    pub(super) fn new() -> Self {
        Deadline {
            until: StoredU64::new(NOBODY),
            sleeper: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Tells until when `sleeper` will sleep, `u64::MAX` for ever: the time that `wake_time` gives. Who arms an earlier timer
    /// before this is told is seen here, who does so later sees it. By who holds the token.
    pub(super) fn announce(&self, sleeper: &'static M, wake_time: impl Fn() -> u64) -> u64 {
        let sleeper = ptr::from_ref(sleeper).cast_mut();
        self.sleeper.store(sleeper, Ordering::Relaxed);
        let mut until = wake_time();
        loop {
            self.until.store(until.max(NOBODY + 1), Ordering::Release);
            // Ordering: pairs with `after_arming`, and with the fence in `go_idle`.
            if !mutant("no_fence_after_announcing") {
                fence(Ordering::SeqCst);
            }
            if mutant("no_look_after_announcing") {
                return until;
            }
            let again = wake_time();
            if again >= until {
                return until;
            }
            until = again;
        }
    }

    /// The sleeper is awake.
    pub(super) fn forget(&self) {
        self.sleeper.store(ptr::null_mut(), Ordering::Relaxed);
        self.until.store(NOBODY, Ordering::Relaxed);
    }

    /// Who sleeps, or did; null for nobody.
    pub(super) fn sleeper(&self) -> *mut M {
        self.sleeper.load(Ordering::Acquire)
    }

    /// The sleeper wakes at `time` or before.
    pub(super) fn is_by(&self, time: u64) -> bool {
        let until = self.until.load(Ordering::Relaxed);
        until != NOBODY && until <= time
    }

    /// Somebody sleeps for longer than `wake_time` allows. After a fence.
    pub(super) fn is_later_than(&self, wake_time: impl FnOnce() -> u64) -> bool {
        let until = self.until.load(Ordering::Acquire);
        until != NOBODY && wake_time() < until
    }
}

/// Between a new timer's deadline and the look at the sleeper's.
pub(super) fn after_arming() {
    if !mutant("no_fence_after_arming") {
        fence(Ordering::SeqCst);
    }
}
