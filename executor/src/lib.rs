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
//! | `hand_off` | reports on tasks that lose their processors | |
//! | `cpus` | how many CPUs the process may use | cgroup_linux.go |
//! | `time` | timers | time.go |
//! | [`poller`] | what the scheduler asks of a network poller | netpoll.go |
//! | `port` | the seam through which task, slab and time reach the scheduler | |

// Models use a part of what they test.
#![cfg_attr(gmp_loom, allow(dead_code))]

#[cfg(not(gmp_loom))]
mod blocking;
#[cfg(all(test, not(gmp_loom)))]
mod bounds;
#[cfg(not(gmp_loom))]
mod cpus;
#[cfg(not(gmp_loom))]
pub mod debug;
#[cfg(not(gmp_loom))]
mod hand_off;
#[cfg(not(gmp_loom))]
pub mod inherit;
#[cfg(not(gmp_loom))]
mod join_set;
#[cfg(not(gmp_loom))]
mod local;
#[cfg(not(gmp_loom))]
mod os_thread;
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
#[cfg(gmp_loom)]
mod runtime {
    #[cfg(test)]
    mod models;
    mod parker;
}
mod sched;
mod shim;
#[cfg(not(gmp_loom))]
mod slab;
mod task;
#[cfg(not(gmp_loom))]
pub mod time;
#[cfg(gmp_loom)]
mod time {
    mod lock;
    #[cfg(test)]
    mod models;
}
#[cfg(not(gmp_loom))]
pub mod wait;
#[cfg(not(gmp_loom))]
pub mod waiter;

#[cfg(not(gmp_loom))]
mod api {
    use std::panic::Location;

    pub use crate::{
        blocking::{block_in_place, spawn_blocking},
        join_set::JoinSet,
        local::{LocalAbortHandle, LocalJoinHandle, LocalSet, RunUntil, spawn_local},
        os_thread::{OsThreadGuard, lock_os_thread},
        runtime::{
            Builder, CutTask, EnterGuard, Handle, PanicPolicy, Runtime, RuntimeMetrics,
            ShutdownReport, block_on,
        },
        slab::{ClassStats, MemStats},
        task::{
            AbortHandle, Builder as TaskBuilder, Id, JoinError, JoinHandle, LocalKey, YieldNow, id,
            local_key, try_id, yield_now,
        },
    };
    use crate::{sched, slab, task::Origin};

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
        sched::spawn(future, Origin::at(Location::caller()))
    }

    /// How many tasks of the current runtime run at a time. `Some` sets it, `None` reads it; either returns what it was.
    /// (Go: `runtime.GOMAXPROCS`)
    ///
    /// Setting it stops nobody and does not wait: what is being polled goes on, and what it polls beyond the new number
    /// makes room when the poll returns, or lasts too long. More than the limit on threads
    /// ([`Builder::max_machines`]) or 4,096 counts as that many. Afterwards the number does not follow the CPUs that the system
    /// gives the process any more, as it does by default ([`Builder::max_procs`]).
    ///
    /// # Panics
    /// Outside of a runtime, and with `Some(0)`.
    ///
    /// ```
    /// # let runtime = gmp_executor::Builder::new().max_procs(2).build()?;
    /// # runtime.block_on(async {
    /// assert_eq!(gmp_executor::max_procs(Some(4)), 2);
    /// assert_eq!(gmp_executor::max_procs(None), 4);
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn max_procs(processors: Option<usize>) -> usize {
        Handle::current().max_procs(processors)
    }

    /// Tasks of the current runtime that have not ended; 0 outside of one. (Go: `runtime.NumGoroutine`) Those of a
    /// [`LocalSet`] belong to no runtime, and do not count.
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
