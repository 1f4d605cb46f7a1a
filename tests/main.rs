//! The integration tests of gmp, in one program.
//!
//! Each test that could hang runs under [`watchdog`]. Tests of what belongs to the whole process (its
//! threads, its memory, its environment) run in a process of their own ([`child`]).

// Tests do odd things on purpose: they drop what has no drop, clone wakers to wake them, nest handles.
#![allow(
    clippy::async_yields_async,
    clippy::double_ended_iterator_last,
    clippy::drop_non_drop,
    clippy::needless_range_loop,
    clippy::waker_clone_wake,
    unreachable_pub
)]

mod blocking;
mod building;
mod child;
mod debugging;
mod ear;
mod gate;
mod panics;
mod preemption;
#[cfg(target_os = "linux")]
mod process;
mod procs;
mod sched;
mod select;
mod shutdown;
mod spans;
mod stress;
mod tally;
mod task;
mod time;
mod watchdog;

mod macros;
