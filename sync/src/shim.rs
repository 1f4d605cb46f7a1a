//! The atomics, cells and locks that the protocols use: std's, or loom's under `cfg(gmp_loom)`. With them goes what
//! they ask of the executor, which is not there under loom: a waiter is a plain waker then.

#[cfg(not(gmp_loom))]
pub(crate) use std::{
    sync::{
        Mutex, MutexGuard, OnceLock, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize},
    },
    thread::yield_now,
};

#[cfg(not(gmp_loom))]
pub(crate) use crate::chan::lock::{Held, Lock};
#[cfg(not(gmp_loom))]
pub(crate) use gmp_executor::{
    Handle, inherit,
    per_processor::{self, Gate},
    preempt::{Proceed, poll_proceed},
    wait::{Reason, note},
    waiter::Waiter,
};
#[cfg(gmp_loom)]
pub(crate) use loom::{
    cell::UnsafeCell,
    sync::{
        Mutex, MutexGuard, RwLock, RwLockReadGuard,
        atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, AtomicUsize},
    },
    thread::yield_now,
};
pub(crate) use std::sync::atomic::Ordering;

#[cfg(gmp_loom)]
pub(crate) use self::without_executor::{
    Gate, Handle, Proceed, Reason, Waiter, inherit, note, per_processor, poll_proceed,
};

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

/// A lock that outlives the panic of a holder: what it guards is valid between any two statements.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Spends one operation of the task's budget, and yields first if there is none left.
pub(crate) async fn proceed() {
    std::future::poll_fn(|cx| poll_proceed(cx))
        .await
        .made_progress();
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

/// How often a look for something that will come soon is repeated before the thread lets others run.
pub(crate) const SPINS: u32 = if cfg!(gmp_loom) { 1 } else { 64 };

/// std's cell, with the face of loom's.
#[cfg(not(gmp_loom))]
pub(crate) struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

#[cfg(not(gmp_loom))]
impl<T> UnsafeCell<T> {
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, access: impl FnOnce(*mut T) -> R) -> R {
        access(self.0.get())
    }
}

/// What channels lock with. loom's scheduler starves the holder of a lock for which two others spin, so models of channels
/// take the lock as given; it has a model of its own.
#[cfg(gmp_loom)]
pub(crate) struct Lock<T>(loom::sync::Mutex<T>);

#[cfg(gmp_loom)]
impl<T> Lock<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(loom::sync::Mutex::new(value))
    }

    pub(crate) fn lock(&self) -> Held<'_, T> {
        Held(self.0.lock().unwrap())
    }
}

#[cfg(gmp_loom)]
pub(crate) struct Held<'a, T>(MutexGuard<'a, T>);

#[cfg(gmp_loom)]
impl<T> Held<'_, T> {
    pub(crate) fn with<R>(&mut self, section: impl FnOnce(&mut T) -> R) -> R {
        section(&mut self.0)
    }
}

/// std's, of whose calls of `set` none may meet another: so it is in our code.
#[cfg(gmp_loom)]
pub(crate) struct OnceLock<T> {
    is_set: AtomicBool,
    value: UnsafeCell<Option<T>>,
}

#[cfg(gmp_loom)]
// SAFETY: the value is written once, before `is_set`, and read after it was seen.
unsafe impl<T: Send + Sync> Sync for OnceLock<T> {}

#[cfg(gmp_loom)]
impl<T> OnceLock<T> {
    pub(crate) fn new() -> OnceLock<T> {
        OnceLock {
            is_set: AtomicBool::new(false),
            value: UnsafeCell::new(None),
        }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if !self.is_set.load(Ordering::Acquire) {
            return None;
        }
        // SAFETY: it is not written any more.
        self.value.with(|value| unsafe { &*value }.as_ref())
    }

    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        // SAFETY: nobody else has it.
        self.value.with_mut(|value| unsafe { &mut *value }.as_mut())
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        if self.is_set.load(Ordering::Acquire) {
            return Err(value);
        }
        // SAFETY: nobody else sets it, and nobody reads it yet.
        self.value.with_mut(|place| unsafe { *place = Some(value) });
        self.is_set.store(true, Ordering::Release);
        Ok(())
    }

    pub(crate) fn get_or_init(&self, make: impl FnOnce() -> T) -> &T {
        if self.get().is_none() {
            let _ = self.set(make());
        }
        self.get().expect("it was just set")
    }

    pub(crate) fn take(&mut self) -> Option<T> {
        self.is_set = AtomicBool::new(false);
        // SAFETY: nobody else has it.
        self.value.with_mut(|value| unsafe { &mut *value }.take())
    }

    pub(crate) fn into_inner(mut self) -> Option<T> {
        self.take()
    }
}

#[cfg(gmp_loom)]
impl<T> From<T> for OnceLock<T> {
    fn from(value: T) -> OnceLock<T> {
        let lock = OnceLock::new();
        let _ = lock.set(value);
        lock
    }
}

#[cfg(gmp_loom)]
mod without_executor {
    use super::{AtomicBool, Ordering};
    use std::{
        panic::Location,
        task::{Context, Poll, Waker},
    };

    pub(crate) struct Waiter(Waker);

    impl Waiter {
        pub(crate) fn new(waker: &Waker) -> Waiter {
            Waiter(waker.clone())
        }

        pub(crate) fn of_task(_: &Waker) -> Option<Waiter> {
            None
        }

        pub(crate) fn will_wake(&self, waker: &Waker) -> bool {
            self.0.will_wake(waker)
        }

        pub(crate) fn wake(self) {
            self.0.wake();
        }
    }

    pub(crate) enum Reason {
        Channel,
        Lock,
        Select,
        WaitGroup,
        Barrier,
        Cond,
        Context,
        Notify,
        Once,
    }

    pub(crate) fn note(_: &'static Location<'static>, _: Reason) {}

    pub(crate) struct Proceed;

    impl Proceed {
        pub(crate) fn made_progress(self) {}
    }

    pub(crate) fn poll_proceed(_: &Context<'_>) -> Poll<Proceed> {
        Poll::Ready(Proceed)
    }

    /// There is no runtime.
    pub(crate) struct Handle;

    pub(crate) struct Spawned;

    impl Handle {
        pub(crate) fn try_current() -> Option<Handle> {
            None
        }

        pub(crate) fn spawn<F>(&self, _: F) -> Spawned {
            unreachable!("there is no runtime")
        }
    }

    impl Spawned {
        pub(crate) fn is_finished(&self) -> bool {
            unreachable!("there is no runtime")
        }
    }

    pub(crate) mod inherit {
        pub(crate) fn within<R>(_: Option<()>, run: impl FnOnce() -> R) -> R {
            run()
        }
    }

    pub(crate) mod per_processor {
        pub(crate) fn number() -> Option<usize> {
            None
        }
    }

    /// Nobody has a processor; the gate says what it is.
    pub(crate) struct Gate(AtomicBool);

    impl Gate {
        pub(crate) fn closed() -> Gate {
            Gate(AtomicBool::new(false))
        }

        pub(crate) fn enter<R>(&self, _: impl FnOnce(usize) -> R) -> Option<R> {
            None
        }

        pub(crate) fn is_open(&self) -> bool {
            self.0.load(Ordering::Relaxed)
        }

        pub(crate) fn open(&self) {
            self.0.store(true, Ordering::Relaxed);
        }

        pub(crate) fn close(&self) {
            self.0.store(false, Ordering::Relaxed);
        }
    }
}
