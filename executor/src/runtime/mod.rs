//! Runtimes, as users build, enter and end them.

mod block_on;
mod builder;
mod handle;
mod metrics;
mod parker;

use std::{io, time::Duration};

pub use self::{
    block_on::block_on,
    builder::{Builder, PanicPolicy},
    handle::{EnterGuard, Handle},
    metrics::RuntimeMetrics,
};
pub use crate::sched::{CutTask, ShutdownReport};
use crate::{report, task::JoinHandle};

/// A runtime: processors, the threads that run them, and the tasks.
///
/// Dropping it ends it as [`shutdown_timeout`](Self::shutdown_timeout) does, within a second or what
/// [`Builder::shutdown_timeout`] says, and warns of what was cut: on standard error, or by a `tracing` event where that
/// feature is on.
///
/// ```
/// let runtime = gmp_executor::Builder::new().max_procs(2).build()?;
/// let sum = runtime.block_on(async {
///     let half = gmp_executor::spawn(async { 21 });
///     half.await.unwrap() * 2
/// });
/// assert_eq!(sum, 42);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Runtime {
    handle: Handle,
    /// How long its drop waits for tasks that are being polled.
    drop_timeout: Duration,
}

impl Runtime {
    /// A runtime with one processor for each CPU.
    ///
    /// # Errors
    /// As [`Builder::build`].
    pub fn new() -> io::Result<Runtime> {
        Builder::new().build()
    }

    /// Polls `future` on this thread until it is ready; tasks run on the runtime's threads meanwhile.
    ///
    /// The future is no task: waking it costs a thread switch. `spawn` the body and block on its handle, as
    /// `#[gmp::main]` does, where it talks to tasks much. Called inside a task, it gives the
    /// processor to another thread first.
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.handle.block_on(future)
    }

    /// Spawns a task. See [`spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.handle.spawn(future)
    }

    /// What to spawn with from anywhere.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }

    /// Makes this the thread's current runtime until the guard is dropped.
    pub fn enter(&self) -> EnterGuard {
        self.handle.enter()
    }

    /// What the runtime has done so far.
    pub fn metrics(&self) -> RuntimeMetrics {
        self.handle.metrics()
    }

    /// Ends the runtime and waits until every task is gone: each future is dropped where it stands, once
    /// its poll, if one goes on, has returned. Does not return beside a task that never does.
    pub fn shutdown(self) {
        let live = self.handle.live();
        std::mem::forget(self);
        live.shutdown(Duration::MAX);
    }

    /// As [`shutdown`](Self::shutdown), but returns when `timeout` is over. What is still being polled
    /// then goes on until it returns, and is leaked if it does not; the report names it.
    pub fn shutdown_timeout(self, timeout: Duration) -> ShutdownReport {
        let live = self.handle.live();
        std::mem::forget(self);
        live.shutdown(timeout)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        for task in self.handle.live().shutdown(self.drop_timeout).cut {
            report::warn(format_args!(
                "the runtime ended while {task} was being polled; it was cut"
            ));
        }
    }
}
