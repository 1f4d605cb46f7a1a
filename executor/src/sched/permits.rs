//! How many functions of `spawn_blocking` run at a time, and who waits for a turn, in order.
//!
//! # Invariants
//! - W1: under the lock, somebody waits only if no permit is free.
//! - W2: a permit that is given to somebody who waits is his until he begins or is dropped; then it goes on.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{scheduler::Scheduler, section};
use crate::{port, shim::lock, task::Name};

pub(super) struct Permits(Mutex<Turns>);

struct Turns {
    free: usize,
    waiting: VecDeque<Waiting>,
}

#[derive(Clone)]
struct Waiting {
    task: Name,
    granted: Arc<AtomicBool>,
}

/// Where a task stands: nowhere, or in the queue of a runtime.
pub(crate) struct Place(Option<(&'static Scheduler, Waiting)>);

/// The right to run. Goes on to the next when it is dropped.
pub(crate) struct Permit(&'static Scheduler);

impl Permits {
    pub(super) fn new() -> Permits {
        Permits(Mutex::new(Turns {
            free: 0,
            waiting: VecDeque::new(),
        }))
    }

    /// A runtime begins.
    pub(super) fn reset(&self, count: usize) {
        let mut turns = lock(&self.0);
        debug_assert!(turns.waiting.is_empty());
        turns.free = count;
    }

    fn release(&self) {
        let mut turns = lock(&self.0);
        let Some(next) = turns.waiting.pop_front() else {
            turns.free += 1;
            return;
        };
        next.granted.store(true, Ordering::Relaxed);
        drop(turns);
        port::wake(next.task);
    }
}

impl Place {
    pub(crate) fn new() -> Place {
        Place(None)
    }

    /// The permit if it is the current task's turn; else the task waits in the queue, and will be woken.
    pub(crate) fn try_begin(&mut self) -> Option<Permit> {
        if let Some((scheduler, waiting)) = &self.0 {
            let scheduler = *scheduler;
            // Ordering: Relaxed; the wake that follows the store brings it.
            if !waiting.granted.load(Ordering::Relaxed) {
                return None;
            }
            self.0 = None;
            return Some(Permit(scheduler));
        }
        let machine = section::machine().expect("a task is polled on a machine");
        let task = machine.current().expect("a task is polled");
        let mut turns = lock(&machine.scheduler.permits.0);
        if turns.free > 0 {
            turns.free -= 1;
            return Some(Permit(machine.scheduler));
        }
        let waiting = Waiting {
            task,
            granted: Arc::default(),
        };
        turns.waiting.push_back(waiting.clone());
        drop(turns);
        self.0 = Some((machine.scheduler, waiting));
        None
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((scheduler, waiting)) = self.0.take() else {
            return;
        };
        let permits = &scheduler.permits;
        let mut turns = lock(&permits.0);
        let before = turns.waiting.len();
        turns
            .waiting
            .retain(|other| !Arc::ptr_eq(&other.granted, &waiting.granted));
        let was_granted = turns.waiting.len() == before;
        drop(turns);
        if was_granted {
            permits.release();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.permits.release();
    }
}
