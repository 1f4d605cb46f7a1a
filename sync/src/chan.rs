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
///
/// ```
/// let (tx, rx) = gmp_sync::chan(2);
/// assert_eq!((tx.capacity(), tx.len()), (Some(2), 0));
/// tx.try_send("one").unwrap();
/// tx.try_send("two").unwrap();
/// assert!(tx.try_send("three").is_err());
/// assert_eq!(rx.try_recv(), Ok("one"));
/// ```
#[track_caller]
pub fn chan<T>(capacity: usize) -> (Sender<T>, Receiver<T>) {
    make(capacity.min(UNBOUNDED - 1), Location::caller())
}

/// A channel that always has room: who sends never waits.
///
/// Go has none, tokio `mpsc::unbounded_channel`. What nobody receives takes memory without end.
///
/// ```
/// let (tx, rx) = gmp_sync::unbounded();
/// (0..1000).for_each(|n| tx.try_send(n).unwrap());
/// assert_eq!((rx.len(), rx.capacity()), (1000, None));
/// ```
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
