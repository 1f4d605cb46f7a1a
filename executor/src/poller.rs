//! What the scheduler asks of a network poller. (Go: the contract at the head of `netpoll.go`)
//!
//! For runtimes' own crates: `gmp-net` implements [`Poller`] on mio. A runtime gets its poller when
//! the first socket asks for it ([`attach`]); until then its idle machine sleeps without one.

use std::{any::Any, io, sync::Arc, task::Waker, time::Instant};

use crate::{
    quietly::quietly,
    sched,
    task::{Header, Name, state::Wake},
    time::clock,
    waiter::{Target, Waiter},
};

/// A source of events that an idle machine waits in.
pub trait Poller: Any + Send + Sync {
    /// Waits until an event has come, `until` has passed or [`interrupt`](Self::interrupt) was
    /// called, and hands everybody who is to be woken to `ready`.
    ///
    /// One thread at a time is in here. `None`: no limit; an `until` in the past: look, do not wait. It must run
    /// no user code, and wait for no lock that somebody holds while user code runs.
    ///
    /// # Errors
    /// What the system says, but for an interrupted call, which is no error.
    fn poll(&self, until: Option<Instant>, ready: &mut Ready) -> io::Result<()>;

    /// Makes the running `poll`, or the next one, return soon. From any thread.
    fn interrupt(&self);
}

/// Collects those who are ready, to be queued in one go.
#[derive(Debug, Default)]
pub struct Ready {
    pub(crate) names: Vec<Name>,
    pub(crate) foreign: Vec<Waker>,
}

impl Drop for Ready {
    fn drop(&mut self) {
        // Each was scheduled by `push`; one that is not queued would never run.
        for name in self.names.drain(..) {
            sched::ready(name, Header::named(name).runtime());
        }
    }
}

impl Ready {
    pub(crate) fn new() -> Ready {
        Ready::default()
    }

    /// Adds one. No user code runs before the poller has returned.
    #[inline]
    pub fn push(&mut self, waiter: Waiter) {
        match waiter.into_target() {
            Target::Foreign(waker) => self.foreign.push(*waker),
            Target::Task(name) => {
                if Header::named(name).state.wake(name.generation()) == Wake::Queue {
                    self.names.push(name);
                }
            }
        }
    }

    /// Calls all foreign wakers. User code: outside of sections and locks.
    pub(crate) fn wake_all_foreign(&mut self) {
        self.foreign
            .drain(..)
            .for_each(|waker| quietly(|| waker.wake()));
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.foreign.is_empty()
    }
}

/// Now, by the clock that `until` counts by.
#[inline]
pub fn now() -> Instant {
    clock::now_instant()
}

/// The poller of the current runtime, which `init` makes when it is asked for first.
///
/// # Errors
/// Outside of a runtime, or if it has shut down; if the runtime's poller is of another type; what
/// `init` says.
pub fn attach<P: Poller>(init: impl FnOnce() -> io::Result<P>) -> io::Result<Arc<P>> {
    let live = sched::entered().filter(|live| live.is_open()).ok_or_else(|| {
        io::Error::other(
            "sockets need a running gmp runtime: use them inside of `Runtime::block_on`, a spawned task, or `#[gmp::main]`",
        )
    })?;
    let poller = live.scheduler.attach_poller(init)?;
    poller
        .downcast()
        .map_err(|_| io::Error::other("the runtime has a poller of another type"))
}
