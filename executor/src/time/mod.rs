//! Time: sleeping, time-outs, intervals, timers.
//!
//! # How it works
//! Each processor has a heap of deadlines of its own (`timers`); a thread without a processor uses its
//! runtime's shared one. A sleep that is made, polled and dropped on one processor touches no other thread.
//! Due timers are fired by whoever holds the processor, by an idle processor that finds them, or by the machine
//! that sleeps in the poller until the earliest of all.
//!
//! # Not done here
//! Who looks when, and who sleeps until when: `sched`.

pub(crate) mod clock;
mod heap;
mod interval;
mod lock;
mod sleep;
#[cfg(test)]
mod tests;
mod timeout;
mod timer;
mod timers;

pub use std::time::{Duration, Instant};

pub(crate) use timers::Timers;

pub use self::{
    interval::{Interval, MissedTick, Tick, interval, interval_at},
    sleep::{Sleep, sleep, sleep_until},
    timeout::{Elapsed, Timeout, timeout, timeout_at},
    timer::Timer,
};
