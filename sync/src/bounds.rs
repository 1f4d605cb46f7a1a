//! Which of the public types may go to other threads, and which may be shared with them: checked when this compiles.

use std::{
    cell::Cell,
    future::Ready,
    marker::PhantomPinned,
    panic::{RefUnwindSafe, UnwindSafe},
    sync::{Arc, MutexGuard as StdGuard},
};

use crate::*;

/// `Send`, not `Sync`.
type Movable = Cell<u8>;
/// `Sync`, not `Send`.
type Shareable = StdGuard<'static, u8>;
/// Neither.
type Local = *const u8;

macro_rules! is {
    ($bound:path: $($subject:ty),* $(,)?) => {
        const _: () = {
            const fn check<T: $bound>() {}
            $(check::<$subject>();)*
        };
    };
}

/// Compiles where the bound does not hold: else there are two that fit.
macro_rules! is_not {
    ($bound:path: $($subject:ty),* $(,)?) => {
        $(const _: fn() = || {
            trait Fits<A> {
                fn fits() {}
            }
            impl<T: ?Sized> Fits<()> for T {}
            struct Bound;
            impl<T: ?Sized + $bound> Fits<Bound> for T {}
            let _ = <$subject as Fits<_>>::fits;
        };)*
    };
}

// Channels: what is passed is the value, which must be `Send` and need not be `Sync`.
macro_rules! ends_and_futures {
    ($($name:ident $(<$life:lifetime>)?),* $(,)?) => {$(
        is!(Send: chan::$name<$($life,)? Movable>, chan::$name<$($life,)? u8>);
        is!(Sync: chan::$name<$($life,)? Movable>, chan::$name<$($life,)? u8>);
        is_not!(Send: chan::$name<$($life,)? Shareable>, chan::$name<$($life,)? Local>);
        is_not!(Sync: chan::$name<$($life,)? Shareable>, chan::$name<$($life,)? Local>);
    )*};
}

