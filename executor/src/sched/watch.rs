//! Which stretches of user code have lasted too long, and the taking of their processors: the monitor's part of
//! the hand-off. The protocol is in [`retake`](super::retake).
//!
//! # How it works
//! A stretch is known by its processor's tick: nobody reads a clock when it begins. The monitor sees the same tick at two
//! looks, and then goes by the CPU clock of the stretch's thread:
//!
//! - it *stands still*, and the system says that the thread sleeps: the task blocks its thread. The processor goes at once; or
//!   after 2 ms where the system does not say whether it sleeps.
//! - it has moved on by a slice: the task is a hot loop, or a long calculation. The slice is shorter if something urgent
//!   waits.
//! - neither, for 20 ms of wall time (two slices, if that is more), or 4 ms (two fifths of a slice) if something urgent waits: the
//!   thread does not get a CPU. Then the processor is taken too, so that others may try; but that is not the task's fault, unless
//!   it turns out to run on ([`absence`](super::absence)).
//!
//! *Urgent* is a timer that is due, or a task that a timer or a socket woke, while no processor is idle.
//!
//! For want of a CPU each processor is taken once in [`SPARED`] at most, however urgent it is: the next thread will get no more of
//! the CPUs, and what was taken competes with it. But for where hot loops that are known as such, as many as there are processors,
//! run on without one: there a fresh thread gets a CPU sooner. It is for these that the limit is 4 ms if it is urgent: beside 100
//! of them a slice of CPU time is 0.1 s.
//!
//! Where the system has no such clock, wall time is all there is: a slice of that, and nobody is to blame.
//!
//! So a quota on CPU time, or busy neighbours, make nobody a hog. What the monitor itself misses while it is
//! stopped (a debugger, `SIGSTOP`) counts for nobody.
//!
//! What a slice is, the program may say ([`Builder::time_slice`](crate::Builder::time_slice)); the other limits follow.
//! Each hand-off is told to the [`reporter`], also one that a machine answered by itself: the monitor finds
//! out at its next look.
//!
//! Before all that, the *soft flag* of the machine is raised: tasks that look at it yield by themselves.
//!
//! # Not done here
//! The verdict on one stretch: `look`. How many may be taken: [`caps`](super::caps).

mod look;

use std::{sync::atomic::Ordering, time::Duration};

use self::look::{Limits, Look, Verdict};
pub(super) use self::look::{STANDS_STILL, urgent};

use super::{
    barrier,
    caps::Need,
    machine::Machine,
    processor::Processor,
    reporter::{self, Spent, Stall},
    retake::Stretch,
    scheduler::Scheduler,
    thread_clock,
};
use crate::{
    hand_off::Cause,
    task::{Name, walk},
};

/// A processor is taken for want of a CPU once in this time at most.
const SPARED: u64 = 1_000_000_000;

/// What the monitor remembers of all processors.
pub(super) struct Watch {
    limits: Limits,
    looks: Vec<Look>,
    /// Until when each is not taken for want of a CPU.
    spared_until: Vec<u64>,
    wanted: Vec<Wanted>,
    /// Those that were asked for at the last look and could not be taken: their machines may have given them up since.
    unanswered: Vec<Wanted>,
}

/// A processor to be taken.
pub(super) struct Wanted {
    pub(super) processor: &'static Processor,
    pub(super) machine: &'static Machine,
    stretch: Stretch,
    /// `None`: the task said beforehand that it blocks.
    pub(super) cause: Option<Cause>,
    spent: Spent,
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
    pub(super) fn new(slice: Duration) -> Watch {
        Watch {
            limits: Limits::new(slice),
            looks: Vec::new(),
            spared_until: Vec::new(),
            wanted: Vec::new(),
            unanswered: Vec::new(),
        }
    }

    /// The monitor was away for so long: nobody could run, or nobody knows.
    pub(super) fn forget(&mut self, away: u64) {
        for look in &mut self.looks {
            look.forget(away);
        }
    }
}

