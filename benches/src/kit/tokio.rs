//! `tokio::sync`, and the `TaskTracker` of tokio-util, which is what tokio's documents name for waiting for many tasks.

use tokio::sync::{
    Mutex, MutexGuard, OnceCell, RwLock, RwLockReadGuard,
    mpsc::{self, Receiver, Sender},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{BUFFER, Buffers, Channels, Contexts, Locks, Selects, TrySends, WaitGroups};
use crate::runtime::Tokio;

impl<const WORKERS: bool> Channels for Tokio<WORKERS> {
    type Runtime = Self;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Sender<u64>, Receiver<u64>) {
        mpsc::channel(capacity.max(1))
    }

    async fn send(sender: &Sender<u64>, message: u64) {
        sender.send(message).await.expect("a receiver is there");
    }

    fn recv(receiver: &mut Receiver<u64>) -> impl Future<Output = Option<u64>> + Send {
        receiver.recv()
    }
}

impl<const WORKERS: bool> TrySends for Tokio<WORKERS> {
    fn try_send(sender: &Sender<u64>, message: u64) -> bool {
        sender.try_send(message).is_ok()
    }
}

impl<const WORKERS: bool> Selects for Tokio<WORKERS> {
    async fn recv_either(one: &mut Receiver<u64>, other: &mut Receiver<u64>) -> Option<u64> {
        tokio::select! {
            message = one.recv() => message,
            message = other.recv() => message,
        }
    }
}

impl<const WORKERS: bool> Locks for Tokio<WORKERS> {
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

impl<const WORKERS: bool> Contexts for Tokio<WORKERS> {
    type Context = CancellationToken;

    fn root() -> CancellationToken {
        CancellationToken::new()
    }

    fn child(parent: &CancellationToken) -> CancellationToken {
        parent.child_token()
    }

    fn cancel(token: &CancellationToken) {
        token.cancel();
    }

    fn is_cancelled(token: &CancellationToken) -> bool {
        token.is_cancelled()
    }
}

impl<const WORKERS: bool> Buffers for Tokio<WORKERS> {
    type Pool = ();

    fn pool() {}

    #[inline]
    fn with_buffer((): &(), use_it: impl FnOnce(&mut Vec<u8>)) {
        use_it(&mut Vec::with_capacity(BUFFER));
    }
}

impl<const WORKERS: bool> WaitGroups for Tokio<WORKERS> {
    type Group = TaskTracker;

    fn group() -> TaskTracker {
        TaskTracker::new()
    }

    fn go(group: &TaskTracker, future: impl Future<Output = ()> + Send + 'static) {
        drop(group.spawn(future));
    }

    async fn wait(group: &TaskTracker) {
        group.close();
        group.wait().await;
    }
}
