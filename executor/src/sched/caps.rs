//! How many threads there may be, and what is done where another cannot be had.
//!
//! # How it works
//! Each processor that is taken or handed off costs a thread as long as its task goes on. Two limits:
//!
//! - [`RUNNING_MAX`] hot loops, and tasks that got no CPU and may be such, run on without a processor: they share the CPUs
//!   with the rest.
//! - [`max_machines`](crate::Builder::max_machines) threads live. It is looked at where they are started.
//!
//! Above either a task that does not return keeps its processor, and who hands one off leaves it idle. But for the *last*: where
//! nobody else runs anything, the others would stand still altogether. So that one gets a thread also beyond the limit,
//! one in [`THREAD_RETRY`].
//!
//! A processor whose thread cannot be had, for a limit of ours or of the system's, becomes idle. A machine that comes back takes
//! it, and the monitor asks for a thread again; but not before [`THREAD_RETRY`] has passed, and it does not sleep until then.
//!
//! Each limit is told of once in a runtime's life. Where no thread can be had, none can be had for the warning either: then a
//! machine gives it.

use std::{
    sync::atomic::{AtomicBool, AtomicU64, Ordering},
    time::Duration,
};

use super::{
    machine::Machine, processor::Processor, roll::Absent, scheduler::Scheduler, settings::setting,
    signals, watch::Wanted,
};
use crate::{
    hand_off::Cause,
    report,
    shim::lock,
    task::{Name, walk},
    time::clock,
};

/// Hot loops that run on without a processor, unless `GMPDEBUG=running_max` says otherwise.
const RUNNING_MAX: u32 = 256;
/// A thread that could not be had is not asked for again before: in vain that costs some 30 µs. And beyond the limit there is
/// another one after a usual slice only.
const THREAD_RETRY: Duration = Duration::from_millis(10);

/// What the monitor remembers of limits. Its own, but before a runtime's start has ended, and after its end.
pub(super) struct Caps {
    /// Hot loops that may run on without a processor.
    loops: u32,
    /// No machine is started before.
    no_thread_until: AtomicU64,
    warned_of_threads: AtomicBool,
    warned_of_machines: AtomicBool,
    warned_of_loops: AtomicBool,
}

impl Caps {
    pub(super) fn new() -> Caps {
        Caps {
            loops: setting("running_max").unwrap_or(RUNNING_MAX),
            no_thread_until: AtomicU64::new(0),
            warned_of_threads: AtomicBool::new(false),
            warned_of_machines: AtomicBool::new(false),
            warned_of_loops: AtomicBool::new(false),
        }
    }

    /// The next runtime begins anew.
    pub(super) fn clear(&self) {
        self.no_thread_until.store(0, Ordering::Relaxed);
        for warned in [
            &self.warned_of_threads,
            &self.warned_of_machines,
            &self.warned_of_loops,
        ] {
            warned.store(false, Ordering::Relaxed);
        }
    }

    /// The monitor starts none while a runtime's first machines are started: there would be one too many.
    pub(super) fn hold(&self) {
        self.no_thread_until.store(u64::MAX, Ordering::Relaxed);
    }

    /// It may start some, at once.
    pub(super) fn release(&self) {
        self.no_thread_until.store(0, Ordering::Relaxed);
    }

    /// A thread is lacking, and not asked for yet.
    pub(super) fn lacks_thread(&self, now: u64) -> bool {
        now < self.no_thread_until.load(Ordering::Relaxed)
    }

    /// None could be had when one was asked for last: more looks would find it no sooner.
    pub(super) fn has_failed(&self) -> bool {
        self.no_thread_until.load(Ordering::Relaxed) != 0
    }

    /// More hot loops that may run on. Who got no CPU may be one.
    fn loops_left(&self, absent: &Absent) -> usize {
        self.loops.saturating_sub(absent.want_cpus()) as usize
    }

    fn start_later(&self) {
        let until = clock::after(THREAD_RETRY);
        self.no_thread_until.store(until, Ordering::Relaxed);
    }
}

/// Who is to have a thread beyond the limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Usual,
    /// Nobody else runs anything.
    Last,
}

impl Scheduler {
    /// Waking an idle processor is worth it: it has a machine, or may have one. By the monitor.
    pub(super) fn may_wake(&self, now: u64) -> bool {
        !self.caps.lacks_thread(now) || self.idle.machines() > 0
    }

    /// Finds or starts a machine for a processor that counts as searching, or makes that idle. By the monitor.
    pub(super) fn start_machine_for(&'static self, processor: &'static Processor, need: Need) {
        if let Some(machine) = self.idle.take_machine_after_all() {
            return self.run_processor(processor, Some(machine));
        }
        if !self.caps.lacks_thread(clock::now()) && self.try_start(processor, need) {
            return;
        }
        self.put_processor(processor);
        self.idle.end_search();
    }

    fn try_start(&'static self, processor: &'static Processor, need: Need) -> bool {
        let beyond = self.threads_left() == 0;
        if beyond {
            self.caps.start_later();
            self.warn_of_machines(None);
            if need == Need::Usual {
                return false;
            }
        }
        let Err(error) = self.start_machine(Some(processor)) else {
            if !beyond {
                self.caps.release();
            }
            return true;
        };
        self.caps.start_later();
        self.warn_once(&self.caps.warned_of_threads, || {
            format!("{error}; going on with fewer")
        });
        false
    }

    /// What a processor needs that was handed off.
    pub(super) fn need(&self) -> Need {
        // It is the one that is busy. A machine whose thread has not begun, or that has just come back, will do.
        if self.idle.busy() <= 1 && self.machines_on_their_way() == 0 {
            Need::Last
        } else {
            Need::Usual
        }
    }

