//! What the monitor remembers between two looks. Its own: no other thread sees it.

use std::time::Duration;

use super::{
    super::{resize::Following, watch::Watch},
    pace::{HINT_MIN, PERIOD_MAX, PERIOD_MIN, SCAVENGE_AGAIN},
};
use crate::{slab::Scavenge, time::clock};

/// A wait that lasted so much longer than was asked was a stop: `SIGSTOP`, a debugger, a quota that is used up. On a busy
/// machine the monitor is late too, but not so late.
const STOPPED: Duration = Duration::from_millis(10);

/// What one look saw of a processor.
#[derive(Clone, Copy, Default)]
pub(super) struct Glance {
    pub(super) tick: u64,
    pub(super) stood: bool,
}

/// What the monitor remembers between two looks.
pub(super) struct Memory {
    pub(super) following: Following,
    pub(super) glances: Vec<Glance>,
    pub(super) watch: Watch,
    /// The longest period while something runs: a quarter of a slice at most, if that is not too short.
    pub(super) period_max: Duration,
    /// How often tasks that have lost a processor by running too long get a turn on each, if they get none otherwise: the
    /// slice.
    pub(super) grant_gap: Duration,
    /// When the background had its slices, and how many turns.
    pub(super) granted_at: u64,
    pub(super) background_turns: u64,
    /// When the wait that goes on should end.
    pub(super) due: Option<u64>,
    /// The last one was a stop; it was not cut short.
    pub(super) stopped: bool,
    pub(super) in_time: bool,
    pub(super) polls: u64,
    pub(super) polled_at: u64,
    pub(super) period: Duration,
    /// All processors were in the middle of long polls at the last look.
    pub(super) stuck: bool,
    /// When the first of them will have used its slice, if it goes on.
    pub(super) slice_ends: u64,
    /// Until when tasks that look at the soft flag are expected.
    pub(super) listened_until: u64,
    /// Until when the period stays the shortest.
    pub(super) keen_until: u64,
    /// When the next hint is welcome, and how long after that the one after it.
    pub(super) hint_at: u64,
    pub(super) hint_gap: Duration,
    pub(super) quiet_since: Option<u64>,
    pub(super) scavenged: bool,
    /// When the next pass beside what runs begins, and the one that is under way.
    pub(super) scavenge_at: u64,
    pub(super) scavenge: Option<Scavenge>,
    /// When, and with which one, it looks again at machines that are away.
    pub(super) absent_at: u64,
    pub(super) absent_next: usize,
}

impl Memory {
    pub(super) fn new(following: Following, slice: Duration) -> Memory {
        Memory {
            following,
            glances: Vec::new(),
            watch: Watch::new(slice),
            period_max: PERIOD_MAX.min(slice / 4).max(PERIOD_MIN),
            grant_gap: slice,
            granted_at: 0,
            background_turns: 0,
            due: None,
            stopped: false,
            in_time: true,
            polls: 0,
            polled_at: 0,
            period: PERIOD_MIN,
            stuck: false,
            slice_ends: u64::MAX,
            listened_until: 0,
            keen_until: 0,
            hint_at: 0,
            hint_gap: HINT_MIN,
            quiet_since: None,
            scavenged: true,
            scavenge_at: clock::after(SCAVENGE_AGAIN),
            scavenge: None,
            absent_at: 0,
            absent_next: 0,
        }
    }

    /// How long the monitor was away that should have looked. Not twice in a row: it would never look again.
    pub(super) fn missed(&mut self, now: u64) -> u64 {
        self.in_time = self.due.is_none_or(|due| now >= due);
        let late = self.due.take().map_or(0, |due| now.saturating_sub(due));
        let stopped = late >= STOPPED.as_nanos() as u64 && !self.stopped;
        self.stopped = stopped;
        if stopped { late } else { 0 }
    }
}
