//! async-channel and async-lock, which `smol` exports as its own. It has no wait group.

use async_channel::{Receiver, Sender};
use async_lock::{Mutex, MutexGuard, OnceCell, RwLock, RwLockReadGuard};
use futures_lite::future;

use super::{BUFFER, Buffers, Channels, Locks, Selects, TrySends};
use crate::runtime::Smol;

impl Channels for Smol {
    type Runtime = Self;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Sender<u64>, Receiver<u64>) {
        async_channel::bounded(capacity.max(1))
    }

    async fn send(sender: &Sender<u64>, message: u64) {
        sender.send(message).await.expect("a receiver is there");
    }

    async fn recv(receiver: &mut Receiver<u64>) -> Option<u64> {
        receiver.recv().await.ok()
    }
}

impl TrySends for Smol {
    fn try_send(sender: &Sender<u64>, message: u64) -> bool {
        sender.try_send(message).is_ok()
    }
}

impl Selects for Smol {
    async fn recv_either(one: &mut Receiver<u64>, other: &mut Receiver<u64>) -> Option<u64> {
        // `or` would be the one that is seen more often; it prefers the first, which the others do not.
        future::race(one.recv(), other.recv()).await.ok()
    }
}

impl Locks for Smol {
    type Mutex = Mutex<u64>;
    type Locked<'a> = MutexGuard<'a, u64>;
    type RwLock = RwLock<u64>;
    type Reading<'a> = RwLockReadGuard<'a, u64>;
    type Once = OnceCell<()>;

    fn mutex(value: u64) -> Mutex<u64> {
        Mutex::new(value)
    }

    fn lock(mutex: &Mutex<u64>) -> impl Future<Output = MutexGuard<'_, u64>> + Send {
        mutex.lock()
    }

    fn rw_lock(value: u64) -> RwLock<u64> {
        RwLock::new(value)
    }

    fn read_lock(lock: &RwLock<u64>) -> impl Future<Output = RwLockReadGuard<'_, u64>> + Send {
        lock.read()
    }

    fn once() -> OnceCell<()> {
        OnceCell::new()
    }

    async fn call(once: &OnceCell<()>) {
        once.get_or_init(|| async {}).await;
    }
}

impl Buffers for Smol {
    type Pool = ();

    fn pool() {}

    #[inline]
    fn with_buffer((): &(), use_it: impl FnOnce(&mut Vec<u8>)) {
        use_it(&mut Vec::with_capacity(BUFFER));
    }
}