    /// Machines that neither hold a processor nor are absent, nor wait for one yet. At a glance.
    fn machines_on_their_way(&self) -> usize {
        let holders = self.processors.iter().filter(|it| it.holder().is_some());
        let known = holders.count() + self.idle.machines() + self.absent.all();
        self.machines.load(Ordering::Relaxed).saturating_sub(known)
    }

    fn threads_left(&self) -> usize {
        let most = self.config().machines;
        most.saturating_sub(self.machines.load(Ordering::Relaxed))
    }

    /// Leaves out what would cost one thread too many. [`Need::Last`]: what is left is the last one, and goes in any case.
    pub(super) fn limit(&'static self, wanted: &mut Vec<Wanted>, now: u64) -> Need {
        if wanted.is_empty() {
            return Need::Usual;
        }
        // Retired ones need no other machine, and go in any case.
        let is_retired = |wanted: &Wanted| self.idle.is_retired(wanted.processor);
        let (retired, live): (Vec<_>, Vec<_>) = wanted.drain(..).partition(is_retired);
        let lacking = self.caps.lacks_thread(now);
        let startable = if lacking { 0 } else { self.threads_left() };
        let room = self.idle.machines() + startable;
        // Those that are idle then have no machines, and get none; nor do those for which one was asked just now.
        let unused = if room == 0 {
            self.idle.counts().idle() as usize + self.monitor.requested()
        } else {
            0
        };
        let nobody_runs = live.len() + unused >= self.idle.live();
        let loops = self.caps.loops_left(&self.absent);
        let causes = live.iter().map(|wanted| wanted.cause);
        let fit = fit(causes, room, loops);
        let mut fits = fit.iter().copied();
        let (mut taken, mut left): (Vec<_>, Vec<_>) =
            live.into_iter().partition(|_| fits.next() == Some(true));
        if let Some(one) = left.first() {
            if room > 0 {
                self.warn_of_loops(one);
            } else if !lacking {
                self.warn_of_machines(Some(one.machine));
            }
        }
        let last = taken.is_empty() && nobody_runs && !left.is_empty() && (room > 0 || !lacking);
        if last {
            taken.push(left.swap_remove(0));
        }
        wanted.extend(taken);
        wanted.extend(retired);
        if last { Need::Last } else { Need::Usual }
    }

    fn warn_of_loops(&'static self, wanted: &Wanted) {
        let (machine, limit) = (
            Some(wanted.machine),
            format!("{} hot loops", self.caps.loops),
        );
        self.warn_of_limit(&self.caps.warned_of_loops, machine, &limit);
    }

    fn warn_of_machines(&'static self, machine: Option<&'static Machine>) {
        self.warn_of_limit(&self.caps.warned_of_machines, machine, "max_machines");
    }

    /// `machine` is one of those that it is about, if that is known.
    fn warn_of_limit(
        &'static self,
        warned: &AtomicBool,
        machine: Option<&'static Machine>,
        limit: &str,
    ) {
        self.warn_once(warned, || {
            let task = match machine {
                Some(machine) => machine.current(),
                None => self.task_of_some_machine(),
            };
            let site = task.and_then(walk::seen).and_then(|seen| seen.spawned_at);
            let site = site.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
            format!(
                "too many tasks do not return from their polls (limit: {limit}); the others will run late. One of them was spawned at {site}: \
                 let it await something now and then, or use `block_in_place` or `spawn_blocking`"
            )
        });
    }

    fn task_of_some_machine(&self) -> Option<Name> {
        let roster = lock(&self.roster);
        roster.iter().find_map(|machine| machine.current())
    }

    fn warn_once(&'static self, warned: &AtomicBool, message: impl FnOnce() -> String) {
        if warned.swap(true, Ordering::Relaxed) {
            return;
        }
        if let Err(message) = report::warn_elsewhere(message()) {
            self.netpoll.strand(report::waker(message));
            self.signals.raise(signals::STRANDED);
            self.submitted();
        }
    }
}

/// Which of them may be taken, with so many machines to be had and so many hot loops to run on.
fn fit(
    causes: impl Iterator<Item = Option<Cause>>,
    mut room: usize,
    mut loops: usize,
) -> Vec<bool> {
    let fits = |cause| {
        let is_loop = matches!(cause, Some(Cause::Running | Cause::Starved));
        if room == 0 || (is_loop && loops == 0) {
            return false;
        }
        room -= 1;
        loops -= usize::from(is_loop);
        true
    };
    causes.map(fits).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::roll::Absence;

    #[test]
    fn who_got_no_cpu_counts_against_the_limit_of_hot_loops() {
        let (caps, absent) = (Caps::new(), Absent::new());
        for left in (0..caps.loops).rev() {
            absent.enter(Absence::Starved);
            assert_eq!(caps.loops_left(&absent), left as usize);
        }
        absent.leave(Absence::Starved);
        absent.enter(Absence::Running);
        assert_eq!(caps.loops_left(&absent), 0, "one that is known by now");
    }

    #[test]
    fn a_batch_does_not_exceed_the_limits() {
        let (running, starved) = (Some(Cause::Running), Some(Cause::Starved));
        let all = [running, None, starved, Some(Cause::Blocked), running];
        let fit = |room, loops| fit(all.into_iter(), room, loops);
        assert_eq!(fit(9, 9), [true; 5]);
        assert_eq!(fit(3, 9), [true, true, true, false, false]);
        assert_eq!(fit(9, 1), [true, true, false, true, false]);
        assert_eq!(fit(2, 0), [false, true, false, true, false]);
        assert_eq!(fit(0, 9), [false; 5]);
    }
}