ends_and_futures!(
    Sender,
    Receiver,
    Send<'static>,
    Recv<'static>,
    Reserve<'static>,
    Permit<'static>
);
// These hold a reference to the place of the value as well.
is!(Send: chan::SendFrom<'static, Movable>, chan::RecvMany<'static, Movable>, chan::SendTimeout<'static, Movable>);
is!(Sync: chan::SendFrom<'static, u8>, chan::RecvMany<'static, u8>);
is_not!(Send: chan::SendFrom<'static, Local>, chan::RecvMany<'static, Local>, chan::SendTimeout<'static, Local>);
is_not!(Sync: chan::SendFrom<'static, Local>, chan::RecvMany<'static, Local>, chan::SendTimeout<'static, Local>);
// The arms of a list must be `Send`, and what they make stays with the select until it is ready.
is!(Send: Select<'static, Movable>, SelectWait<'static, Movable>);

is!(Send: Semaphore, SemaphorePermit<'static>, OwnedSemaphorePermit, Acquire<&'static Semaphore>, Acquire<Arc<Semaphore>>);
is!(Sync: Semaphore, SemaphorePermit<'static>, OwnedSemaphorePermit, Acquire<&'static Semaphore>);

is!(Send: Mutex<Movable>, MutexGuard<'static, Movable>, OwnedMutexGuard<Movable>, Lock<&'static Mutex<Movable>>);
is!(Sync: Mutex<Movable>, MutexGuard<'static, u8>, OwnedMutexGuard<u8>);
is_not!(Send: Mutex<Local>, Mutex<Shareable>, MutexGuard<'static, Local>, OwnedMutexGuard<Local>, Lock<&'static Mutex<Local>>);
is_not!(Sync: Mutex<Local>, Mutex<Shareable>, MutexGuard<'static, Movable>, OwnedMutexGuard<Movable>);

is!(Send: RwLock<Movable>, RwLock<u8>, RwLockReadGuard<'static, u8>, RwLockWriteGuard<'static, u8>, OwnedRwLockWriteGuard<u8>, Read<&'static RwLock<u8>>);
is!(Sync: RwLock<u8>, RwLockReadGuard<'static, u8>, OwnedRwLockReadGuard<u8>, RwLockWriteGuard<'static, u8>);
is_not!(Send: RwLock<Local>, RwLockReadGuard<'static, Movable>, OwnedRwLockReadGuard<Movable>, RwLockWriteGuard<'static, Local>);
is_not!(Sync: RwLock<Movable>, RwLock<Shareable>, RwLockWriteGuard<'static, Movable>, OwnedRwLockReadGuard<Movable>);

is!(Send: Cond, CondWait<'static, &'static Mutex<Movable>>, Notify, Notified<&'static Notify>, Notified<Arc<Notify>>, Barrier, BarrierWait<'static>, WaitGroup, Wait<'static>);
is!(Sync: Cond, Notify, Barrier, WaitGroup);
is_not!(Send: CondWait<'static, &'static Mutex<Local>>);

is!(Send: Once, OnceCell<Movable>, OnceValue<Ready<Movable>>, GetValue<'static, Ready<u8>>);
is!(Sync: Once, OnceCell<u8>, OnceValue<Ready<u8>>);
is_not!(Send: OnceCell<Local>, OnceValue<Ready<Local>>, GetValue<'static, Ready<Movable>>);
is_not!(Sync: OnceCell<Movable>, OnceCell<Shareable>, OnceValue<Ready<Movable>>, OnceValue<Ready<Local>>);

is!(Send: oneshot::Sender<Movable>, oneshot::Receiver<Movable>, broadcast::Sender<u8>, broadcast::Receiver<u8>, watch::Sender<u8>, watch::Receiver<u8>);
is!(Sync: oneshot::Sender<Movable>, broadcast::Sender<u8>, watch::Sender<u8>, watch::Receiver<u8>);
is_not!(Send: oneshot::Sender<Local>, oneshot::Receiver<Local>, broadcast::Sender<Movable>, broadcast::Receiver<Local>, watch::Sender<Movable>, watch::Ref<'static, u8>);

is!(Send: Context, CancelFn, CancelCauseFn, CancelGuard, StopFn, Cause, context::Done<'static>, context::Run<'static, Movable>, context::Scope<Movable>);
is!(Sync: Context, CancelFn, CancelCauseFn, CancelGuard, StopFn, Cause);

is!(Send: errgroup::Group<Movable>, singleflight::Group<u8, u8>, Pool<Movable>, Pooled<'static, Movable>);
is!(Sync: errgroup::Group<Movable>, singleflight::Group<u8, u8>, Pool<Movable>);
is_not!(Send: errgroup::Group<Local>, singleflight::Group<Local, u8>, Pool<Local>);
is_not!(Sync: errgroup::Group<Local>, singleflight::Group<u8, Movable>, Pool<Local>, Pool<Shareable>, Pooled<'static, Movable>);

is!(Send: Acquire<Arc<Semaphore>>, Lock<Arc<Mutex<Movable>>>, Write<&'static RwLock<u8>>, OwnedRwLockReadGuard<u8>);
is!(Sync: Notified<&'static Notify>, BarrierWait<'static>, Wait<'static>, BarrierWaitResult);
is_not!(Send: Lock<Arc<Mutex<Local>>>, Read<&'static RwLock<Local>>, Write<&'static RwLock<Movable>>, OwnedRwLockWriteGuard<Local>);
is!(Send: broadcast::Recv<'static, u8>, watch::Changed<'static, u8>, errgroup::Go<'static, Movable, Ready<()>>, singleflight::Flight<Movable>);
is!(Sync: oneshot::Receiver<Movable>, broadcast::Receiver<u8>, watch::Ref<'static, u8>);
is_not!(Send: broadcast::Recv<'static, Local>, watch::Changed<'static, Movable>, errgroup::Go<'static, Movable, Local>);
is_not!(Sync: oneshot::Sender<Local>, oneshot::Receiver<Local>, broadcast::Sender<Movable>, watch::Receiver<Movable>);
is_not!(Send: context::Run<'static, Local>, context::Scope<Local>, chan::SendError<Local>, SetError<Local>);

// The futures are shared as far as what they wait for.
is!(Sync: Lock<&'static Mutex<Movable>>, Lock<Arc<Mutex<Movable>>>, Read<&'static RwLock<u8>>, Write<&'static RwLock<u8>>, CondWait<'static, &'static Mutex<u8>>);
is_not!(Sync: Lock<&'static Mutex<Local>>, Read<&'static RwLock<Movable>>, Write<&'static RwLock<Movable>>, CondWait<'static, &'static Mutex<Movable>>);
is!(Sync: GetValue<'static, Ready<u8>>, context::Done<'static>, context::Run<'static, u8>, context::Scope<u8>, errgroup::Go<'static, Movable, Ready<()>>);
is_not!(Sync: GetValue<'static, Ready<Movable>>, context::Run<'static, Movable>, context::Scope<Movable>, errgroup::Go<'static, Movable, Movable>, errgroup::Go<'static, Local, Ready<()>>);
is!(Sync: watch::Changed<'static, u8>, broadcast::Recv<'static, u8>, singleflight::Flight<u8>);
is_not!(Sync: watch::Changed<'static, Movable>, broadcast::Recv<'static, Movable>, singleflight::Flight<Movable>);
is_not!(Sync: Select<'static, u8>, SelectWait<'static, u8>);
is!(Sync: chan::SendTimeout<'static, Movable>, chan::SendFrom<'static, u8>, chan::RecvMany<'static, u8>);
is_not!(Sync: chan::SendFrom<'static, Movable>, chan::RecvMany<'static, Movable>);
is_not!(Send: chan::TrySendError<Local>, chan::SendTimeoutError<Local>);
// What its arms make is handed out at once, never kept.
is!(Send: Select<'static, Local>, SelectWait<'static, Local>);
is!(Sync: chan::SendError<u8>, chan::TrySendError<u8>, chan::SendTimeoutError<u8>, SetError<u8>);
is_not!(Sync: chan::SendError<Movable>, chan::TrySendError<Movable>, SetError<Movable>);
is!(Send: BarrierWaitResult);

// Errors go anywhere, with the value as far as that does.
is!(Send: chan::SendError<Movable>, chan::TrySendError<Movable>, chan::SendTimeoutError<Movable>, SetError<Movable>);
is!(Send: chan::TryRecvError, AcquireError, TryAcquireError, TryLockError, ContextError, errgroup::Failed);
is!(Send: oneshot::RecvError, oneshot::TryRecvError, broadcast::RecvError, broadcast::TryRecvError, watch::RecvError);
is!(Sync: chan::TryRecvError, AcquireError, TryAcquireError, TryLockError, ContextError, errgroup::Failed);
is!(Sync: oneshot::RecvError, oneshot::TryRecvError, broadcast::RecvError, broadcast::TryRecvError, watch::RecvError);

// What is moved after it was polled, and what stays, since others link to it.
is!(Unpin: Sender<PhantomPinned>, Receiver<PhantomPinned>, oneshot::Sender<PhantomPinned>, oneshot::Receiver<PhantomPinned>);
is!(Unpin: broadcast::Receiver<PhantomPinned>, watch::Receiver<PhantomPinned>, Context, Pool<PhantomPinned>, WaitGroup);
is_not!(Unpin: chan::Send<'static, u8>, chan::Recv<'static, u8>, chan::SendFrom<'static, u8>, chan::RecvMany<'static, u8>, chan::Reserve<'static, u8>);
is_not!(Unpin: Acquire<&'static Semaphore>, Lock<&'static Mutex<u8>>, Read<&'static RwLock<u8>>, Write<&'static RwLock<u8>>, Notified<&'static Notify>);
is_not!(Unpin: CondWait<'static, &'static Mutex<u8>>, BarrierWait<'static>, Wait<'static>, GetValue<'static, Ready<u8>>, context::Done<'static>);
is_not!(Unpin: broadcast::Recv<'static, u8>, watch::Changed<'static, u8>, SelectWait<'static, u8>);

// A panic beside them leaves them whole; what a lock guards it may leave half-changed, and no lock of ours is poisoned.
is!(UnwindSafe: Sender<Local>, Receiver<Local>, Context, CancelFn, CancelCauseFn, CancelGuard, WaitGroup, Semaphore, Notify, Barrier, Cond);
is!(RefUnwindSafe: Sender<Local>, Receiver<Local>, Context, CancelFn, CancelCauseFn, CancelGuard, WaitGroup, Semaphore, Notify, Barrier, Cond);
is!(UnwindSafe: oneshot::Sender<Local>, oneshot::Receiver<Local>, broadcast::Sender<Local>, broadcast::Receiver<Local>);
is_not!(RefUnwindSafe: Mutex<u8>, RwLock<u8>);

/// The futures that have no name.
#[allow(dead_code, reason = "it is compiled, and not called")]
fn futures_without_names_are_send() {
    fn check(_: impl Future + std::marker::Send) {}
    let (once, cell) = (Once::new(), OnceCell::<u8>::new());
    check(once.call_once(|| async {}));
    check(cell.get_or_init(|| async { 1 }));
    let flight = singleflight::Group::<u8, u8>::new();
    check(flight.run(1, || async { 1 }));
    let mut group = errgroup::Group::<Movable>::new();
    check(group.wait());
    let (mut tx, _rx) = oneshot::channel::<Movable>();
    check(tx.closed());
    let (tx, mut rx) = watch::channel(1_u8);
    check(tx.closed());
    check(rx.wait_for(|_| true));
}
