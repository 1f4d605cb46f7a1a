//! Machines that poll without a processor: what they count as, and that they come back.
//!
//! # Invariants
//! - A1: a machine is entered as absent under its lock, while its word says *lost*, and struck out under the same lock as it
//!   comes back. So whoever is late, the monitor with the entry or the poll with its end, the counts come out even, and
//!   a machine that is back has no slice of a hog's.

use std::sync::{
    Mutex,
    atomic::{AtomicI32, AtomicU32, AtomicU64, Ordering},
};

use super::{
    machine::Machine,
    retake::{Answer, Stretch},
    slices,
};
use crate::shim::lock;

/// Why a machine has no processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Its task runs on: a hot loop.
    Running,
    /// Its thread sleeps in the system.
    Blocked,
}

/// Machines without a processor that run user code.
pub(super) struct Absent {
    running: AtomicU32,
    blocked: AtomicU32,
    /// How many the monitor has made of them.
    taken: AtomicU64,
}

impl Absent {
    pub(super) fn new() -> Absent {
        Absent {
            running: AtomicU32::new(0),
            blocked: AtomicU32::new(0),
            taken: AtomicU64::new(0),
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

    /// How often a poll lost its processor that did not give it away.
    pub(super) fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
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
}

impl Presence {
    pub(super) fn new() -> Presence {
        Presence {
            absence: Mutex::new(None),
            thread: AtomicI32::new(0),
        }
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
                // Its thread runs, whatever the monitor saw.
                self.note_absence(Absence::Running);
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
                self.ran_too_long.set(true);
                slices::set(0, slices::Slice::Short);
            }
        }
    }

    /// Enters it as absent, unless it is back already (A1). By whoever made its word *lost*.
    pub(super) fn note_absence(&self, why: Absence) {
        self.scheduler.absent.taken.fetch_add(1, Ordering::Relaxed);
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
