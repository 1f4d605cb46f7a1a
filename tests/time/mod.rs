//! Time: sleeps, time-outs, intervals and timers. Nothing here measures how late something is, but for bounds
//! that only a forgotten timer misses.

mod intervals;
mod late;
mod sleeps;
mod timeouts;
mod timers;

use std::time::{Duration, Instant};

const MILLISECOND: Duration = Duration::from_millis(1);
const HOUR: Duration = Duration::from_secs(3600);

/// Runs `wait` to its end and tells how long that took.
/// From before the wait is made, since a sleep counts from then.
async fn measured<F: Future>(wait: impl FnOnce() -> F) -> Duration {
    let begun = Instant::now();
    wait().await;
    begun.elapsed()
}
