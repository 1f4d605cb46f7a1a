//! `gmp::sync`.

use gmp::sync::{
    CancelFn, Context, Mutex, MutexGuard, Once, Pool, Receiver, RwLock, RwLockReadGuard, Sender,
    WaitGroup, chan, select,
};

use super::{BUFFER, Buffers, Channels, Contexts, Locks, Selects, TrySends, WaitGroups};
use crate::runtime::Gmp;

impl Channels for Gmp {
    type Runtime = Self;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Sender<u64>, Receiver<u64>) {
        chan(capacity)
    }

    async fn send(sender: &Sender<u64>, message: u64) {
        sender.send(message).await.expect("a receiver is there");
    }

    fn recv(receiver: &mut Receiver<u64>) -> impl Future<Output = Option<u64>> + Send {
        receiver.recv()
    }
}

impl TrySends for Gmp {
    fn try_send(sender: &Sender<u64>, message: u64) -> bool {
        sender.try_send(message).is_ok()
    }
}

impl Selects for Gmp {
    async fn recv_either(one: &mut Receiver<u64>, other: &mut Receiver<u64>) -> Option<u64> {
        select! {
            message = one.recv() => message,
            message = other.recv() => message,
        }
    }
}

impl Locks for Gmp {
    type Mutex = Mutex<u64>;
    type Locked<'a> = MutexGuard<'a, u64>;
    type RwLock = RwLock<u64>;
    type Reading<'a> = RwLockReadGuard<'a, u64>;
    type Once = Once;

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

    fn once() -> Once {
        Once::new()
    }

    fn call(once: &Once) -> impl Future<Output = ()> + Send {
        once.call_once(|| async {})
    }
}

impl Contexts for Gmp {
    type Context = (Context, CancelFn);

    fn root() -> (Context, CancelFn) {
        Context::background().with_cancel()
    }

    fn child((parent, _): &(Context, CancelFn)) -> (Context, CancelFn) {
        parent.with_cancel()
    }

    fn cancel((_, cancel): &(Context, CancelFn)) {
        cancel.cancel();
    }

    fn is_cancelled((context, _): &(Context, CancelFn)) -> bool {
        context.is_done()
    }
}

impl Buffers for Gmp {
    type Pool = Pool<Box<Vec<u8>>>;

    fn pool() -> Self::Pool {
        Pool::new(|| Box::new(Vec::with_capacity(BUFFER)))
    }

    #[inline]
    fn with_buffer(pool: &Self::Pool, use_it: impl FnOnce(&mut Vec<u8>)) {
        let mut buffer = pool.get();
        use_it(&mut buffer);
        buffer.clear();
    }
}

impl WaitGroups for Gmp {
    type Group = WaitGroup;

    fn group() -> WaitGroup {
        WaitGroup::new()
    }

    fn go(group: &WaitGroup, future: impl Future<Output = ()> + Send + 'static) {
        drop(group.go(future));
    }

    fn wait(group: &WaitGroup) -> impl Future<Output = ()> + Send {
        group.wait()
    }
}
