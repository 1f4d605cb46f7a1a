//! The scheduler of `gmp`: tasks in slabs, work stealing, timers.
//!
//! Users depend on the crate `gmp`, which re-exports what is here. For writers of crates for
//! gmp: [`poller`], [`wait`] and [`waiter`] are what sockets and channels are made with, [`inherit`] contexts, [`per_processor`] pools.
//!
//! ```
//! let runtime = gmp_executor::Runtime::new()?;
//! runtime.block_on(async {
//!     let answer = gmp_executor::spawn(async { 42 });
//!     assert_eq!(answer.await.unwrap(), 42);
//! });
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! # The rooms
//!
//! | module | what | Go |
//! |---|---|---|
//! | `slab` | memory of tasks | malloc.go, mheap.go, mcache.go, mcentral.go |
//! | `task` | the state word, polling, wakers, handles | `g` of runtime2.go |
//! | `sched` | processors, machines, who runs what | proc.go |
//! | `time` | timers | time.go |
//! | [`poller`] | what the scheduler asks of a network poller | netpoll.go |
//! | `port` | the seam through which task, slab and time reach the scheduler | |

// Models use a part of what they test.
#![cfg_attr(gmp_loom, allow(dead_code))]

#[cfg(not(gmp_loom))]
mod blocking;
#[cfg(not(gmp_loom))]
pub mod debug;
#[cfg(not(gmp_loom))]
pub mod inherit;
#[cfg(not(gmp_loom))]
pub mod per_processor;
#[cfg(not(gmp_loom))]
pub mod poller;
#[cfg(not(gmp_loom))]
mod port;
#[cfg(not(gmp_loom))]
pub mod preempt;
#[cfg(not(gmp_loom))]
mod quietly;
#[cfg(not(gmp_loom))]
mod report;
#[cfg(not(gmp_loom))]
mod runtime;
mod sched;
mod shim;
#[cfg(not(gmp_loom))]
mod slab;
mod task;
#[cfg(not(gmp_loom))]
pub mod time;
#[cfg(not(gmp_loom))]
pub mod wait;
#[cfg(not(gmp_loom))]
pub mod waiter;

#[cfg(not(gmp_loom))]
mod api {
    use std::panic::Location;

    pub use crate::{
        blocking::{block_in_place, spawn_blocking},
        runtime::{Builder, CutTask, EnterGuard, Handle, Runtime, ShutdownReport, block_on},
        slab::{ClassStats, MemStats},
        task::{AbortHandle, Id, JoinError, JoinHandle, YieldNow, id, try_id, yield_now},
    };
    use crate::{sched, slab};

    /// Spawns a task on the current runtime: `future` runs on its own from now on. (Go: the `go` statement)
    ///
    /// Dropping the handle detaches the task; awaiting it gives the output. A panic of the task
    /// goes to the handle.
    ///
    /// # Panics
    /// Outside of a runtime, with a sentence that says what to do.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// let task = gmp_executor::spawn(async { "done" });
    /// assert_eq!(task.await.unwrap(), "done");
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    #[inline]
    pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        sched::spawn(future, Location::caller())
    }

    /// Tasks of the current runtime that have not ended; 0 outside of one. (Go: `runtime.NumGoroutine`)
    pub fn num_tasks() -> usize {
        sched::entered().map_or(0, sched::Live::tasks)
    }

    /// What the memory of tasks amounts to, of all runtimes of the process. The counts of cache hits
    /// are the current runtime's. (Go: `runtime.ReadMemStats`)
    pub fn mem_stats() -> MemStats {
        slab::stats(|sum| {
            if let Some(live) = sched::entered() {
                live.count_caches(sum);
            }
        })
    }
}

#[cfg(not(gmp_loom))]
pub use api::*;
