//! Which of the public types may go to other threads, and which may be shared with them: checked when this compiles.

use std::{
    cell::Cell,
    future::Ready,
    marker::{PhantomData, PhantomPinned},
    panic::{RefUnwindSafe, UnwindSafe},
    sync::MutexGuard as StdGuard,
};

use crate::{
    debug::{Frame, HandOff},
    per_processor::Gate,
    time::{Interval, Sleep, Timeout, Timer},
    wait::Site,
    waiter::Waiter,
    *,
};

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

// What a task returns goes through its handle from the task's thread to that of whoever awaits it.
is!(Send: JoinHandle<Movable>, JoinSet<Movable>, LocalJoinHandle<Movable>);
is!(Sync: JoinHandle<u8>, JoinSet<u8>, LocalJoinHandle<u8>);
is_not!(Send: JoinHandle<Local>, JoinHandle<Shareable>, JoinSet<Local>, JoinSet<Shareable>, LocalJoinHandle<Local>, LocalJoinHandle<Shareable>);
is_not!(Sync: JoinHandle<Local>, JoinSet<Local>, LocalJoinHandle<Local>);
is!(Send: AbortHandle, LocalAbortHandle, JoinError, Id);
is!(Sync: AbortHandle, LocalAbortHandle, JoinError, Id);

// What belongs to the thread that made it.
is_not!(Send: EnterGuard, LocalSet, RunUntil<'static, Ready<u8>>);
is_not!(Sync: EnterGuard, LocalSet, RunUntil<'static, Ready<u8>>);
// It lives in its task's future, which goes from thread to thread before it is bound, and may be dropped anywhere.
is!(Send: OsThreadGuard);

is!(Send: Runtime, Handle, Builder, RuntimeMetrics, ShutdownReport, CutTask, MemStats, TaskBuilder<'static>);
is!(Sync: Runtime, Handle, Builder, RuntimeMetrics, ShutdownReport, CutTask, MemStats);

// Futures around another one are what that one is.
is!(Send: YieldNow, Sleep, Interval, Timer, Timeout<Ready<Movable>>, Waiter, Gate, Site, HandOff, Frame);
is!(Sync: Sleep, Timeout<Ready<u8>>, Gate, Site, HandOff, Frame);
is_not!(Send: Timeout<Ready<Local>>, Timeout<PhantomData<Shareable>>);
is_not!(Sync: Timeout<Ready<Movable>>);

// A value of a task's own goes with the task, and is never shared.
is!(Send: LocalKey<Movable>);
is!(Sync: LocalKey<Movable>);

// What others link to stays where it was polled.
is!(Unpin: JoinHandle<PhantomPinned>, JoinSet<PhantomPinned>, LocalJoinHandle<PhantomPinned>, LocalSet, Runtime, Handle, OsThreadGuard);
is_not!(Unpin: Timeout<PhantomPinned>);

// Nobody finds them half-changed after a panic.
is!(UnwindSafe: Runtime, Handle, JoinHandle<Local>, AbortHandle, Id);
is!(RefUnwindSafe: Runtime, Handle, JoinHandle<Local>, AbortHandle, Id);
