//! Which stretches of user code have lasted too long, and the taking of their processors: the monitor's part of
//! the hand-off. The protocol is in [`retake`](super::retake).
//!
//! # How it works
//! A stretch is known by its processor's tick: nobody reads a clock when it begins. The monitor sees the same tick at two
//! looks, and then goes by the CPU clock of the stretch's thread:
//!
//! - it *stands still*, and the system says that the thread sleeps: the task blocks its thread. The processor goes at once.
//! - it has moved on by a slice: the task is a hot loop, or a long calculation. The slice is shorter if something urgent
//!   waits.
//! - neither, for long: the thread does not get a CPU. Then the processor is taken too, so that others may try; but that
//!   is not the task's fault.
//!
//! So a quota on CPU time, or busy neighbours, make nobody a hog. What the monitor itself misses while it is
//! stopped (a debugger, `SIGSTOP`) counts for nobody.
//!
//! Before all that, the *soft flag* of the machine is raised: tasks that look at it yield by themselves.
//!
//! # Limits
//! Each processor that is taken costs a thread as long as the poll goes on. At most [`RUNNING_MAX`] of them for hot loops, since
//! these share the CPUs with the rest; above that only the last processor is taken, so that the
//! others never stand still altogether.

use std::sync::atomic::Ordering;

use super::{
    absence::Absence, barrier, machine::Machine, processor::Processor, retake::Stretch,
    scheduler::Scheduler, thread_clock,
};
use crate::task::walk;

/// CPU time that a stretch may use: Go's `forcePreemptNS`, proc.go. Nanoseconds, as all here.
const SLICE: u64 = 10_000_000;
/// The same while timers are due, or tasks that timers or sockets woke stand, and no processor is idle.
const SLICE_URGENT: u64 = 2_000_000;
/// How long a stretch may last whose thread neither runs nor sleeps.
const WALL_MAX: u64 = 20_000_000;
/// The same while something urgent waits: beside 100 hot loops a slice of CPU time is 0.1 s.
const WALL_MAX_URGENT: u64 = 4_000_000;
/// How long a thread's clock must stand still before the thread counts as blocked: waking it costs a tenth of that.
const BLOCKED_AFTER: u64 = 100_000;
/// What the clock of a thread that sleeps may move on between two looks.
const STANDS_STILL: u64 = 5_000;
/// After this long a stretch is asked to yield.
const SOFT_AFTER: u64 = 500_000;
/// Hot loops that run on without a processor.
const RUNNING_MAX: u32 = 256;

/// What the monitor remembers of all processors.
pub(super) struct Watch {
    looks: Vec<Look>,
    wanted: Vec<Wanted>,
}

/// What it remembers of a processor's stretch.
#[derive(Clone, Copy, Default)]
struct Look {
    stretch: Option<Stretch>,
    since: u64,
    clock: Option<Clock>,
    /// At the look before, there was another stretch.
    fresh: bool,
}

/// Readings of the thread's CPU clock.
#[derive(Clone, Copy)]
struct Clock {
    first: u64,
    last: u64,
    read_at: u64,
}

impl Clock {
    fn first(used: u64, now: u64) -> Clock {
        Clock {
            first: used,
            last: used,
            read_at: now,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Fine,
    /// It may be blocked: the next look tells.
    Unsure,
    Take(Absence),
}

/// A processor to be taken.
struct Wanted {
    processor: &'static Processor,
    machine: &'static Machine,
    stretch: Stretch,
    why: Absence,
}

/// How soon the monitor should look again.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// A blocked thread lost its processor: more may follow.
    pub(super) blocked: bool,
    /// All processors are in the middle of stretches that have lasted since the last look.
    pub(super) stuck: bool,
    /// A stretch is to be looked at once more, soon.
    pub(super) unsure: bool,
    /// When the first of them will have used its slice.
    pub(super) slice_ends: u64,
}

impl Pace {
    /// Of a look that saw nothing.
    pub(super) fn unknown() -> Pace {
        Pace {
            blocked: false,
            stuck: false,
            unsure: false,
            slice_ends: u64::MAX,
        }
    }
}

impl Watch {
    pub(super) fn new(processors: usize) -> Watch {
        Watch {
            looks: vec![Look::default(); processors],
            wanted: Vec::new(),
        }
    }

    /// The monitor was away for so long: nobody could run, or nobody knows.
    pub(super) fn forget(&mut self, away: u64) {
        for look in &mut self.looks {
            look.since += away;
            if let Some(clock) = &mut look.clock {
                clock.read_at += away;
            }
        }
    }
}

impl Look {
    /// `used` is what the thread's clock says, if that was asked.
    fn first(stretch: Stretch, now: u64, used: Option<u64>) -> Look {
        Look {
            stretch: Some(stretch),
            since: now,
            clock: used.map(|used| Clock::first(used, now)),
            fresh: true,
        }
    }

    /// When its slice ends if its thread runs on. By what the last look read.
    fn slice_ends(&self, urgent: bool) -> u64 {
        let used = |clock: &Clock| clock.last.saturating_sub(clock.first);
        let read = self.clock.as_ref();
        let left = slice(urgent).saturating_sub(read.map_or(0, used));
        read.map_or(self.since, |clock| clock.read_at) + left
    }

