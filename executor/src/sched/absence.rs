//! Machines that poll without a processor: how they lose it, what the monitor knows of them, and that they come back. Their counts
//! and slices: [`roll`](super::roll).
//!
//! What a machine is entered as the monitor saw when it took the processor. A poll may go on otherwise, so the monitor looks again at
//! some machines now and then: who slept may loop, who looped may sleep. Who only got no CPU may turn out to be a hot loop, once its
//! poll has used a slice of CPU time: then that is told as its task's fault, once.
//!
//! # Not done here
//! Nested `block_on` and `spawn_blocking` count as blocked whatever they do: the program has said so, and limits the latter.

use std::{
    sync::atomic::{AtomicU8, AtomicU64, Ordering},
    time::Duration,
};

use super::{
    machine::Machine,
    reporter::{self, Spent, Stall},
    retake::{Answer, Stretch},
    roll::{Absence, Away, Roll},
    scheduler::Scheduler,
    sigurg, slices,
    thread_clock::{self, State},
    watch,
};
use crate::{
    hand_off::Cause,
    shim::lock,
    task::{Name, walk},
};

impl Absence {
    /// What a hand-off makes of the machine. `None`: the task said beforehand that it blocks.
    fn after(cause: Option<Cause>) -> Absence {
        match cause {
            Some(Cause::Running) => Absence::Running,
            Some(Cause::Blocked) | None => Absence::Blocked,
            Some(Cause::Starved) => Absence::Starved,
        }
    }

    /// What it is that has given its processor up by itself: its thread runs, whatever the monitor saw.
    fn answering(cause: Option<Cause>) -> Absence {
        match cause {
            Some(Cause::Starved) => Absence::Starved,
            _ => Absence::Running,
        }
    }
}

/// For [`Presence::cpu_since`]: nothing counts as used since then.
const UNKNOWN: u64 = u64::MAX;

/// So often the monitor looks again at machines that are away, and at so many of them: each costs 0.6 µs, or 10.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(100);
const LOOKED_AT: usize = 64;

impl Away {
    /// What it is to count as from now on, if that is another thing. `in_poll` is what its poll has used.
    ///
    /// A hot loop beside many gets little CPU time, so what it uses adds up until it is seen asleep. A slice is enough; what is too
    /// long where something urgent waits, if it slept.
    fn judge(
        &mut self,
        used: u64,
        in_poll: u64,
        slice: Duration,
        state: impl FnOnce() -> State,
    ) -> Option<Absence> {
        if self.why == Absence::Starved && u128::from(in_poll) >= slice.as_nanos() {
            self.used = Some(used);
            return Some(match state() {
                State::Sleeps => Absence::Blocked,
                State::Runs | State::Unknown => Absence::Running,
            });
        }
        let long = watch::urgent(slice);
        let Some(before) = self.used else {
            self.used = Some(used);
            return None;
        };
        let moved = used.saturating_sub(before);
        match self.why {
            Absence::Running | Absence::Starved => {
                self.used = Some(used);
                let sleeps = moved < watch::STANDS_STILL && state() == State::Sleeps;
                sleeps.then_some(Absence::Blocked)
            }
            Absence::Blocked if moved < long => None,
            Absence::Blocked => {
                self.used = Some(used);
                (state() == State::Runs).then_some(Absence::Running)
            }
        }
    }
}

/// A machine's entry in the list of the absent, and its thread.
pub(super) struct Presence {
    roll: Roll,
    /// Why the monitor wants the processor; 0: the task said that it blocks. Written by the monitor before it asks, and when it
    /// knows better.
    cause: AtomicU8,
    /// When the monitor saw that stretch first, and what the thread's CPU clock said then; [`UNKNOWN`] if it did not look. Written
    /// by the monitor.
    since: AtomicU64,
    cpu_since: AtomicU64,
}

impl Presence {
    pub(super) fn new() -> Presence {
        Presence {
            roll: Roll::new(),
            cause: AtomicU8::new(0),
            since: AtomicU64::new(0),
            cpu_since: AtomicU64::new(UNKNOWN),
        }
    }

    /// The monitor is about to ask for the processor. A machine that answers an earlier request meanwhile may be told the
    /// cause of this one.
    pub(super) fn set_cause(&self, cause: Option<Cause>, spent: &Spent) {
        self.since.store(spent.since, Ordering::Relaxed);
        self.cpu_since
            .store(spent.since_cpu.unwrap_or(UNKNOWN), Ordering::Relaxed);
        self.store_cause(cause);
    }

