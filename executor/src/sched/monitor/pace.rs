//! When the monitor looks again: how long it pauses while something runs, and that it sleeps while nothing does.
//!
//! # How it works
//! The period doubles from one look to the next, and becomes the shortest again where a look, or a hint, shows that more is to
//! be seen. A pause is cut short by the end of a slice, and by a timer that nobody else would fire. What it has time for then is the
//! memory of bursts: it goes back to the system, all of it while nothing runs, and a part at each look otherwise.

use std::{
    sync::atomic::{Ordering, fence},
    time::Duration,
};

use super::{
    super::{scheduler::Scheduler, slack, watch::Pace},
    memory::Memory,
};
use crate::slab::{self, Scavenge};

/// How long work may stand beside an idle processor, and the shortest period: a twentieth of what
/// waking a thread and stealing costs would be too short to pay (5 µs), the slice too long.
pub(super) const PERIOD_MIN: Duration = Duration::from_micros(100);
/// The longest period while something runs: a quarter of the usual slice, 10 ms.
pub(super) const PERIOD_MAX: Duration = Duration::from_micros(2500);
/// The longest while tasks look at the soft flag: they get about twice that.
const PERIOD_SOFT: Duration = Duration::from_micros(500);
/// How long it goes on looking when nothing runs any more: waking it costs 2 µs and more.
const LINGER: Duration = Duration::from_millis(10);
/// After this long in idleness the pages of empty spans go back to the system.
const SCAVENGE: Duration = Duration::from_secs(1);
/// And again this often: threads without a processor free slots that it does not hear of. Beside what runs, too.
pub(super) const SCAVENGE_AGAIN: Duration = Duration::from_secs(10);
/// How long it looks at the shortest period after it saw work stand or a thread block, and after a hint.
const KEEN: Duration = LINGER;
const KEEN_BY_HINT: Duration = Duration::from_micros(400);
/// The shortest and longest time between two hints: they double while they come to nothing, so that
/// tasks that wake each other pay one wake-up in 10 ms, 0.02 %.
pub(super) const HINT_MIN: Duration = Duration::from_micros(200);
const HINT_MAX: Duration = Duration::from_millis(10);

impl Memory {
    /// Something always runs: a burst's memory goes back all the same, a part at each look.
    fn scavenge_some(&mut self, now: u64) {
        if now >= self.scavenge_at {
            self.scavenge_at = now + SCAVENGE_AGAIN.as_nanos() as u64;
            self.scavenge = Some(Scavenge::default());
        }
        if let Some(pass) = &mut self.scavenge {
            if pass.step().is_none() {
                self.scavenge = None;
            }
        }
    }

    pub(super) fn choose_period(&mut self, stood: bool, hinted: bool, pace: Pace, now: u64) {
        if stood || pace.blocked {
            self.keen_until = now + KEEN.as_nanos() as u64;
            self.hint_gap = HINT_MIN;
        } else if hinted {
            self.keen_until = now + KEEN_BY_HINT.as_nanos() as u64;
            self.hint_at = now + self.hint_gap.as_nanos() as u64;
            self.hint_gap = (self.hint_gap * 2).min(HINT_MAX);
        }
        let longest = if now < self.listened_until {
            PERIOD_SOFT.min(self.period_max)
        } else {
            self.period_max
        };
        let longer = (self.period * 2).min(longest);
        self.period = if now < self.keen_until || pace.unsure {
            PERIOD_MIN
        } else {
            longer
        };
    }
}

impl Scheduler {
    pub(super) fn wait(&self, memory: &mut Memory, now: u64) {
        // Work may stand for which a thread is lacking.
        if !self.idle.all_idle() || self.caps.lacks_thread(now) {
            memory.quiet_since = None;
            memory.scavenged = false;
            memory.scavenge_some(now);
            let pause = self.until_next_look(memory, now);
            memory.due = Some(now + pause.as_nanos() as u64);
            return slack::precisely(|| std::thread::park_timeout(pause));
        }
        let since = *memory.quiet_since.get_or_insert(now);
        let quiet = Duration::from_nanos(now.saturating_sub(since));
        if quiet < LINGER {
            std::thread::park_timeout(memory.period);
        } else if memory.scavenged {
            self.sleep(SCAVENGE_AGAIN);
            memory.scavenged = false;
        } else if quiet < SCAVENGE {
            self.sleep(SCAVENGE - quiet);
        } else {
            memory.scavenged = true;
            slab::scavenge();
        }
    }

    /// The period, or less if a slice ends before; or if a timer is due: one that somebody idle could fire and the sleeper does
    /// not know of, or one that needs a processor first.
    fn until_next_look(&self, memory: &Memory, now: u64) -> Duration {
        let slice = Duration::from_nanos(memory.slice_ends.saturating_sub(now));
        let period = memory.period.min(slice.max(PERIOD_MIN));
        let wake_time = self.wake_time();
        let somebody_looks = if self.idle.counts().idle() == 0 {
            !memory.stuck
        } else {
            self.sleeper_wakes_by(wake_time)
        };
        if somebody_looks {
            return period;
        }
        let timer = Duration::from_nanos(wake_time.saturating_sub(now));
        period.min(timer.max(PERIOD_MIN))
    }

    /// Sleeps until a processor runs, or for `limit`.
    fn sleep(&self, limit: Duration) {
        let monitor = &self.monitor;
        let quiet = || {
            // Ordering: for requests, which are stored before the call.
            fence(Ordering::SeqCst);
            self.idle.all_idle() && !self.is_closing() && !monitor.requested.load(Ordering::SeqCst)
        };
        monitor
            .asleep
            .sleep(quiet, || std::thread::park_timeout(limit));
    }
}
