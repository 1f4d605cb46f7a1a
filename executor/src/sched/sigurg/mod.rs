//! `SIGURG` to the thread of a hot loop: its handler takes a picture of the native stack. (Go's signal for preemption, and
//! for its reasons: debuggers pass it on, libraries leave it alone, and by default it is ignored, so that a stray one does no
//! harm. `sigPreempt`, signal_unix.go.)
//!
//! # How it works
//! The first runtime installs the handler. The [`reporter`](super::reporter) asks for a picture ([`sample`](super::sample)) and
//! sends the signal to that thread alone. The handler looks whether the signal is from this process and whether the
//! thread is a machine's from which a picture is wanted. Then it walks the frames: the first counter is where
//! the thread was interrupted, the others are found by frame pointers, within the bounds of the thread's stack, which it
//! noted when it began. Then it calls the handler that was there before, if there was one.
//!
//! # Invariants
//! - U1: the handler takes no lock, allocates nothing and leaves `errno` alone. Its thread's machine stands in a cell
//!   without a destructor, which that thread has written before the signal can be for it.
//! - U2: it reads memory only between the interrupted stack pointer and the end of the thread's stack, which is mapped.
//! - U3: only threads that run are sent the signal: a sleep in the system would be cut short by it (`nanosleep`, `poll`,
//!   `recv` with a time limit and others return `EINTR` in spite of `SA_RESTART`). One that falls asleep in the few
//!   microseconds between the look and the signal may still see it.
//!
//! # What it needs not do
//! - *Give the processor up* that is wanted: between two sections the monitor takes it without the thread, and one that enters
//!   a section gives it up there ([`retake`](super::retake)). To hand it on takes locks, which a handler must not.
//! - *Raise the soft flag*: the monitor has done that, with a plain store, before it took the processor.
//! - *Work*: where the program has blocked the signal or put another handler in its place, reports have no stacks, and that
//!   is all.
//!
//! A child of `fork` keeps the handler and has none of our threads, so nobody sends it anything; `exec` resets it.
//!
//! # Whole stacks
//! Rust's release builds for x86-64 use the frame pointer's register for other things. Then the walk ends early, or
//! strays and ends soon; the first counter is always right, and with what the compiler has inlined there it mostly says it
//! all. `-C force-frame-pointers=yes` in `RUSTFLAGS` makes stacks whole. On aarch64 they are.

#[cfg(all(target_os = "linux", not(miri)))]
#[path = "linux.rs"]
mod system;
#[cfg(not(all(target_os = "linux", not(miri))))]
#[path = "none.rs"]
mod system;

pub(super) use system::{Bounds, install, send};
