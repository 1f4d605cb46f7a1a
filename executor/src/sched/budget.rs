//! What a poll may do before it should yield: so many operations, and until the monitor raises the soft flag.
//!
//! Polls that no monitor watches go by the clock: see [`clocked`].

use std::sync::atomic::{AtomicBool, Ordering};

use super::{
    clocked,
    machine::{Machine, Own},
    section,
};
use crate::port::Budget;

/// Operations on resources of ours in one poll. tokio's value, coop.rs: a few microseconds of work.
pub(super) const OPERATIONS: u32 = 128;

/// What is left to the current poll.
pub(super) struct Patience {
    /// The poll should yield. Raised by the monitor and by the handler of a signal, lowered by the machine's own thread. Raised all the
    /// time in a poll by the clock.
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

    /// The poll should yield.
    pub(super) fn end(&self) {
        self.soft.store(true, Ordering::Relaxed);
    }

    #[inline(always)]
    fn give_back(&self) {
        let left = self.operations.get();
        self.operations.set((left + 1).min(OPERATIONS));
    }

    /// A poll by the clock is over.
    pub(super) fn go_on(&self) {
        self.soft.store(false, Ordering::Relaxed);
    }

    #[inline(always)]
    pub(super) fn has_ended(&self) -> bool {
        self.soft.load(Ordering::Relaxed)
    }
}

/// The current poll should yield.
#[inline(always)]
pub(crate) fn should_yield() -> bool {
    match section::machine() {
        Some(machine) if !machine.patience.has_ended() => false,
        machine => heard(machine),
    }
}

/// Somebody listens: the monitor shall not be late.
#[cold]
#[inline(never)]
fn heard(machine: Option<&'static Machine>) -> bool {
    if let Some(should_yield) = clocked::should_yield() {
        return should_yield;
    }
    machine.is_some_and(|machine| {
        machine.scheduler.monitor.hear();
        machine.current().is_some()
    })
}

/// Spends one operation of the current poll's.
#[inline(always)]
pub(crate) fn spend() -> Budget {
    let Some(machine) = section::machine() else {
        return clocked::spend();
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
#[inline(never)]
fn spent(machine: &Machine) -> Budget {
    if clocked::goes_on() {
        return clocked::spend();
    }
    if machine.patience.has_ended() {
        machine.scheduler.monitor.hear();
    }
    match machine.current() {
        Some(_) => Budget::Spent,
        None => Budget::None,
    }
}

/// The operation was not done.
#[inline]
pub(crate) fn give_back() {
    match section::machine() {
        Some(machine) if !machine.patience.has_ended() => machine.patience.give_back(),
        machine => give_back_late(machine),
    }
}

#[cold]
#[inline(never)]
fn give_back_late(machine: Option<&'static Machine>) {
    if clocked::goes_on() {
        clocked::give_back();
    } else if let Some(machine) = machine {
        machine.patience.give_back();
    }
}

/// As if another poll began: for a poll inside of a poll.
#[inline]
pub(crate) fn refill() {
    if clocked::goes_on() {
        clocked::refill();
    } else if let Some(machine) = section::machine() {
        machine.patience.refill();
    }
}

#[cfg(test)]
mod tests;
