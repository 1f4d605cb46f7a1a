//! `SIGURG` to the thread of a hot loop: its handler takes a picture of the native stack. (Go's signal for preemption, and
//! for its reasons: debuggers pass it on, libraries leave it alone, and by default it is ignored, so that a stray one does no
//! harm. `sigPreempt`, signal_unix.go.)
//!
//! # How it works
//! The first runtime installs the handler. The [`reporter`](super::reporter) asks for a picture ([`sample`](super::sample)) and
//! sends the signal to that thread alone. The handler looks whether the signal is from this process and whether the
//! thread is a machine's. If that machine's processor is wanted or gone, it raises the soft flag: a poll may have lowered the
//! one that the monitor raised (an executor inside of it gives each of its own polls a fresh budget), and the
//! monitor does not look at machines that have no processor. If a picture is wanted, it walks the frames: the first counter is where
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
//! - U4: of the scheduler's state it reads the words of [`retake`](super::retake), the machine's pointer and its tick, and
//!   writes the soft flag, each one atomic access. It may run between any two steps of its thread. Seeing the pointer or the tick
//!   in the middle of a change, it takes the stretch for another one, and does nothing.
//!
//! # What it needs not do
//! *Answer a request that is pending.* The monitor takes a processor without the thread's help; what stays pending is a
//! request that found the thread inside of a section. That can be answered behind the section only, and there are two
//! kinds:
//! - The thread runs. Its section is over in 0.1 µs, before a signal can come (some µs). The monitor waits for that, within
//!   the same look ([`Retake::take`](super::retake::Retake)). A handler would do what the
//!   monitor does, later, and then had to wake the monitor: the next owner is found under locks, which a handler must not
//!   take.
//! - The thread was put aside inside of the section. Then the signal comes at the very instruction where it goes on: inside.
//!   A handler must do nothing there, and nobody signals again.
//!
//! *Work*: where the program has blocked the signal or put another handler in its place, reports have no stacks, and that
//! is all.
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