    fn store_cause(&self, cause: Option<Cause>) {
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
        let used = thread_clock::used(self.thread());
        self.cause() == Some(Cause::Running)
            || used.is_none_or(|used| self.in_poll(used) >= nanoseconds)
    }

    /// CPU time of the stretch in which the processor was lost, where the thread's clock says `used`.
    fn in_poll(&self, used: u64) -> u64 {
        used.saturating_sub(self.cpu_since.load(Ordering::Relaxed))
    }

    /// It is seen to do this. True: that is its task's fault, though nobody was to blame before. Once. By the monitor.
    fn is_fault_after_all(&self, found: Absence) -> bool {
        let is_fault = found == Absence::Running && self.cause() == Some(Cause::Starved);
        if is_fault {
            self.store_cause(Some(Cause::Running));
        }
        is_fault
    }

    /// What the stretch has used by now, where the thread's clock says `used`. By the monitor.
    fn spent(&self, now: u64, used: u64) -> Spent {
        let since_cpu = self.cpu_since.load(Ordering::Relaxed);
        Spent {
            since: self.since.load(Ordering::Relaxed),
            since_cpu: (since_cpu != UNKNOWN).then_some(since_cpu),
            now,
            now_cpu: Some(used),
        }
    }

    /// The machine's thread begins.
    pub(super) fn begin(&self) {
        self.roll.begin(slices::own_thread());
    }

    /// The machine's thread is about to end: its id may be another's soon.
    pub(super) fn end(&self) {
        self.roll.end();
    }

    pub(super) fn thread(&self) -> i32 {
        self.roll.thread()
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
                let cause = self.presence.cause();
                self.scheduler.hand_offs.count(cause);
                self.enter_as(Absence::answering(cause));
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
        let absent = &self.scheduler.absent;
        let was = self.presence.roll.come_back(&self.retake, absent);
        if matches!(was, Some(Absence::Running | Absence::Starved)) {
            // Who only got no CPU is not to wait in the background for it.
            let slice = watch::urgent(self.scheduler.config().time_slice);
            self.ran_too_long.set(self.presence.has_used(slice));
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
    /// (A2): the thread is this machine's.
    pub(super) fn send_signal(&self, task: Option<Name>) -> bool {
        self.presence.roll.look(|absence, thread| {
            // A call in the system that the signal would cut short is not to be risked.
            let runs = absence == Some(Absence::Running) && self.is_away_with(task);
            runs && thread != 0
                && thread_clock::state(thread) == State::Runs
                && sigurg::send(thread)
        })
    }

    /// Enters it as absent. By whoever made its word *lost*.
    fn enter_as(&self, why: Absence) {
        let absent = &self.scheduler.absent;
        self.presence.roll.enter(why, &self.retake, absent);
    }

    /// Counts it as what it does now, if it is away. By the monitor.
    fn look_again(&'static self, now: u64) {
        let slice = self.scheduler.config().time_slice;
        let presence = &self.presence;
        let mut clock = 0;
        let found = presence
            .roll
            .count_again(&self.scheduler.absent, |away, thread| {
                clock = thread_clock::used(thread)?;
                let state = || thread_clock::state(thread);
                away.judge(clock, presence.in_poll(clock), slice, state)
            });
        if found.is_some_and(|found| presence.is_fault_after_all(found)) {
            self.tell_after_all(presence.spent(now, clock));
        }
    }

    /// Its task has turned out to be a hot loop.
    fn tell_after_all(&'static self, spent: Spent) {
        let task = self.current();
        // Only the monitor, who is here, could have taken another processor from it: so it is still the same poll.
        if self.is_away_with(task) {
            reporter::tell(Stall {
                machine: self,
                task: task.and_then(walk::seen),
                cause: Cause::Running,
                spent,
            });
        }
    }
}

impl Scheduler {
    /// Looks again at some machines that are away: those from `next` on, which moves on.
    pub(super) fn look_again_at_absent(&self, next: &mut usize, now: u64) {
        let some: Vec<_> = {
            let roster = lock(&self.roster);
            if *next >= roster.len() {
                *next = 0;
            }
            roster.iter().copied().skip(*next).take(LOOKED_AT).collect()
        };
        *next += some.len();
        for machine in some {
            machine.look_again(now);
        }
    }
}

#[cfg(test)]
mod tests;
