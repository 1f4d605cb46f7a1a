//! **gmp** runs Rust futures the way Go runs goroutines.
//!
//! ```
//! #[gmp::main]
//! async fn main() -> std::io::Result<()> {
//!     let task = gmp::go(async { 6 * 7 });
//!     assert_eq!(task.await?, 42);
//!     Ok(())
//! }
//! ```
//!
//! A future becomes a *task* ([`spawn`], or [`go`]), tasks run on *processors*, one for each CPU, and
//! processors on threads. The names are Go's where only Go has the thing, and the Rust
//! ecosystem's elsewhere.
//!
//! | Go | gmp |
//! |---|---|
//! | `go f()` | [`gmp::go(async { .. })`](go) |
//! | `runtime.Gosched()` | [`gmp::yield_now().await`](yield_now) |
//! | preemption of hot loops | [`#[gmp::preemptible]`](macro@preemptible), and the loss of the processor without it |
//! | `runtime.GOMAXPROCS(n)` | [`max_procs(Some(n))`](max_procs), [`Builder::max_procs`], `GMP_MAXPROCS` |
//! | system calls that block, loops that do not end | nothing; or [`block_in_place`], [`spawn_blocking`], [`preempt::should_yield`] |
//! | `runtime.LockOSThread()` | [`lock_os_thread`] |
//! | `runtime.NumGoroutine()` | [`num_tasks`] |
//! | `runtime.ReadMemStats` | [`mem_stats`] |
//! | `time.Sleep`, `time.Ticker`, `time.Timer` | [`sleep`], [`time::interval`], [`time::Timer`] |
//! | `make(chan T, n)`, `select` | [`chan(n)`](fn@chan), [`select!`] |
//! | `sync.WaitGroup`, `sync.Mutex`, … | [`WaitGroup`], [`Mutex`](sync::Mutex), all of [`sync`] |
//! | `context.Context` | [`Context`] |
//! | `net.Listen`, `net.Dial` | [`net::TcpListener::bind`], [`net::TcpStream::connect`] |
//! | `SIGQUIT`'s dump of all goroutines | [`debug::dump`] |
//! | `pprof.SetGoroutineLabels` | [`task::Builder::name`] |
//!
//! # Calls that last
//!
//! None of these is needed for the other tasks to get on: a task that does not return from its poll loses its processor
//! in the end, at the cost of a thread.
//!
//! | What lasts, or must stay | Use | What it costs |
//! |---|---|---|
//! | less than 100 µs between two `.await`s | nothing | nothing |
//! | loops of an `async fn` itself | [`#[gmp::preemptible]`](macro@preemptible), or [`preempt::should_yield`] | some instructions per iteration; no thread |
//! | a call that is quick, or blocks rarely, in the middle of a task; it may borrow from the task | [`block_in_place`] | nanoseconds if it is quick, else a thread as long as it lasts |
//! | a long call that owns what it needs; or many, of which only some shall run at once | [`spawn_blocking`] | a thread of a bounded number, two switches; [`RuntimeMetrics`] tells how long they wait |
//! | what belongs to one thread: thread-locals of C libraries, `setns`, windows | [`lock_os_thread`] | a thread as long as the guard lives, two switches for each wait |
//! | futures that are not `Send`: with `Rc`, `RefCell`, handles of C libraries | [`LocalSet`](task::LocalSet) and [`spawn_local`], or [`#[gmp::main(local)]`](macro@main) | one thread for all of them, a switch for each wake from elsewhere |
//! | a program, or a thread of its own | [`std::process::Command`], [`std::thread`] | they inherit nothing from the runtime |
//!
//! After a `fork` without `exec` the child has none of the runtime's threads: what is spawned there is refused (its handle
//! says cancelled), and what is woken never runs. As in any program with threads, a lock that another thread held
//! at that moment stays locked in the child. So let it `exec` or `_exit` soon, as [`std::process::Command`] does.
//!
//! # Features
//!
//! `backtrace` (names in the reports of [`debug::set_hand_off_hook`]), `macros` and `net` are on by default. [`hyper`] adds hyper's runtime traits, `tracing` events:
//! among them one for each task that runs on or blocks for 0.1 s.
//!
//! # Spans
//!
//! With `tracing`, a spawned task inherits the current span where that is asked for, with the crate's own
//! means: `gmp::spawn(future.in_current_span())`.

pub use futures::{join, try_join};
pub use gmp_executor::{
    AbortHandle, Builder, ClassStats, CutTask, EnterGuard, Handle, JoinError, JoinHandle, MemStats,
    OsThreadGuard, PanicPolicy, Runtime, RuntimeMetrics, ShutdownReport, block_in_place, block_on,
    debug, lock_os_thread, max_procs, mem_stats, num_tasks, preempt, spawn, spawn as go,
    spawn_blocking, spawn_local, task_local, time, time::sleep, yield_now,
};
#[cfg(feature = "macros")]
pub use gmp_macros::{main, no_preempt, preemptible, test};
#[cfg(feature = "net")]
pub use gmp_net as net;
#[cfg(feature = "hyper")]
pub use gmp_net::hyper;
pub use gmp_sync as sync;
pub use gmp_sync::{Context, Receiver, Sender, WaitGroup, chan, errgroup, select, unbounded};

/// Tasks: who they are, and their handles.
pub mod task {
    pub use gmp_executor::{
        AbortHandle, Id, JoinError, JoinHandle, JoinSet, LocalAbortHandle, LocalJoinHandle,
        LocalKey, LocalSet, RunUntil, TaskBuilder as Builder, YieldNow, id, local_key, spawn,
        spawn_local, try_id, yield_now,
    };
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
