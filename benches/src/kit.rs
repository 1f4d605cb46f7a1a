//! What a workload may ask for beside a runtime: channels and what else tasks wait for each other with.
//!
//! # How it works
//! A trait for each thing that not everybody has. Who lacks one does not implement it, and so has no part in the
//! workloads that ask for it: [`Workload::by`](crate::workload::Workload::by) reads off these traits
//! who can run what.
//!
//! The crates that are nothing but channels ([`Flume`], [`Kanal`]) are measured on gmp's runtime. Beside gmp's own
//! channels that leaves one difference, the channel. Between threads there is no runtime at all ([`ThreadChannels`]).
//!
//! # Invariants
//! Those of [`runtime`](crate::runtime). Also:
//! - I1: no channel loses a message when a select takes another one; or it has no select here.

use std::ops::{Deref, DerefMut};

use crate::runtime::Runtime;

mod flume;
mod gmp;
mod kanal;
mod smol;
mod threads;
mod tokio;

pub(crate) use self::{
    flume::Flume,
    kanal::Kanal,
    threads::{Crossbeam, Std},
};

/// One sends, another one receives, and who receives last learns that nobody sends any more.
pub(crate) trait Channels: Sized + 'static {
    type Runtime: Runtime;
    type Sender: Clone + Send + Sync + 'static;
    type Receiver: Send + Sync + 'static;

    /// Capacity 0 is a rendezvous. Who has none (tokio, async-channel) takes the next larger one.
    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver);

    /// To a receiver that is still there.
    fn send(sender: &Self::Sender, message: u64) -> impl Future<Output = ()> + Send;

    /// `None` when the last sender is gone. It is `&mut` for tokio's sake.
    fn recv(receiver: &mut Self::Receiver) -> impl Future<Output = Option<u64>> + Send;
}

/// Somebody who does not wait may send.
pub(crate) trait TrySends: Channels {
    /// True: there was room.
    fn try_send(sender: &Self::Sender, message: u64) -> bool;
}

/// Several tasks may receive from one channel.
pub(crate) trait SharedChannels: Channels<Receiver: Clone> {}

impl<C: Channels<Receiver: Clone>> SharedChannels for C {}

/// One thread sends, another one receives, and both wait by blocking.
pub(crate) trait ThreadChannels: Sized + 'static {
    type Sender: Send + 'static;
    type Receiver: Send + 'static;

    /// Capacity 0 is a rendezvous.
    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver);

    /// To a receiver that is still there.
    fn send(sender: &Self::Sender, message: u64);

    /// `None` when the last sender is gone.
    fn recv(receiver: &Self::Receiver) -> Option<u64>;
}

/// Several threads may send to one channel and receive from it.
pub(crate) trait SharedThreadChannels:
    ThreadChannels<Sender: Clone, Receiver: Clone>
{
}

impl<C: ThreadChannels<Sender: Clone, Receiver: Clone>> SharedThreadChannels for C {}

/// A task may receive from the first of two channels that has something, from neither of them by preference.
pub(crate) trait Selects: Channels {
    fn recv_either(
        one: &mut Self::Receiver,
        other: &mut Self::Receiver,
    ) -> impl Future<Output = Option<u64>> + Send;
}

/// Locks that a task waits for, not a thread.
pub(crate) trait Locks: Runtime {
    type Mutex: Send + Sync + 'static;
    type Locked<'a>: DerefMut<Target = u64>;
    type RwLock: Send + Sync + 'static;
    type Reading<'a>: Deref<Target = u64>;
    type Once: Send + Sync + 'static;

    fn mutex(value: u64) -> Self::Mutex;

    fn lock(mutex: &Self::Mutex) -> impl Future<Output = Self::Locked<'_>> + Send;

    fn rw_lock(value: u64) -> Self::RwLock;

    fn read_lock(lock: &Self::RwLock) -> impl Future<Output = Self::Reading<'_>> + Send;

    /// Something that is not done yet.
    fn once() -> Self::Once;

    /// Does it, which is to do nothing, unless it is done.
    fn call(once: &Self::Once) -> impl Future<Output = ()> + Send;
}

/// A thing that says when to stop, to all that were derived from it.
pub(crate) trait Contexts: Runtime {
    type Context: Send + 'static;

    fn root() -> Self::Context;

    fn child(parent: &Self::Context) -> Self::Context;

    fn cancel(context: &Self::Context);

    fn is_cancelled(context: &Self::Context) -> bool;
}

/// Where buffers come from.
pub(crate) trait Buffers: Runtime {
    type Pool: Send + Sync + 'static;

    fn pool() -> Self::Pool;

    /// With an empty one, with room for [`BUFFER`] bytes.
    fn with_buffer(pool: &Self::Pool, use_it: impl FnOnce(&mut Vec<u8>));
}

/// The room in a buffer.
const BUFFER: usize = 1024;

/// Groups of tasks that are waited for together, without what comes out of each.
pub(crate) trait WaitGroups: Runtime {
    type Group: Send + Sync + 'static;

    fn group() -> Self::Group;

    /// Spawns a task of the group.
    fn go(group: &Self::Group, future: impl Future<Output = ()> + Send + 'static);

    /// Waits until all of them have ended; no more are spawned before that.
    fn wait(group: &Self::Group) -> impl Future<Output = ()> + Send;
}
