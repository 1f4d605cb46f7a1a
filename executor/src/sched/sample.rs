//! A picture of a hot loop's native stack: the words between the reporter, who wants one, and the handler of the signal,
//! which takes it on the loop's own thread.
//!
//! # How it works
//! ```text
//!              want (reporter)               fill (handler); back: of another task
//!   [empty] ----------------------> [wanted] <-------------> [being written]
//!    ^   ^                             |                            | fill (handler)
//!    |   +---- withdraw (reporter) ----+                            v
//!    +-------------------------- take (reporter) -------------- [written]
//! ```
//!
//! # Invariants
//! - V1: only the reporter's thread, of which there is one, wants, withdraws and takes; it comes back to *empty* before it
//!   wants again.
//! - V2: only the machine's own thread writes, from *wanted* to *written*; its handler does not interrupt itself.
//! - V3: both ways out of *wanted* are exchanges: who withdraws knows that nobody writes.
//! - V4: a picture is of the task that was asked for: the handler writes it only if its machine still polls that one.
//!
//! # Memory ordering
//! `want` releases and the handler acquires: it sees whose stack is wanted. The handler's last store releases and `take`
//! acquires: it sees all that was written.

use crate::shim::{AtomicU32, Ordering, StoredU64, mutant, relaxed_if};

const EMPTY: u32 = 0;
const WANTED: u32 = 1;
const BEING_WRITTEN: u32 = 2;
const WRITTEN: u32 = 3;

/// Program counters of one picture: half a KiB for each machine.
pub(super) const COUNTERS_MAX: usize = if cfg!(gmp_loom) { 2 } else { 64 };

pub(super) struct Sample {
    word: AtomicU32,
    /// Whose stack is wanted, a name's bits. Written while *empty*, by the reporter.
    task: StoredU64,
    /// Written while *being written*.
    length: StoredU64,
    counters: [StoredU64; COUNTERS_MAX],
}

impl Sample {
    pub(super) fn new() -> Sample {
        Sample {
            word: AtomicU32::new(EMPTY),
            task: StoredU64::new(0),
            length: StoredU64::new(0),
            counters: std::array::from_fn(|_| StoredU64::new(0)),
        }
    }

    /// The reporter wants a picture of the stack while `task` is polled.
    pub(super) fn want(&self, task: u64) {
        debug_assert_eq!(self.word.load(Ordering::Relaxed), EMPTY, "V1");
        self.task.store(task, Ordering::Relaxed);
        self.word.store(WANTED, Ordering::Release);
    }

    /// The reporter waits no longer. False: the picture is being written, or is there; or the handler just looks whether it
    /// is of the right task, so ask again.
    #[must_use]
    pub(super) fn withdraw(&self) -> bool {
        if mutant("sample_withdrawn_by_store") {
            self.word.store(EMPTY, Ordering::Relaxed);
            return true;
        }
        self.exchange(WANTED, EMPTY)
    }

    /// The picture, if it is there. By the reporter.
    pub(super) fn take(&self) -> Option<Vec<u64>> {
        if self.word.load(Ordering::Acquire) != WRITTEN {
            return None;
        }
        let length = self.length.load(Ordering::Relaxed) as usize;
        let counters = self.counters.iter().take(length);
        let counters = counters
            .map(|counter| counter.load(Ordering::Relaxed))
            .collect();
        self.word.store(EMPTY, Ordering::Release);
        Some(counters)
    }

    /// Takes the picture if one of `task` is wanted. In the signal's handler.
    #[allow(dead_code, reason = "where no signal is sent there is no handler")]
    pub(super) fn fill(&self, task: u64, counters: impl Iterator<Item = u64>) {
        if mutant("sample_compared_before_the_exchange") && !self.is_of(task) {
            return;
        }
        if !self.exchange(WANTED, BEING_WRITTEN) {
            return;
        }
        // Not before: until the exchange the reporter may want another one.
        if !mutant("sample_compared_before_the_exchange") && !self.is_of(task) {
            self.word.store(WANTED, Ordering::Release);
            return;
        }
        let mut length = 0;
        for (place, counter) in self.counters.iter().zip(counters) {
            place.store(counter, Ordering::Relaxed);
            length += 1;
        }
        self.length.store(length, Ordering::Relaxed);
        let releases_nothing = mutant("sample_releases_nothing");
        let order = relaxed_if(releases_nothing, Ordering::Release);
        self.word.store(WRITTEN, order);
    }

    fn is_of(&self, task: u64) -> bool {
        self.task.load(Ordering::Relaxed) == task
    }

    fn exchange(&self, from: u32, to: u32) -> bool {
        let (success, failure) = (Ordering::AcqRel, Ordering::Acquire);
        self.word
            .compare_exchange(from, to, success, failure)
            .is_ok()
    }
}
