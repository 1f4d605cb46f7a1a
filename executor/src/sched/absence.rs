//! Machines that poll without a processor: what they count as, and that they come back.
//!
//! # Invariants
//! - A1: a machine is entered as absent under its lock, while its word says *lost*, and struck out under the same lock as it
//!   comes back. So whoever is late, the monitor with the entry or the poll with its end, the counts come out even, and
//!   a machine that is back has no slice of a hog's.

use std::sync::{
    Mutex,
    atomic::{AtomicI32, AtomicU8, AtomicU32, AtomicU64, Ordering},
};

use super::{
    machine::Machine,
    retake::{Answer, Stretch},
    sigurg, slices, thread_clock, watch,
};
use crate::{hand_off::Cause, shim::lock, task::Name};

/// Why a machine has no processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Its task runs on: a hot loop.
    Running,
    /// Its thread sleeps in the system.
    Blocked,
}

impl Absence {
    /// What a hand-off makes of the machine. `None`: the task said beforehand that it blocks.
    fn after(cause: Option<Cause>) -> Absence {
        match cause {
            Some(Cause::Running | Cause::Starved) => Absence::Running,
            Some(Cause::Blocked) | None => Absence::Blocked,
        }
    }
}

/// For [`Presence::cpu_since`]: nothing counts as used since then.
const UNKNOWN: u64 = u64::MAX;

/// Machines without a processor that run user code.
pub(super) struct Absent {
    running: AtomicU32,
    blocked: AtomicU32,
}

impl Absent {
    pub(super) fn new() -> Absent {
        Absent {
            running: AtomicU32::new(0),
            blocked: AtomicU32::new(0),
        }
    }

    fn of(&self, absence: Absence) -> &AtomicU32 {
        match absence {
            Absence::Running => &self.running,
            Absence::Blocked => &self.blocked,
        }
    }

    pub(super) fn enter(&self, absence: Absence) {
        self.of(absence).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, absence: Absence) {
        self.of(absence).fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> usize {
        self.running() as usize + self.blocked.load(Ordering::Relaxed) as usize
    }
}

/// A machine's entry in the list of the absent, and its thread.
pub(super) struct Presence {
    absence: Mutex<Option<Absence>>,
    /// The system's id of the thread, 0: there is none. Written by the thread, under the lock where it ends.
    thread: AtomicI32,
    /// Why the monitor wants the processor; 0: the task said that it blocks. Written by the monitor before it asks.
    cause: AtomicU8,
    /// What the thread's CPU clock said when the monitor saw that stretch first; [`UNKNOWN`] if it did not look. Written by the
    /// monitor.
    cpu_since: AtomicU64,
}

impl Presence {
    pub(super) fn new() -> Presence {
        Presence {
            absence: Mutex::new(None),
            thread: AtomicI32::new(0),
            cause: AtomicU8::new(0),
            cpu_since: AtomicU64::new(UNKNOWN),
        }
    }

    /// The monitor is about to ask for the processor. A machine that answers an earlier request meanwhile may be told the
    /// cause of this one.
    pub(super) fn set_cause(&self, cause: Option<Cause>, cpu_since: Option<u64>) {
        self.cpu_since
            .store(cpu_since.unwrap_or(UNKNOWN), Ordering::Relaxed);
        let bits = match cause {
            None => 0,
            Some(Cause::Running) => 1,
            Some(Cause::Blocked) => 2,
            Some(Cause::Starved) => 3,
        };
        self.cause.store(bits, Ordering::Relaxed);
    }

    fn cause(&self) -> Option<Cause> {
        match self.cause.load(Ordering::Relaxed) {
            1 => Some(Cause::Running),
            2 => Some(Cause::Blocked),
            3 => Some(Cause::Starved),
            _ => None,
        }
    }

