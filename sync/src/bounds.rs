//! Which of the public types may go to other threads, and which may be shared with them: checked when this compiles.

use std::{
    cell::Cell,
    future::Ready,
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
