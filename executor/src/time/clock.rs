//! The one place where the clock is read.
//!
//! Inside, a point in time is a number of nanoseconds since about the process's start, so that it fits a word
//! and compares in one instruction; outside it is a [`std::time::Instant`].

use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

static START: OnceLock<Instant> = OnceLock::new();

#[inline]
fn start() -> Instant {
    // One second back, so that no point in time from now on is 0.
    *START.get_or_init(|| {
        let now = Instant::now();
        now.checked_sub(Duration::from_secs(1)).unwrap_or(now)
    })
}

/// Now.
#[inline]
pub(crate) fn now() -> u64 {
    nanoseconds(now_instant())
}

#[inline]
pub(crate) fn now_instant() -> Instant {
    Instant::now()
}

/// A point in time as nanoseconds; what lies before the start is 0, what lies 584 years ahead is the end.
#[inline]
pub(crate) fn nanoseconds(at: Instant) -> u64 {
    saturating(at.saturating_duration_since(start()))
}

/// The point in time of a number of nanoseconds.
pub(crate) fn instant(nanoseconds: u64) -> Instant {
    start() + Duration::from_nanos(nanoseconds)
}

/// `now + wait`; where that overflows, the end of time.
#[inline]
pub(crate) fn after(wait: Duration) -> u64 {
    now().saturating_add(saturating(wait))
}

/// `at + wait`; where that overflows, a century from `at`.
pub(crate) fn later(at: Instant, wait: Duration) -> Instant {
    const CENTURY: Duration = Duration::from_secs(100 * 365 * 24 * 3600);
    at.checked_add(wait).unwrap_or_else(|| at + CENTURY)
}

#[inline]
fn saturating(duration: Duration) -> u64 {
    let seconds = duration.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(u64::from(duration.subsec_nanos()))
}
