//! Channels.

mod core;
pub(crate) mod decision;
mod error;
mod futures;
pub(crate) mod lock;
mod many;
mod node;
mod receiver;
mod recv;
mod reserve;
mod send;
mod sender;
pub(crate) mod wait;

#[cfg(not(gmp_loom))]
mod blocking;

use std::{panic::Location, sync::Arc};

#[cfg(not(gmp_loom))]
pub use self::blocking::SendTimeout;
use self::core::{Core, UNBOUNDED};
pub use self::{
    error::{SendError, SendTimeoutError, TryRecvError, TrySendError},
    many::RecvMany,
    receiver::Receiver,
    recv::Recv,
    reserve::{Permit, Reserve},
    send::{Send, SendFrom},
    sender::Sender,
};

/// A channel whose buffer has room for `capacity` values; with capacity 0 senders and receivers meet.
/// (Go: `make(chan T, capacity)`)
///
/// The buffer grows as it is used, so that a large capacity costs nothing by itself.
#[track_caller]
pub fn chan<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    make(capacity.min(UNBOUNDED - 1), Location::caller())
}

/// A channel that always has room: who sends never waits.
#[track_caller]
pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
    make(UNBOUNDED, Location::caller())
}

fn make<T>(capacity: usize, site: &'static Location<'static>) -> (Sender<T>, Receiver<T>) {
    let core = Arc::new(Core::new(capacity, site));
    (Sender::new(core.clone()), Receiver::new(core))
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
pub(crate) mod tests;
