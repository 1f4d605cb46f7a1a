//! The global queue: tasks from threads without a processor, and what overflows the local queues. It has two lanes beside:
//! for tasks that timers or sockets woke, and for those that have lost a processor by running too long.
//!
//! crossbeam's [`Injector`] carries single names and whole batches, so that an overflow costs one
//! push for 128 tasks. The gate beside it is what a shutdown closes (S7): a spawn from a foreign thread publishes
//! its task under the gate's lock, so that it either comes before the close, and is found by
//! the walk, or sees it and keeps its future. Wakes do not pass the gate: their entries prove
//! nothing, and a closed queue is emptied before it is used again.

use std::sync::Mutex;

use crossbeam_deque::{Injector, Steal};

use super::run_queue::Batch;
use crate::{shim::lock, task::Name};

/// What a take brings.
pub(super) enum Taken {
    One(Name),
    Batch(Box<Batch>),
}

pub(super) struct GlobalQueue {
    entries: Injector<Entry>,
    /// Woken by timers and sockets, found by machines without a processor.
    urgent: Injector<u64>,
    /// Hot loops that yielded without a processor.
    background: Injector<u64>,
    gate: Mutex<Gate>,
}

enum Entry {
    One(u64),
    Batch(Box<Batch>),
}

struct Gate {
    open: bool,
    /// Which runtime uses the structure: handles of earlier ones find another number.
    epoch: u64,
}

impl GlobalQueue {
    pub(super) fn new() -> GlobalQueue {
        GlobalQueue {
            entries: Injector::new(),
            urgent: Injector::new(),
            background: Injector::new(),
            gate: Mutex::new(Gate {
                open: false,
                epoch: 0,
            }),
        }
    }

    pub(super) fn push(&self, name: Name) {
        self.entries.push(Entry::One(name.bits()));
    }

    pub(super) fn push_batch(&self, batch: Box<Batch>) {
        self.entries.push(Entry::Batch(batch));
    }

    pub(super) fn push_urgent(&self, name: Name) {
        self.urgent.push(name.bits());
    }

    pub(super) fn push_background(&self, name: Name) {
        self.background.push(name.bits());
    }

    /// All lanes are.
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty() && !self.has_urgent() && !self.has_background()
    }

    pub(super) fn has_urgent(&self) -> bool {
        !self.urgent.is_empty()
    }

    pub(super) fn has_background(&self) -> bool {
        !self.background.is_empty()
    }

    pub(super) fn take(&self) -> Option<Taken> {
        match steal(&self.entries)? {
            Entry::Batch(batch) => Some(Taken::Batch(batch)),
            Entry::One(bits) => Name::from_bits(bits).map(Taken::One),
        }
    }

    pub(super) fn take_urgent(&self) -> Option<Name> {
        Name::from_bits(steal(&self.urgent)?)
    }

    pub(super) fn take_background(&self) -> Option<Name> {
        Name::from_bits(steal(&self.background)?)
    }

    /// Opens the gate for a new runtime. Returns its epoch.
    pub(super) fn open(&self) -> u64 {
        while self.take().is_some() {}
        while self.take_urgent().is_some() {}
        while self.take_background().is_some() {}
        let mut gate = lock(&self.gate);
        gate.open = true;
        gate.epoch += 1;
        gate.epoch
    }

    /// Closes the gate: no `pass` succeeds afterwards, and all that succeeded have ended.
    pub(super) fn close(&self) {
        lock(&self.gate).open = false;
    }

    /// Runs `publish` unless the gate is closed, or open for another runtime.
    pub(super) fn pass<R>(&self, epoch: u64, publish: impl FnOnce() -> R) -> Option<R> {
        let gate = lock(&self.gate);
        (gate.open && gate.epoch == epoch).then(publish)
    }
}

fn steal<T>(from: &Injector<T>) -> Option<T> {
    // Two loads; stealing in vain costs a fence.
    if from.is_empty() {
        return None;
    }
    loop {
        match from.steal() {
            Steal::Success(entry) => return Some(entry),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}
