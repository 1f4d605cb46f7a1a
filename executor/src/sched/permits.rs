//! How many functions of `spawn_blocking` run at a time, and who waits for a turn, in order.
//!
//! # Invariants
//! - W1: under the lock, somebody waits only if no permit is free.
//! - W2: a permit that is given to somebody who waits is his until he begins or is dropped; then it goes on.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{scheduler::Scheduler, section};
use crate::{port, shim::lock, task::Name, time::clock};

pub(super) struct Permits(Mutex<Turns>);

struct Turns {
    free: usize,
    waiting: VecDeque<Waiting>,
    counts: BlockingCounts,
}

/// What became of the functions of a runtime. Times are in nanoseconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct BlockingCounts {
    /// Filled in by [`Permits::counts`].
    pub(crate) queued: usize,
    pub(crate) running: usize,
    pub(crate) done: u64,
    pub(crate) waited: u64,
    pub(crate) waited_longest: u64,
}

#[derive(Clone)]
struct Waiting {
    task: Name,
    granted: Arc<AtomicBool>,
}

/// Where a task stands: nowhere, or in the queue of a runtime.
pub(crate) struct Place {
    queued: Option<(&'static Scheduler, Waiting)>,
    /// When it was made.
    since: u64,
}

/// The right to run. Goes on to the next when it is dropped.
pub(crate) struct Permit(&'static Scheduler);

impl Permits {
    pub(super) fn new() -> Permits {
        Permits(Mutex::new(Turns {
            free: 0,
            waiting: VecDeque::new(),
            counts: BlockingCounts::default(),
        }))
    }

    /// A runtime begins.
    pub(super) fn reset(&self, count: usize) {
        let mut turns = lock(&self.0);
        debug_assert!(turns.waiting.is_empty());
        turns.free = count;
        turns.counts = BlockingCounts::default();
    }

    pub(super) fn counts(&self) -> BlockingCounts {
        let turns = lock(&self.0);
        BlockingCounts {
            queued: turns.waiting.len(),
            ..turns.counts
        }
    }

    /// A permit goes to the next one.
    fn pass_on(mut turns: MutexGuard<'_, Turns>) {
        let Some(next) = turns.waiting.pop_front() else {
            turns.free += 1;
            return;
        };
        next.granted.store(true, Ordering::Relaxed);
        drop(turns);
        port::wake(next.task);
    }
}

impl Turns {
    fn begin(&mut self, since: u64) {
        let waited = clock::now().saturating_sub(since);
        self.counts.running += 1;
        self.counts.waited += waited;
        self.counts.waited_longest = self.counts.waited_longest.max(waited);
    }
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            queued: None,
            since: clock::now(),
        }
    }

    /// The permit if it is the current task's turn; else the task waits in the queue, and will be woken.
    pub(crate) fn try_begin(&mut self) -> Option<Permit> {
        if let Some((scheduler, waiting)) = &self.queued {
            let scheduler = *scheduler;
            // Ordering: Relaxed; the wake that follows the store brings it.
            if !waiting.granted.load(Ordering::Relaxed) {
                return None;
            }
            self.queued = None;
            turns_of(scheduler).begin(self.since);
            return Some(Permit(scheduler));
        }
        let machine = section::machine().expect("a task is polled on a machine");
        let task = machine.current().expect("a task is polled");
        let mut turns = turns_of(machine.scheduler);
        if turns.free > 0 {
            turns.free -= 1;
            turns.begin(self.since);
            return Some(Permit(machine.scheduler));
        }
        let waiting = Waiting {
            task,
            granted: Arc::default(),
        };
        turns.waiting.push_back(waiting.clone());
        drop(turns);
        self.queued = Some((machine.scheduler, waiting));
        None
    }
}

fn turns_of(scheduler: &Scheduler) -> MutexGuard<'_, Turns> {
    let turns = scheduler.permits.0.lock();
    turns.unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Place {
    fn drop(&mut self) {
        let Some((scheduler, waiting)) = self.queued.take() else {
            return;
        };
        let mut turns = turns_of(scheduler);
        let before = turns.waiting.len();
        turns
            .waiting
            .retain(|other| !Arc::ptr_eq(&other.granted, &waiting.granted));
        let was_granted = turns.waiting.len() == before;
        if was_granted {
            Permits::pass_on(turns);
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut turns = turns_of(self.0);
        turns.counts.running -= 1;
        turns.counts.done += 1;
        Permits::pass_on(turns);
    }
}
