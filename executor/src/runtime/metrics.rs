//! What a runtime counts.

use std::time::Duration;

use crate::sched::Live;

/// What a runtime counts, at about one moment; the numbers need not fit each other to the last one.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// runtime.block_on(async { gmp_executor::spawn_blocking(|| ()).await }).unwrap();
/// assert_eq!(runtime.metrics().blocking_done, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct RuntimeMetrics {
    /// Functions of [`spawn_blocking`](crate::spawn_blocking) that wait because
    /// [`Builder::blocking_threads`](crate::Builder::blocking_threads) of them run.
    pub blocking_queued: usize,
    /// Functions of `spawn_blocking` that run.
    pub blocking_running: usize,
    /// Functions of `spawn_blocking` that have run, also those that panicked.
    pub blocking_done: u64,
    /// How long all functions that have begun had waited since `spawn_blocking` was called.
    pub blocking_wait_total: Duration,
    /// The longest of these waits.
    pub blocking_wait_max: Duration,
}

impl RuntimeMetrics {
    pub(super) fn of(live: Live) -> RuntimeMetrics {
        let Some(blocking) = live.blocking_counts() else {
            return RuntimeMetrics::default();
        };
        RuntimeMetrics {
            blocking_queued: blocking.queued,
            blocking_running: blocking.running,
            blocking_done: blocking.done,
            blocking_wait_total: Duration::from_nanos(blocking.waited),
            blocking_wait_max: Duration::from_nanos(blocking.waited_longest),
        }
    }
}
