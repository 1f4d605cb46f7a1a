//! One turn of a task: from a queue entry to the transition that ends the poll.

use std::{mem::ManuallyDrop, task::Context};

use super::{
    header::Header,
    join::take_joiner,
    name::Name,
    panics,
    raw::{self, Polled},
    state::{Finish, Outcome, Start, Suspend},
    waker,
};
use crate::{
    port,
    slab::{Class, SlotIndex},
    waiter::Waiter,
};

/// What a turn came to, and what is left to do with it.
#[must_use]
pub(crate) enum Ran {
    /// The task waits.
    Idle,
    /// The task was woken while it ran: queue it.
    Queue,
    /// The task asks to be queued behind the others.
    Yielded,
    /// The task has ended: wake who joins it, free the slot if it is there.
    Ended {
        joiner: Option<Waiter>,
        slot: Option<(Class, SlotIndex)>,
    },
}

/// Runs a task that `start` gave to this thread: polls it, or drops its future if it was aborted.
/// User code runs in here. `yielded` says, after the poll, whether the task asks to be queued last.
#[inline(always)]
pub(crate) fn run(
    name: Name,
    start: Start,
    yielded: impl FnOnce() -> bool,
    coarse_ms: impl FnOnce() -> u32,
) -> Ran {
    let header = Header::named(name);
    if start == Start::Cancel {
        return cancel_claimed(name);
    }
    header.end_wait();
    let waker = ManuallyDrop::new(waker::new(name));
    match raw::poll(name, header, &mut Context::from_waker(&waker)) {
        Polled::Ended(outcome) => end(name, header, outcome),
        Polled::Pending => {
            header.set_since(coarse_ms());
            if yielded() {
                header.state.yield_now();
                return Ran::Yielded;
            }
            match header.state.suspend() {
                Suspend::Idle => Ran::Idle,
                Suspend::Queue => Ran::Queue,
            }
        }
    }
}

/// Drops the future of a task that this thread has claimed or started. User code runs in here.
pub(crate) fn cancel_claimed(name: Name) -> Ran {
    let header = Header::named(name);
    let outcome = raw::cancel(name, header);
    end(name, header, outcome)
}

#[inline(always)]
fn end(name: Name, header: &Header, outcome: Outcome) -> Ran {
    let mut joiner = None;
    if outcome == Outcome::Panicked {
        panics::note(name, header);
    }
    loop {
        match header.state.finish(outcome) {
            Finish::Joiner => joiner = take_joiner(header),
            Finish::Published => return Ran::Ended { joiner, slot: None },
            Finish::Unwanted => {
                panics::discard(name, header, outcome);
                return Ran::Ended {
                    joiner,
                    slot: raw::free(name, header),
                };
            }
        }
    }
}

/// Frees the slot of an ended task whose body was taken (T2).
pub(crate) fn free(name: Name) {
    if let Some((class, slot)) = raw::free(name, Header::named(name)) {
        port::release(class, slot);
    }
}
