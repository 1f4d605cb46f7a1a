//! What a runtime has done so far, in numbers.

use std::time::Duration;

use crate::{hand_off::Cause, sched::Live};

/// Figures of a runtime since it began, at about one moment: they need not fit each other to the last one. They are always
/// counted, and reading them stops nobody. All are 0 once the runtime has ended.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// runtime.block_on(async { gmp_executor::spawn_blocking(|| ()).await }).unwrap();
/// assert_eq!(runtime.metrics().blocking_done, 1);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RuntimeMetrics {
    /// Processors taken from tasks that ran on: hot loops, or long calculations.
    pub hand_offs_running: u64,
    /// Processors taken from tasks that blocked their threads without saying so.
    pub hand_offs_blocked: u64,
    /// Processors taken from tasks whose threads had no CPU for long, because of busy neighbours or a quota: not the tasks'
    /// fault.
    pub hand_offs_starved: u64,
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
            hand_offs_running: live.hand_offs(Cause::Running),
            hand_offs_blocked: live.hand_offs(Cause::Blocked),
            hand_offs_starved: live.hand_offs(Cause::Starved),
            blocking_queued: blocking.queued,
            blocking_running: blocking.running,
            blocking_done: blocking.done,
            blocking_wait_total: Duration::from_nanos(blocking.waited),
            blocking_wait_max: Duration::from_nanos(blocking.waited_longest),
        }
    }
}
