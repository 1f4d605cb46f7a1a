//! Models of the state word: a slot that several threads poll, wake, join, end and use again.
//!
//! The word is the shipped one. Around it stands a slot whose body and joiner loom watches: the model fails if two threads
//! touch one at once, or if one touches it that has given it away. What the slot's methods do with the word
//! is what `run`, `join` and `port` do.

mod abort;
mod duplicate;
mod join;
mod recycle;
mod wake;

use std::sync::atomic::{AtomicU32 as Count, Ordering::Relaxed};

use loom::cell::UnsafeCell;

use super::state::{Finish, Outcome, Start, State, Suspend, Wake};
use crate::shim::mutant;

/// The generation of a slot's first task.
const FIRST: u32 = 1;

/// What a poll says.
enum Poll {
    Pending,
    Yield,
    Ready,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Body {
    /// The wakers' data, as the last poll saw them.
    seen: u32,
    /// It holds an output.
    output: bool,
    /// Its future was dropped.
    dropped: bool,
}

struct Slot {
    state: State,
    body: UnsafeCell<Body>,
    /// Who joins, 0 for nobody. Reading is shared: T4.
    joiner: UnsafeCell<usize>,
    polls: Count,
    ends: Count,
    frees: Count,
    joins: join::Joins,
}

impl Slot {
    /// A task that is scheduled, with a handle.
    fn scheduled() -> Slot {
        let slot = Slot {
            state: State::free_with(FIRST),
            body: UnsafeCell::new(Body::default()),
            joiner: UnsafeCell::new(0),
            polls: Count::new(0),
            ends: Count::new(0),
            frees: Count::new(0),
            joins: join::Joins::default(),
        };
        slot.state.publish(FIRST);
        slot
    }

    /// A task that this thread polls.
    fn running() -> Slot {
        let slot = Slot::scheduled();
        assert_eq!(slot.state.start(FIRST), Start::Poll);
        slot
    }

    fn with_body<R>(&self, f: impl FnOnce(&mut Body) -> R) -> R {
        // SAFETY: loom fails the model unless this is the only reference.
        self.body.with_mut(|body| f(unsafe { &mut *body }))
    }

    /// A queue entry's turn, and those of the entries that come of it. False: the entry was worth nothing.
    fn turn(&self, generation: u32, poll: impl Fn(&mut Body) -> Poll) -> bool {
        match self.state.start(generation) {
            Start::Stale | Start::Elsewhere => return false,
            Start::Cancel => self.cancel(generation),
            Start::Poll => self.poll(generation, poll),
        }
        true
    }

    /// The rest of a turn after a start.
    fn poll(&self, generation: u32, poll: impl Fn(&mut Body) -> Poll) {
        self.polls.fetch_add(1, Relaxed);
        match self.with_body(&poll) {
            Poll::Ready => {
                self.with_body(|body| body.output = true);
                return self.end(generation, Outcome::Output);
            }
            Poll::Yield => self.state.yield_now(),
            Poll::Pending => match self.state.suspend() {
                Suspend::Idle => return,
                Suspend::Queue => {}
            },
        }
        let good = self.turn(generation, poll);
        assert!(good, "nobody else has an entry of this schedule");
    }

    /// Drops the future of a task that runs here.
    fn cancel(&self, generation: u32) {
        self.with_body(|body| {
            assert!(!body.dropped && !body.output);
            body.dropped = true;
        });
        self.end(generation, Outcome::Cancelled);
    }

    fn end(&self, generation: u32, outcome: Outcome) {
        self.ends.fetch_add(1, Relaxed);
        let mut joiner = None;
        loop {
            match self.state.finish(outcome) {
                Finish::Joiner => joiner = self.take_joiner(),
                Finish::Published => {
                    if mutant("joiner_after_done") {
                        joiner = self.take_joiner();
                    }
                    break;
                }
                Finish::Unwanted => {
                    self.discard(outcome);
                    self.free(generation);
                    break;
                }
            }
        }
        if let Some(joiner) = joiner {
            self.joins.wake(joiner);
        }
    }

    fn discard(&self, outcome: Outcome) {
        self.with_body(|body| assert_eq!(body.output, outcome == Outcome::Output));
    }

    /// Frees the slot, whose next user may come at once.
    fn free(&self, generation: u32) -> bool {
        self.frees.fetch_add(1, Relaxed);
        self.with_body(|body| *body = Body::default());
        // The free list's link.
        self.set_joiner_field(0);
        self.state.free(generation)
    }

    /// What a waker does: the entry has its turn here.
    fn wake(&self, generation: u32, poll: impl Fn(&mut Body) -> Poll) {
        if self.state.wake(generation) == Wake::Queue {
            let good = self.turn(generation, poll);
            assert!(good, "nobody else has an entry of this schedule");
        }
    }

    fn count(count: &Count) -> u32 {
        count.load(Relaxed)
    }
}
