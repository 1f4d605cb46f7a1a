//! Hand-offs as users hear of them: what a task did that lost its processor, and where its native stack stood.
//!
//! # How it works
//! The scheduler counts hand-offs always, and tells of them to a thread of its own, which fills a [`HandOff`] and calls the
//! hook of the program's. Where there is none, it warns of hot loops that go on. Names for program counters are looked up in
//! `symbols`, where the feature `backtrace` is on.
//!
//! # Not done here
//! Taking processors (`sched::watch`), taking stacks (`sched::sigurg`), the thread (`sched::reporter`).

mod frame;
pub(crate) mod hook;
mod report;
#[cfg(feature = "backtrace")]
mod symbols;
#[cfg(not(feature = "backtrace"))]
#[path = "addresses.rs"]
mod symbols;

pub use self::{
    frame::Frame,
    report::{Cause, HandOff},
};
pub(crate) use symbols::resolve;
