//! The runtime, and how the phases put many operations on it.
//!
//! # How it works
//! The connections are dealt out to as many lanes as operations may be under way at once. A lane is one task that does
//! one operation after the other; it owns its connections, so nothing is shared and no semaphore is needed.

use std::{io, time::Duration};

use gmp::{Builder, Runtime};

use crate::machine;

/// How long one operation may take. A lost SYN is sent again after 1, 3, 7 and 15 s.
pub(crate) const OPERATION_LIMIT: Duration = Duration::from_secs(20);

pub(crate) fn runtime(max_procs: Option<usize>) -> io::Result<Runtime> {
    Builder::new()
        .max_procs(max_procs.unwrap_or_else(machine::cores))
        .build()
}

/// Runs each of `lanes` as a task and gives what they return, in the same order.
pub(crate) async fn run_lanes<L>(lanes: impl Iterator<Item = L>) -> Vec<L::Output>
where
    L: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = lanes.map(gmp::spawn).collect();
    let mut outputs = Vec::with_capacity(tasks.len());
    for task in tasks {
        outputs.push(task.await.expect("a lane neither panics nor is aborted"));
    }
    outputs
}

/// # Errors
/// Those of `operation`, and [`TimedOut`](io::ErrorKind::TimedOut) after [`OPERATION_LIMIT`].
pub(crate) async fn within_limit<T>(
    operation: impl Future<Output = io::Result<T>>,
) -> io::Result<T> {
    let elapsed = |_| {
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no answer in {OPERATION_LIMIT:?}"),
        )
    };
    gmp::time::timeout(OPERATION_LIMIT, operation)
        .await
        .map_err(elapsed)?
}
