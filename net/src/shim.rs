//! The atomics and locks that the netpoller uses: std's, or loom's under `cfg(gmp_loom)`. With them goes what it asks of
//! the executor, which is not there under loom.

#[cfg(gmp_loom)]
use loom::sync;
#[cfg(not(gmp_loom))]
use std::sync;

#[cfg(not(gmp_loom))]
pub(crate) use gmp_executor::{poller::Ready, waiter::Waiter};
pub(crate) use sync::{
    Mutex, MutexGuard,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

#[cfg(gmp_loom)]
pub(crate) use self::without_executor::{Ready, Waiter};

/// The protocol is to be run with the mistake of that name: never but in models, whose program reads it from
/// `GMP_MUTANT`. `ci/mutants.sh` has the list.
#[cfg(gmp_loom)]
pub(crate) fn mutant(name: &str) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let chosen = CHOSEN.get_or_init(|| std::env::var("GMP_MUTANT").ok());
    chosen.as_deref() == Some(name)
}

#[cfg(not(gmp_loom))]
#[inline(always)]
pub(crate) const fn mutant(_: &str) -> bool {
    false
}

/// The order of an access in a mutant that lacks it, and in all others.
#[inline(always)]
pub(crate) const fn relaxed_if(mutant: bool, order: Ordering) -> Ordering {
    if mutant { Ordering::Relaxed } else { order }
}

#[cfg(gmp_loom)]
mod without_executor {
    use std::task::Waker;

    pub(crate) struct Waiter(Waker);

    impl Waiter {
        pub(crate) fn new(waker: &Waker) -> Waiter {
            Waiter(waker.clone())
        }

        pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
            self.0.will_wake(waker)
        }

        pub(crate) fn wake(self) {
            self.0.wake();
        }
    }

    #[derive(Default)]
    pub(crate) struct Ready(pub(crate) Vec<Waiter>);

    impl Ready {
        pub(crate) fn push(&mut self, waiter: Waiter) {
            self.0.push(waiter);
        }
    }
}
