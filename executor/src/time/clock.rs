//! The one place where the clock is read.
//!
//! Inside, a point in time is a number of nanoseconds since the first look, so that it fits a word and
//! compares in one instruction; outside it is a [`std::time::Instant`].

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
    nanoseconds(Instant::now())
}

pub(crate) fn now_instant() -> Instant {
    Instant::now()
}

/// A point in time as nanoseconds; what lies before the start is 0, what lies 584 years ahead is the end.
#[inline]
pub(crate) fn nanoseconds(at: Instant) -> u64 {
    let since = at.saturating_duration_since(start());
    match since.as_secs().checked_mul(1_000_000_000) {
        Some(seconds) => seconds.saturating_add(u64::from(since.subsec_nanos())),
        None => u64::MAX,
    }
}

/// The point in time of a number of nanoseconds.
pub(crate) fn instant(nanoseconds: u64) -> Instant {
    start() + Duration::from_nanos(nanoseconds)
}

/// `now + wait`; where that overflows, the end of time.
#[inline]
pub(crate) fn after(wait: Duration) -> u64 {
    let nanoseconds = u64::try_from(wait.as_nanos()).unwrap_or(u64::MAX);
    now().saturating_add(nanoseconds)
}
