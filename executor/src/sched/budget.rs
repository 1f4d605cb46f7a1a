//! What a poll may do before it should yield: so many operations, and until the monitor raises the soft flag.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    machine::{Machine, Own},
    section,
};
use crate::port::Budget;

/// Operations on resources of ours in one poll. tokio's value, coop.rs: a few microseconds of work.
const OPERATIONS: u32 = 128;

/// What is left to the current poll.
pub(super) struct Patience {
    /// The poll should yield. Raised by the monitor, lowered by the machine's own thread.
    soft: AtomicBool,
    operations: Own<u32>,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience {
            soft: AtomicBool::new(false),
            operations: Own::new(OPERATIONS),
        }
    }

    /// Another poll begins.
    #[inline(always)]
    pub(super) fn refill(&self) {
        self.soft.store(false, Ordering::Relaxed);
        self.operations.set(OPERATIONS);
    }

    /// The monitor's.
    pub(super) fn end(&self) {
        self.soft.store(true, Ordering::Relaxed);
    }

    #[inline(always)]
    fn has_ended(&self) -> bool {
        self.soft.load(Ordering::Relaxed)
    }
}

/// The current poll should yield.
#[inline(always)]
pub(crate) fn should_yield() -> bool {
    match section::machine() {
        Some(machine) if machine.patience.has_ended() => heard(machine),
        _ => false,
    }
}

/// Somebody listens: the monitor shall not be late.
#[cold]
fn heard(machine: &'static Machine) -> bool {
    machine.scheduler.monitor.hear();
    machine.current().is_some()
}

/// Spends one operation of the current poll's.
#[inline(always)]
pub(crate) fn spend() -> Budget {
    let Some(machine) = section::machine() else {
        return Budget::None;
    };
    let left = machine.patience.operations.get();
    // One operation in any case: a poll that is slow before its first would never get on.
    if left == 0 || (left < OPERATIONS && machine.patience.has_ended()) {
        return spent(machine);
    }
    machine.patience.operations.set(left - 1);
    Budget::Left
}

/// Between polls there is no budget; what is spent there is the last poll's, and nobody looks at it before the next one
/// begins.
#[cold]
fn spent(machine: &Machine) -> Budget {
    match machine.current() {
        Some(_) => Budget::Spent,
        None => Budget::None,
    }
}

/// The operation was not done.
#[inline]
pub(crate) fn give_back() {
    if let Some(machine) = section::machine() {
        let left = machine.patience.operations.get();
        machine.patience.operations.set((left + 1).min(OPERATIONS));
    }
}

/// As if another poll began: for a poll inside of a poll.
#[inline]
pub(crate) fn refill() {
    if let Some(machine) = section::machine() {
        machine.patience.refill();
    }
}
