//! Tasks that do not return from their polls, and what becomes of the others.
//!
//! No test measures how late somebody is: without the hand-off of processors nobody here would run at all, and the
//! watchdog would tell.

#[cfg(target_os = "linux")]
mod debugger;
mod ends;
#[cfg(target_os = "linux")]
mod events;
mod handing_off;
#[cfg(target_os = "linux")]
mod mains;
mod places;
mod politeness;
mod preemptible;
#[cfg(target_os = "linux")]
mod reports;
#[cfg(target_os = "linux")]
mod sandbox;
mod server;
#[cfg(target_os = "linux")]
mod signals;
mod stress;
#[cfg(target_os = "linux")]
mod system;

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use crate::watchdog::eventually;

/// Keeps polls from returning until it is dropped or told that it is over.
#[derive(Clone, Default)]
pub(crate) struct Siege {
    over: Arc<AtomicBool>,
    /// Polls that have begun.
    begun: Arc<AtomicUsize>,
}

impl Siege {
    pub(crate) fn new() -> Siege {
        Siege::default()
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.load(SeqCst)
    }

    pub(crate) fn lift(&self) {
        self.over.store(true, SeqCst);
    }

    /// A hot loop.
    pub(crate) fn spin(&self) {
        self.spin_and(spin_loop);
    }

    /// A loop that does something.
    pub(crate) fn spin_and(&self, mut step: impl FnMut()) {
        self.begun.fetch_add(1, SeqCst);
        while !self.is_over() {
            step();
        }
    }

    /// Blocks its thread, over and over.
    pub(crate) fn block(&self) {
        self.spin_and(|| thread::sleep(Duration::from_millis(20)));
    }

    /// Waits until so many polls have begun.
    pub(crate) fn wait_begun(&self, count: usize) {
        eventually(|| self.begun.load(SeqCst) >= count);
    }

    /// Waits until nobody else has it: those who were kept from returning are dropped.
    pub(crate) fn wait_left(&self) {
        eventually(|| Arc::strong_count(&self.begun) == 1);
    }
}

/// Lifts a siege when a test ends, also if it fails: its runtime could not end otherwise.
pub(crate) struct Lifting(pub(crate) Siege);

impl Drop for Lifting {
    fn drop(&mut self) {
        self.0.lift();
    }
}