    /// The stretch has used this much CPU time, or more than it should. By its own thread.
    fn has_used(&self, nanoseconds: u64) -> bool {
        let since = self.cpu_since.load(Ordering::Relaxed);
        let used = thread_clock::used(self.thread());
        self.cause() == Some(Cause::Running)
            || used.is_none_or(|used| used.saturating_sub(since) >= nanoseconds)
    }

    /// The machine's thread begins.
    pub(super) fn begin(&self) {
        self.thread.store(slices::own_thread(), Ordering::Relaxed);
        slices::set(0, slices::Slice::Short);
    }

    /// The machine's thread is about to end: its id may be another's soon.
    pub(super) fn end(&self) {
        let absence = lock(&self.absence);
        self.thread.store(0, Ordering::Relaxed);
        drop(absence);
    }

    pub(super) fn thread(&self) -> i32 {
        self.thread.load(Ordering::Relaxed)
    }
}

impl Machine {
    /// Where it is: what a request is compared with.
    pub(super) fn stretch(&self) -> Stretch {
        match self.processor() {
            Some(processor) => processor.stretch(),
            None => Stretch {
                processor: 0,
                tick: 0,
            },
        }
    }

    /// Answers a request that was found on the way into a section. False: the processor is gone.
    #[cold]
    #[inline(never)]
    pub(super) fn answer(&'static self) -> bool {
        match self.retake.answer(self.stretch()) {
            Answer::Keep => true,
            Answer::GiveUp => {
                self.scheduler.hand_offs.count(self.presence.cause());
                // Its thread runs, whatever the monitor saw.
                self.enter_as(Absence::Running);
                self.hand_off();
                false
            }
            Answer::Lost => {
                self.forget_processor();
                false
            }
        }
    }

    /// A stretch of user code is over, and there was a request.
    #[cold]
    #[inline(never)]
    pub(super) fn end_stretch(&self) {
        if self.retake.keep() {
            return;
        }
        self.forget_processor();
        let mut absence = lock(&self.presence.absence);
        self.retake.come_back();
        if let Some(absence) = absence.take() {
            self.scheduler.absent.leave(absence);
            if absence == Absence::Running {
                // Who only got no CPU is not to wait in the background for it.
                let slice = watch::urgent(self.scheduler.config().time_slice);
                self.ran_too_long.set(self.presence.has_used(slice));
                slices::set(0, slices::Slice::Short);
            }
        }
    }

    /// Its processor was taken.
    pub(super) fn note_absence(&self, cause: Option<Cause>) {
        self.scheduler.hand_offs.count(cause);
        self.enter_as(Absence::after(cause));
    }

    /// It is in a poll of `task` in which it has lost its processor.
    pub(super) fn is_away_with(&self, task: Option<Name>) -> bool {
        // The last look proves that what the one between saw is of the same poll.
        self.retake.is_lost() && self.current() == task && self.retake.is_lost()
    }

    /// Asks the poll to yield if it is to end. In a signal's handler on the machine's own thread (U1, U4).
    #[allow(dead_code, reason = "where no signal is sent there is no handler")]
    pub(super) fn hurry(&self) {
        if self.retake.wants(self.stretch()) {
            self.patience.end();
        }
    }

    /// Sends the signal to its thread if that runs on in the poll of `task`, without a processor (U3). Under the lock
    /// (A1): the thread is this machine's.
    pub(super) fn send_signal(&self, task: Option<Name>) -> bool {
        let absence = lock(&self.presence.absence);
        let thread = self.presence.thread();
        let runs = *absence == Some(Absence::Running) && self.is_away_with(task);
        runs && thread != 0 && !thread_clock::sleeps(thread) && sigurg::send(thread)
    }

    /// Enters it as absent, unless it is back already (A1). By whoever made its word *lost*.
    fn enter_as(&self, why: Absence) {
        let mut absence = lock(&self.presence.absence);
        if !self.retake.is_lost() || absence.is_some() {
            return;
        }
        *absence = Some(why);
        self.scheduler.absent.enter(why);
        if why == Absence::Running {
            slices::set(self.presence.thread(), slices::Slice::Long);
        }
    }
}
