//! The integration tests of gmp, in one program.
//!
//! Each test that could hang runs under [`watchdog`]. Tests of what belongs to the whole process (its
//! threads, its memory, its environment) run in a process of their own ([`child`]).

mod blocking;
mod building;
mod child;
mod debugging;
mod gate;
mod panics;
#[cfg(target_os = "linux")]
mod process;
mod sched;
mod shutdown;
mod stress;
mod tally;
mod task;
mod time;
mod watchdog;

mod macros;
mod ui;