    /// Looks again at the same stretch. `used` is what its thread's clock says, if there is one.
    fn judge(
        &mut self,
        now: u64,
        used: Option<u64>,
        urgent: bool,
        sleeps: impl FnOnce() -> bool,
    ) -> Verdict {
        let slice = slice(urgent);
        let lasted = now.saturating_sub(self.since);
        let Some(used) = used else {
            // Wall time is all there is.
            return Verdict::take_if(lasted >= slice);
        };
        let Some(clock) = &mut self.clock else {
            self.clock = Some(Clock::first(used, now));
            return Verdict::Unsure;
        };
        if used.saturating_sub(clock.first) >= slice {
            return Verdict::Take(Absence::Running);
        }
        if now.saturating_sub(clock.read_at) >= BLOCKED_AFTER {
            let still = used.saturating_sub(clock.last) < STANDS_STILL;
            (clock.last, clock.read_at) = (used, now);
            if still && sleeps() {
                return Verdict::Take(Absence::Blocked);
            }
        }
        let wall_max = if urgent { WALL_MAX_URGENT } else { WALL_MAX };
        Verdict::take_if(lasted >= wall_max)
    }
}

fn slice(urgent: bool) -> u64 {
    if urgent { SLICE_URGENT } else { SLICE }
}

impl Verdict {
    fn take_if(condition: bool) -> Verdict {
        if condition {
            Verdict::Take(Absence::Running)
        } else {
            Verdict::Fine
        }
    }
}

impl Scheduler {
    /// Looks at all processors, and takes those whose stretches have lasted too long.
    pub(super) fn watch(&'static self, watch: &mut Watch, now: u64, urgent: bool) -> Pace {
        let mut pace = Pace {
            stuck: true,
            ..Pace::unknown()
        };
        for (processor, look) in self.processors.iter().zip(&mut watch.looks) {
            let Some(machine) = processor.holder() else {
                *look = Look::default();
                pace.stuck = false;
                continue;
            };
            let stretch = processor.stretch();
            let thread = machine.presence.thread();
            if look.stretch != Some(stretch) {
                // Reading the clock costs 0.6 µs: too much at each look if the looks come often.
                let used = urgent.then(|| thread_clock::used(thread)).flatten();
                // Nobody is asked to yield who has just begun: it may be who is urgent, on his way to wait again. Is it a long one?
                // If the next is as fresh, they are short.
                pace.unsure |= urgent && !look.fresh;
                *look = Look::first(stretch, now, used);
                pace.stuck = false;
                continue;
            }
            look.fresh = false;
            if urgent || now.saturating_sub(look.since) >= SOFT_AFTER {
                machine.patience.end();
            }
            if machine.blocks.load(Ordering::Relaxed) {
                watch.wanted.push(Wanted {
                    processor,
                    machine,
                    stretch,
                    why: Absence::Blocked,
                });
                continue;
            }
            let used = thread_clock::used(thread);
            match look.judge(now, used, urgent, || thread_clock::sleeps(thread)) {
                Verdict::Fine => pace.slice_ends = pace.slice_ends.min(look.slice_ends(urgent)),
                Verdict::Unsure => pace.unsure = true,
                Verdict::Take(why) => watch.wanted.push(Wanted {
                    processor,
                    machine,
                    stretch,
                    why,
                }),
            }
        }
        self.limit(&mut watch.wanted);
        pace.blocked = self.take_all(&mut watch.wanted);
        pace
    }

    /// Leaves out what would cost one thread too many.
    fn limit(&'static self, wanted: &mut Vec<Wanted>) {
        if wanted.is_empty() {
            return;
        }
        if !self.has_room_for_machine() {
            self.warn_of_limit(&wanted[0], "max_machines");
            wanted.clear();
        }
        if self.absent.running() < RUNNING_MAX {
            return;
        }
        let all_stand = wanted.len() == self.processors.len();
        let mut last = all_stand.then(|| wanted.swap_remove(0));
        if let Some(last) = &last {
            self.warn_of_limit(last, "256 hot loops");
        }
        wanted.retain(|wanted| wanted.why == Absence::Blocked);
        wanted.extend(last.take());
    }

    fn warn_of_limit(&self, wanted: &Wanted, limit: &str) {
        let site = wanted
            .machine
            .current()
            .and_then(walk::seen)
            .and_then(|seen| seen.spawned_at);
        let site = site.map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
        self.monitor.warn_once(move || {
            format!(
                "too many tasks do not return from their polls (limit: {limit}); the others will run late. One of them was spawned at {site}: \
                 let it await something now and then, or use `block_in_place` or `spawn_blocking`"
            )
        });
    }

    /// True: some thread was blocked.
    fn take_all(&'static self, wanted: &mut Vec<Wanted>) -> bool {
        wanted.retain(|wanted| wanted.machine.retake.request(wanted.stretch));
        if wanted.is_empty() {
            return false;
        }
        // One for all: it interrupts every CPU that runs a thread of ours.
        barrier::heavy();
        let mut blocked = false;
        for wanted in wanted.drain(..) {
            let machine = wanted.machine;
            let current = || machine.stretch();
            if machine.retake.take(&machine.depth, wanted.stretch, current) {
                self.took(&wanted);
                blocked |= wanted.why == Absence::Blocked;
            }
        }
        blocked
    }

    fn took(&'static self, wanted: &Wanted) {
        wanted.processor.clear_holder();
        match self.idle.take_machine() {
            Some(machine) => self.run_processor(wanted.processor, Some(machine)),
            None => self.start_machine_for(wanted.processor),
        }
        wanted.machine.note_absence(wanted.why);
    }
}

#[cfg(test)]
mod tests;
