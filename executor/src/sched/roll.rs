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
    /// Its thread got no CPU: nobody knows yet whether its task runs on.
    Starved,
}

impl Absence {
    /// How the kernel is to treat its thread.
    fn slice(self) -> slices::Slice {
        match self {
            Absence::Running | Absence::Starved => slices::Slice::Long,
            Absence::Blocked => slices::Slice::Short,
        }
    }
}

/// How many machines without a processor run user code.
pub(super) struct Absent {
    running: AtomicU32,
    blocked: AtomicU32,
    starved: AtomicU32,
}

impl Absent {
    pub(super) fn new() -> Absent {
        Absent {
            running: AtomicU32::new(0),
            blocked: AtomicU32::new(0),
            starved: AtomicU32::new(0),
        }
    }

    fn of(&self, absence: Absence) -> &AtomicU32 {
        match absence {
            Absence::Running => &self.running,
            Absence::Blocked => &self.blocked,
            Absence::Starved => &self.starved,
        }
    }

    pub(super) fn enter(&self, absence: Absence) {
        self.of(absence).fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self, absence: Absence) {
        let before = self.of(absence).fetch_sub(1, Ordering::Relaxed);
        debug_assert_ne!(before, 0, "only who was counted leaves (A1)");
    }

    /// Those that have been seen to run on.
    pub(super) fn running(&self) -> u32 {
        self.running.load(Ordering::Relaxed)
    }

    /// These, and those that may.
    pub(super) fn want_cpus(&self) -> u32 {
        self.running() + self.starved.load(Ordering::Relaxed)
    }

    /// Hot loops alone would keep so many CPUs busy. Who got no CPU proves nothing: that may be the neighbours' doing.
    pub(super) fn crowd(&self, cpus: usize) -> bool {
        self.running() as usize >= cpus
    }

    pub(super) fn all(&self) -> usize {
        self.want_cpus() as usize + self.blocked.load(Ordering::Relaxed) as usize
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
        if why.slice() == slices::Slice::Long {
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
        if was.slice() == slices::Slice::Long && !mutant("slice_stays_long") {
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
    ) -> Option<Absence> {
        let mut absence = lock(&self.absence);
        let away = absence.as_mut()?;
        let now = judge(away, self.thread())?;
        absent.leave(away.why);
        absent.enter(now);
        away.why = now;
        slices::set(self.thread(), now.slice());
        Some(now)
    }
}

#[cfg(all(test, not(gmp_loom)))]
mod tests {
    use super::*;

    #[test]
    fn who_got_no_cpu_is_no_crowd() {
        let absent = Absent::new();
        for _ in 0..8 {
            absent.enter(Absence::Starved);
        }
        assert!(!absent.crowd(2));
        assert_eq!((absent.want_cpus(), absent.all()), (8, 8));
        absent.enter(Absence::Running);
        assert!(!absent.crowd(2));
        // The monitor has looked again.
        absent.leave(Absence::Starved);
        absent.enter(Absence::Running);
        assert!(absent.crowd(2));
        assert_eq!(absent.want_cpus(), 9);
    }
}
