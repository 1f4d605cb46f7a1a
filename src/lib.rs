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
//! | `runtime.NumGoroutine()` | [`num_tasks`] |
//! | `runtime.ReadMemStats` | [`mem_stats`] |
//! | `time.Sleep`, `time.Ticker`, `time.Timer` | [`sleep`], [`time::interval`], [`time::Timer`] |
//! | `make(chan T, n)`, `select` | [`chan(n)`](fn@chan), [`select!`] |
//! | `sync.WaitGroup`, `sync.Mutex`, … | [`WaitGroup`], [`Mutex`](sync::Mutex), all of [`sync`] |
//! | `context.Context` | [`Context`] |
//! | `net.Listen`, `net.Dial` | [`net::TcpListener::bind`], [`net::TcpStream::connect`] |
//! | `SIGQUIT`'s dump of all goroutines | [`debug::dump`] |
//!
//! # Features
//!
//! `macros` and `net` are on by default. [`hyper`] adds hyper's runtime traits, `tracing` events.
//!
//! # Spans
//!
//! With `tracing`, a spawned task inherits the current span where that is asked for, with the crate's own
//! means: `gmp::spawn(future.in_current_span())`.

pub use gmp_executor::{
    AbortHandle, Builder, ClassStats, CutTask, EnterGuard, Handle, JoinError, JoinHandle, MemStats,
    Runtime, ShutdownReport, block_in_place, block_on, debug, max_procs, mem_stats, num_tasks,
    preempt, spawn, spawn as go, spawn_blocking, time, time::sleep, yield_now,
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
        AbortHandle, Id, JoinError, JoinHandle, YieldNow, id, spawn, try_id, yield_now,
    };
}

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
