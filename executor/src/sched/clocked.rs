//! Polls that no monitor watches: those of local tasks, and of futures under `block_on`. They have a budget as others have, and
//! find out by themselves when their time is over.
//!
//! # How it works
//! What is left to the poll lies in a cell of its thread. For the time they look at the clock, but not each time they are asked:
//! at their first two looks, then at each second and fourth. (The first one starts the time: a poll that never asks never
//! reads a clock.)
//!
//! On a machine's thread (`block_on` inside of a task) the machine's soft flag is raised meanwhile: so whoever asks there
//! goes the slow way, and gets here.
//!
//! # Rejected
//! - The monitor raises these flags too: each `block_on` would have to enter itself in a list of its runtime, some need no
//!   runtime, and a monitor sleeps while no processor runs.

use std::{cell::Cell, marker::PhantomData};

use super::{budget::OPERATIONS, machine::Machine, section};
use crate::{port::Budget, time::clock};

/// After this long such a poll should yield, nanoseconds: about when the monitor raises the flag of others.
const TIME: u64 = 1_000_000;
/// Looks between two of the clock: 25 ns for each of them.
const GAP_MAX: u32 = 3;

thread_local! {
    /// The poll that goes on. Without a destructor, so that it may be read at any time.
    static POLL: Cell<Option<Poll>> = const { Cell::new(None) };
}

/// What is left to a poll.
#[derive(Clone, Copy)]
struct Poll {
    operations: u32,
    /// Looks before the next one of the clock, and after that one.
    looks: u32,
    gap: u32,
    /// When its time is over; 0: it was not asked yet.
    ends: u64,
}

impl Poll {
    const NEW: Poll = Poll {
        operations: OPERATIONS,
        looks: 0,
        gap: 0,
        ends: 0,
    };

    fn has_ended(&mut self) -> bool {
        if self.looks > 0 {
            self.looks -= 1;
            return false;
        }
        let now = clock::now();
        if self.ends != 0 && now >= self.ends {
            return true;
        }
        if self.ends == 0 {
            self.ends = now + TIME;
        }
        self.looks = self.gap;
        self.gap = (2 * self.gap + 1).min(GAP_MAX);
        false
    }

    fn spend(&mut self) -> Budget {
        // One operation in any case, as elsewhere.
        if self.operations == 0 || (self.operations < OPERATIONS && self.has_ended()) {
            return Budget::Spent;
        }
        self.operations -= 1;
        Budget::Left
    }
}

/// A poll by the clock goes on until this is dropped.
pub(crate) struct Clocked {
    outer: Option<Poll>,
    /// The machine whose flag it has raised.
    raised: Option<&'static Machine>,
    /// It belongs to the thread's cells.
    not_send: PhantomData<*const ()>,
}

/// Begins a poll by the clock.
pub(crate) fn begin() -> Clocked {
    let outer = POLL.replace(Some(Poll::NEW));
    // One that is raised stays so.
    let raised = section::machine().filter(|machine| !machine.patience.has_ended());
    if let Some(machine) = raised {
        machine.patience.end();
    }
    Clocked {
        outer,
        raised,
        not_send: PhantomData,
    }
}

impl Drop for Clocked {
    fn drop(&mut self) {
        POLL.set(self.outer);
        if let Some(machine) = self.raised {
            // What the task's own poll was asked for meanwhile is not forgotten.
            if machine.retake.is_quiet() {
                machine.patience.go_on();
            }
        }
    }
}

/// A poll by the clock goes on here.
#[inline]
pub(super) fn goes_on() -> bool {
    POLL.get().is_some()
}

fn with<R>(f: impl FnOnce(&mut Poll) -> R) -> Option<R> {
    let mut poll = POLL.get()?;
    let result = f(&mut poll);
    POLL.set(Some(poll));
    Some(result)
}

/// `None`: there is no such poll.
pub(super) fn should_yield() -> Option<bool> {
    with(Poll::has_ended)
}

pub(super) fn spend() -> Budget {
    with(Poll::spend).unwrap_or(Budget::None)
}

pub(super) fn give_back() {
    with(|poll| poll.operations = (poll.operations + 1).min(OPERATIONS));
}

pub(super) fn refill() {
    with(|poll| *poll = Poll::NEW);
}

#[cfg(test)]
mod tests;
