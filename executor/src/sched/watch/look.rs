//! What one look at a stretch says of it: how long it may last, and whether its processor is to be taken. The rules are those of
//! [`watch`](super); nothing here asks the system or takes anything.

use std::time::Duration;

use super::super::{reporter::Spent, retake::Stretch, thread_clock::State};
use crate::hand_off::Cause;

/// How long a thread's clock must stand still before the thread counts as blocked: waking it costs a tenth of that.
const BLOCKED_AFTER: u64 = 100_000;
/// The same where the system does not tell whether it sleeps: a thread that runs waits for its CPU for less, mostly.
const SILENT_AFTER: u64 = 2_000_000;
/// What the clock of a thread that sleeps may move on between two looks.
pub(in crate::sched) const STANDS_STILL: u64 = 5_000;
/// Neighbours may keep a thread from its CPU for so long, whatever the slice is.
const WALL_MIN: u64 = 20_000_000;
/// After this long a stretch is asked to yield; after half a slice if that is less.
const SOFT_AFTER: u64 = 500_000;

/// How long stretches may last, nanoseconds.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// CPU time.
    slice: u64,
    /// The same while timers are due, or tasks that timers or sockets woke stand, and no processor is idle.
    urgent: u64,
    /// Wall time, where the thread neither runs nor sleeps.
    wall: u64,
    /// The same while it is urgent: beside 100 hot loops a slice of CPU time is 0.1 s.
    wall_urgent: u64,
    /// Wall time until the soft flag is raised.
    pub(super) soft: u64,
}

/// The CPU time of a slice while something urgent waits, nanoseconds.
pub(in crate::sched) fn urgent(slice: Duration) -> u64 {
    slice.as_nanos() as u64 / 5
}

impl Limits {
    /// For a slice of 10 ms: 2 ms if it is urgent, 20 ms of wall time, or 4 ms.
    pub(super) fn new(slice: Duration) -> Limits {
        let urgent = urgent(slice);
        let slice = slice.as_nanos() as u64;
        Limits {
            slice,
            urgent,
            wall: (2 * slice).max(WALL_MIN),
            wall_urgent: 2 * slice / 5,
            soft: SOFT_AFTER.min(slice / 2),
        }
    }

    pub(super) fn slice(self, urgent: bool) -> u64 {
        if urgent { self.urgent } else { self.slice }
    }

    fn wall(self, urgent: bool) -> u64 {
        if urgent { self.wall_urgent } else { self.wall }
    }

    /// Where the processor was taken for want of a CPU a moment ago.
    pub(super) fn sparing(self, spared: bool) -> Limits {
        if !spared {
            return self;
        }
        Limits {
            wall: u64::MAX,
            wall_urgent: u64::MAX,
            ..self
        }
    }
}

/// What the monitor remembers of a processor's stretch.
#[derive(Clone, Copy, Default)]
pub(super) struct Look {
    pub(super) stretch: Option<Stretch>,
    /// When the monitor saw it first.
    pub(super) since: u64,
    clock: Option<Clock>,
    /// At the look before, there was another stretch.
    pub(super) fresh: bool,
}

/// Readings of the thread's CPU clock.
#[derive(Clone, Copy)]
struct Clock {
    first: u64,
    last: u64,
    read_at: u64,
    /// It has stood still since, if it does.
    moved_at: u64,
}

impl Clock {
    fn first(used: u64, now: u64) -> Clock {
        Clock {
            first: used,
            last: used,
            read_at: now,
            moved_at: now,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    Fine,
    /// It may be blocked: the next look tells.
    Unsure,
    Take(Cause),
}

impl Look {
    /// `used` is what the thread's clock says, if that was asked.
    pub(super) fn first(stretch: Stretch, now: u64, used: Option<u64>) -> Look {
        Look {
            stretch: Some(stretch),
            since: now,
            clock: used.map(|used| Clock::first(used, now)),
            fresh: true,
        }
    }

    /// Before another stretch is seen here for the first time: whether that is to be looked at once more, soon.
    pub(super) fn is_worth_another(&self, urgent: bool, blocks: bool) -> bool {
        blocks || (urgent && !self.fresh)
    }

    /// When its slice ends if its thread runs on. By what the last look read.
    pub(super) fn slice_ends(&self, slice: u64) -> u64 {
        let used = |clock: &Clock| clock.last.saturating_sub(clock.first);
        let read = self.clock.as_ref();
        let left = slice.saturating_sub(read.map_or(0, used));
        read.map_or(self.since, |clock| clock.read_at) + left
    }

    /// The monitor was away for so long.
    pub(super) fn forget(&mut self, away: u64) {
        self.since += away;
        if let Some(clock) = &mut self.clock {
            clock.read_at += away;
            clock.moved_at += away;
        }
    }

    /// Looks again at the same stretch. `used` is what its thread's clock says, if there is one.
    pub(super) fn judge(
        &mut self,
        now: u64,
        used: Option<u64>,
        limits: Limits,
        urgent: bool,
        state: impl FnOnce() -> State,
    ) -> Verdict {
        let slice = limits.slice(urgent);
        let lasted = now.saturating_sub(self.since);
        let Some(used) = used else {
            // Wall time is all there is.
            return Verdict::starved_if(lasted >= slice);
        };
        let Some(clock) = &mut self.clock else {
            self.clock = Some(Clock::first(used, now));
            return Verdict::Unsure;
        };
        if used.saturating_sub(clock.first) >= slice {
            return Verdict::Take(Cause::Running);
        }
        if now.saturating_sub(clock.read_at) >= BLOCKED_AFTER {
            let still = used.saturating_sub(clock.last) < STANDS_STILL;
            (clock.last, clock.read_at) = (used, now);
            if !still {
                clock.moved_at = now;
            }
            let stood = now.saturating_sub(clock.moved_at);
            let sleeps = still
                && match state() {
                    State::Runs => false,
                    State::Sleeps => true,
                    State::Unknown => stood >= SILENT_AFTER,
                };
            if sleeps {
                return Verdict::Take(Cause::Blocked);
            }
        }
        Verdict::starved_if(lasted >= limits.wall(urgent))
    }

    /// What the stretch has used up, by a clock that has just said `used`.
    pub(super) fn spent(&self, now: u64, used: Option<u64>) -> Spent {
        Spent {
            since: self.since,
            since_cpu: self.clock.map(|clock| clock.first),
            now,
            now_cpu: used,
        }
    }
}

impl Verdict {
    fn starved_if(condition: bool) -> Verdict {
        if condition {
            Verdict::Take(Cause::Starved)
        } else {
            Verdict::Fine
        }
    }
}

#[cfg(test)]
mod tests;
