//! The global queue: tasks from threads without a processor. It has two lanes beside: for tasks that timers or sockets
//! woke, and for those that have lost a processor by running too long.
//!
//! crossbeam's [`Injector`] carries their names. The gate beside it is what a shutdown closes (S7): a spawn from a foreign thread publishes
//! its task under the gate's lock, so that it either comes before the close, and is found by
//! the walk, or sees it and keeps its future. Wakes do not pass the gate: their entries prove
//! nothing, and a closed queue is emptied before it is used again.

use std::sync::{
    Mutex,
    atomic::{AtomicU64, Ordering},
};

use crossbeam_deque::Injector;

use super::spill;
use crate::{shim::lock, task::Name};

pub(super) struct GlobalQueue {
    names: Injector<u64>,
    /// Woken by timers and sockets, found by machines without a processor.
    urgent: Injector<u64>,
    /// Hot loops that yielded without a processor.
    background: Injector<u64>,
    /// How often one was taken from there.
    turns: AtomicU64,
    gate: Mutex<Gate>,
}

struct Gate {
    open: bool,
    /// Which runtime uses the structure: handles of earlier ones find another number.
    epoch: u64,
}

impl GlobalQueue {
    pub(super) fn new() -> GlobalQueue {
        GlobalQueue {
            names: Injector::new(),
            urgent: Injector::new(),
            background: Injector::new(),
            turns: AtomicU64::new(0),
            gate: Mutex::new(Gate {
                open: false,
                epoch: 0,
            }),
        }
    }

    pub(super) fn push(&self, name: Name) {
        self.names.push(name.bits());
    }

    pub(super) fn push_urgent(&self, name: Name) {
        self.urgent.push(name.bits());
    }

    pub(super) fn push_background(&self, name: Name) {
        self.background.push(name.bits());
    }

    /// Something stands beside the background.
    pub(super) fn has_work(&self) -> bool {
        !self.names.is_empty() || self.has_urgent()
    }

    pub(super) fn has_urgent(&self) -> bool {
        !self.urgent.is_empty()
    }

    pub(super) fn has_background(&self) -> bool {
        !self.background.is_empty()
    }

    pub(super) fn take(&self) -> Option<Name> {
        spill::take(&self.names).and_then(Name::from_word)
    }

    pub(super) fn take_urgent(&self) -> Option<Name> {
        spill::take(&self.urgent).and_then(Name::from_word)
    }

    pub(super) fn take_background(&self) -> Option<Name> {
        let taken = spill::take(&self.background).and_then(Name::from_word)?;
        self.turns.fetch_add(1, Ordering::Relaxed);
        Some(taken)
    }

    /// How often one of the background had a turn.
    pub(super) fn background_turns(&self) -> u64 {
        self.turns.load(Ordering::Relaxed)
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
