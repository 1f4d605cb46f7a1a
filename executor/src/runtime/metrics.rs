//! What a runtime has done so far, in numbers.

use crate::{hand_off::Cause, sched::Live};

/// Figures of a runtime since it began. They are always counted, and reading them stops nobody.
///
/// ```
/// let runtime = gmp_executor::Runtime::new()?;
/// assert_eq!(runtime.metrics().hand_offs_blocked, 0);
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
}

impl RuntimeMetrics {
    pub(super) fn of(live: Live) -> RuntimeMetrics {
        RuntimeMetrics {
            hand_offs_running: live.hand_offs(Cause::Running),
            hand_offs_blocked: live.hand_offs(Cause::Blocked),
            hand_offs_starved: live.hand_offs(Cause::Starved),
        }
    }
}