impl Scheduler {
    /// Looks at all processors, and takes those whose stretches have lasted too long.
    pub(super) fn watch(&'static self, watch: &mut Watch, now: u64, urgent: bool) -> Pace {
        self.tell_of_answers(&mut watch.unanswered);
        let limits = watch.limits;
        let mut pace = Pace {
            stuck: true,
            ..Pace::unknown()
        };
        // With our own hot loops on the CPUs, a fresh thread gets one sooner: its slices are short.
        let crowded = self.absent.crowd(self.idle.live());
        let made = self.processors.made();
        watch.looks.resize(made, Look::default());
        watch.spared_until.resize(made, 0);
        let looks = watch.looks.iter_mut().zip(&mut watch.spared_until);
        for (processor, (look, spared_until)) in self.processors.iter().zip(looks) {
            let Some(machine) = processor.holder() else {
                *look = Look::default();
                pace.stuck &= self.idle.is_retired(processor);
                continue;
            };
            let stretch = processor.stretch();
            let thread = machine.presence.thread();
            let blocks = machine.blocks.load(Ordering::Relaxed);
            if look.stretch != Some(stretch) {
                // Reading the clock costs 0.6 µs: too much at each look if the looks come often.
                let used = urgent.then(|| thread_clock::used(thread)).flatten();
                // Nobody is asked to yield who has just begun: it may be who is urgent, on his way to wait again. Is it a long one?
                // If the next is as fresh, they are short. Who says that he blocks may be done in a microsecond.
                pace.unsure |= look.is_worth_another(urgent, blocks);
                *look = Look::first(stretch, now, used);
                pace.stuck = false;
                continue;
            }
            look.fresh = false;
            if urgent || now.saturating_sub(look.since) >= limits.soft {
                machine.patience.end();
            }
            if blocks {
                watch.wanted.push(Wanted {
                    processor,
                    machine,
                    stretch,
                    cause: None,
                    spent: Spent::default(),
                });
                continue;
            }
            let used = thread_clock::used(thread);
            let limits = limits.sparing(now < *spared_until && !crowded);
            match look.judge(now, used, limits, urgent, || thread_clock::state(thread)) {
                Verdict::Fine => {
                    let ends = look.slice_ends(limits.slice(urgent));
                    pace.slice_ends = pace.slice_ends.min(ends);
                }
                Verdict::Unsure => pace.unsure = true,
                Verdict::Take(cause) => {
                    if cause == Cause::Starved {
                        *spared_until = now + SPARED;
                    }
                    watch.wanted.push(Wanted {
                        processor,
                        machine,
                        stretch,
                        cause: Some(cause),
                        spent: look.spent(now, used),
                    });
                }
            }
        }
        let need = self.limit(&mut watch.wanted, now);
        pace.blocked = self.take_all(&mut watch.wanted, &mut watch.unanswered, need);
        pace
    }

    /// True: some thread was blocked.
    fn take_all(
        &'static self,
        wanted: &mut Vec<Wanted>,
        unanswered: &mut Vec<Wanted>,
        need: Need,
    ) -> bool {
        wanted.retain(|wanted| {
            let presence = &wanted.machine.presence;
            presence.set_cause(wanted.cause, &wanted.spent);
            wanted.machine.retake.request(wanted.stretch)
        });
        if wanted.is_empty() {
            return false;
        }
        // One for all: it interrupts every CPU that runs a thread of ours.
        barrier::heavy();
        let mut blocked = false;
        for wanted in wanted.drain(..) {
            let machine = wanted.machine;
            // Behind the look at the depth and before the exchange that proves that the stretch goes on, so it is the
            // stretch's.
            let mut task = None;
            let current = || {
                task = machine.current();
                machine.stretch()
            };
            if machine.retake.take(&machine.depth, wanted.stretch, current) {
                blocked |= matches!(wanted.cause, Some(Cause::Blocked) | None);
                self.took(wanted, task, need);
            } else {
                unanswered.push(wanted);
            }
        }
        blocked
    }

    fn took(&'static self, wanted: Wanted, task: Option<Name>, need: Need) {
        let processor = wanted.processor;
        processor.clear_holder();
        if self.idle.is_retired(processor) {
            self.withdraw(processor);
        } else {
            match self.idle.take_machine() {
                Some(machine) => self.run_processor(processor, Some(machine)),
                None => self.start_machine_for(processor, need),
            }
        }
        wanted.machine.note_absence(wanted.cause);
        wanted.tell(task);
    }

    /// Machines that have given their processors up by themselves, and are still away.
    fn tell_of_answers(&self, unanswered: &mut Vec<Wanted>) {
        for wanted in unanswered.drain(..) {
            let task = wanted.machine.current();
            // Nobody else asks, so if its processor is lost, it is by what was asked then.
            if wanted.machine.is_away_with(task) {
                wanted.tell(task);
            }
        }
    }
}

impl Wanted {
    /// Its processor is gone, in the middle of a poll of `task`.
    fn tell(self, task: Option<Name>) {
        if let Some(cause) = self.cause {
            reporter::tell(Stall {
                machine: self.machine,
                task: task.and_then(walk::seen),
                cause,
                spent: self.spent,
            });
        }
    }
}

#[cfg(test)]
mod tests;
