//! Machines that poll without a processor: what they count as, how the kernel is to treat their threads, and that both ends when
//! they come back.
//!
//! # Invariants
//! - A1: a machine is entered as absent under its lock, while its word says *lost*, and struck out under the same lock as it
//!   comes back. So whoever is late, the monitor with the entry or the poll with its end, the counts come out even, and
//!   a machine that is back has no slice of a hog's.
//! - A2: under the lock, a thread's id that is not 0 is that of the machine's own thread, which has not ended.

use super::{retake::Retake, slices};
use crate::shim::{AtomicU32, Mutex, Ordering, StoredI32, lock, mutant};

/// Why a machine has no processor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absence {
    /// Its task runs on: a hot loop.
    Running,
    /// Its thread sleeps in the system.
    Blocked,
}

/// How many machines without a processor run user code.
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
        let before = self.of(absence).fetch_sub(1, Ordering::Relaxed);
        debug_assert_ne!(before, 0, "only who was counted leaves (A1)");
    }

    pub(super) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    pub(super) fn all(&self) -> usize {
        self.running() as usize + self.blocked.load(Ordering::Relaxed) as usize
    }
}

/// An entry in the roll.
pub(super) struct Away {
    pub(super) why: Absence,
    /// What the thread's clock said when the monitor looked.
    pub(super) used: Option<u64>,
}

/// A machine's place in the roll, and its thread.
pub(super) struct Roll {
    absence: Mutex<Option<Away>>,
    /// The system's id of the thread, 0: there is none. Written by the thread, under the lock where it ends.
    thread: StoredI32,
}

impl Roll {
    pub(super) fn new() -> Roll {
        Roll {
            absence: Mutex::new(None),
            thread: StoredI32::new(0),
        }
    }

    /// The machine's thread begins: this one.
    pub(super) fn begin(&self, thread: i32) {
        self.thread.store(thread, Ordering::Relaxed);
        slices::set(thread, slices::Slice::Short);
    }

    /// The machine's thread is about to end: its id may be another's soon (A2).
    pub(super) fn end(&self) {
        let absence = lock(&self.absence);
        if !mutant("thread_not_forgotten") {
            self.thread.store(0, Ordering::Relaxed);
        }
        drop(absence);
    }

    pub(super) fn thread(&self) -> i32 {
        self.thread.load(Ordering::Relaxed)
    }

    /// Enters the machine as absent, unless it is back already (A1). By whoever made its word *lost*.
    pub(super) fn enter(&self, why: Absence, retake: &Retake, absent: &Absent) {
        let mut absence = lock(&self.absence);
        let is_back = !retake.is_lost() && !mutant("absence_entered_after_the_return");
        if is_back || absence.is_some() {
            return;
        }
        *absence = Some(Away { why, used: None });
        absent.enter(why);
        if why == Absence::Running {
            slices::set(self.thread(), slices::Slice::Long);
        }
    }

    /// The machine, which has forgotten its processor, is back. `None`: nobody has entered it, and nobody will. By its own thread.
    pub(super) fn come_back(&self, retake: &Retake, absent: &Absent) -> Option<Absence> {
        let mut absence = lock(&self.absence);
        let mut was = absence.take().map(|away| away.why);
        if mutant("absence_ends_though_not_entered") {
            was = was.or(Some(Absence::Running));
        }
        let lock = (!mutant("return_outside_of_the_lock")).then_some(absence);
        retake.come_back();
        let was = was?;
        absent.leave(was);
        if was == Absence::Running && !mutant("slice_stays_long") {
            slices::set(self.thread(), slices::Slice::Short);
        }
        drop(lock);
        Some(was)
    }

    /// Calls `look` with why it is away, and its thread, 0 if there is none (A2).
    pub(super) fn look<R>(&self, look: impl FnOnce(Option<Absence>, i32) -> R) -> R {
        let absence = lock(&self.absence);
        look(absence.as_ref().map(|away| away.why), self.thread())
    }

    /// Counts the machine as what `judge` says that it does now, if it is away (A1). By the monitor.
    pub(super) fn count_again(
        &self,
        absent: &Absent,
        judge: impl FnOnce(&mut Away, i32) -> Option<Absence>,
    ) {
        let mut absence = lock(&self.absence);
        let Some(away) = absence.as_mut() else { return };
        let Some(now) = judge(away, self.thread()) else {
            return;
        };
        absent.leave(away.why);
        absent.enter(now);
        away.why = now;
        let slice = match now {
            Absence::Running => slices::Slice::Long,
            Absence::Blocked => slices::Slice::Short,
        };
        slices::set(self.thread(), slice);
    }
}
