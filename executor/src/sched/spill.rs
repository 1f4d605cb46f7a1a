//! What overflows a processor's ring: batches of tasks, oldest first.
//!
//! It belongs to the processor, so that its tasks come back to the cache they were in: on two processors a thousand
//! tasks that yield cost more than twice as much when their batches go through one queue for all. Another
//! processor takes a batch only when it steals.
//!
//! crossbeam's [`Injector`] carries the batches: an overflow is one push for 128 tasks.

use crossbeam_deque::{Injector, Steal};

use super::run_queue::Batch;

pub(super) struct Spill(Injector<Box<Batch>>);

impl Spill {
    pub(super) fn new() -> Spill {
        Spill(Injector::new())
    }

    pub(super) fn push(&self, batch: Box<Batch>) {
        self.0.push(batch);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes the oldest batch.
    pub(super) fn take(&self) -> Option<Box<Batch>> {
        take(&self.0)
    }
}

/// Takes the oldest entry.
pub(super) fn take<T>(queue: &Injector<T>) -> Option<T> {
    if queue.is_empty() {
        return None;
    }
    loop {
        match queue.steal() {
            Steal::Success(entry) => return Some(entry),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}
