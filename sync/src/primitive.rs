//! The atomics and locks that the locks' protocols use: std's, or loom's under `cfg(gmp_loom)`; and what the executor
//! offers to leaf futures, which is not there under loom.

pub(crate) use std::sync::atomic::Ordering;
#[cfg(not(gmp_loom))]
pub(crate) use std::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, AtomicUsize},
};

#[cfg(not(gmp_loom))]
pub(crate) use gmp_executor::{
    wait::{Reason, note},
    waiter::Waiter,
};
#[cfg(gmp_loom)]
pub(crate) use loom::sync::{
    Mutex, MutexGuard,
    atomic::{AtomicU32, AtomicU64, AtomicUsize},
};

#[cfg(gmp_loom)]
pub(crate) use self::stand_in::{Reason, Waiter, note};

/// A lock that outlives the panic of a holder: what it guards is valid between any two statements.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// The order of an access in a mutant that lacks it, and in all others.
#[inline(always)]
pub(crate) const fn relaxed_if(mutant: bool, order: Ordering) -> Ordering {
    if mutant { Ordering::Relaxed } else { order }
}

/// A constructor that is `const`, except under loom, whose atomics are registered at run time.
macro_rules! const_unless_loom {
    ($(#[$attribute:meta])* $visibility:vis fn $($rest:tt)*) => {
        #[cfg(not(gmp_loom))]
        $(#[$attribute])*
        $visibility const fn $($rest)*
        #[cfg(gmp_loom)]
        #[allow(missing_docs)]
        $visibility fn $($rest)*
    };
}
pub(crate) use const_unless_loom;

/// The executor's items with the same faces and nothing behind them.
#[cfg(gmp_loom)]
mod stand_in {
    use std::{panic::Location, task::Waker};

    pub(crate) enum Reason {
        Channel,
        Lock,
        WaitGroup,
    }

    pub(crate) fn note(_: &'static Location<'static>, _: Reason) {}

    pub(crate) struct Waiter(Waker);

    impl Waiter {
        pub(crate) fn new(waker: &Waker) -> Waiter {
            Waiter(waker.clone())
        }

        pub(crate) fn wake(self) {
            self.0.wake();
        }
    }
}
