//! The atomics and locks that the protocols use: std's, or loom's under `cfg(gmp_loom)`.
//!
//! Only what is modelled goes through here; the rest of the crate names std directly.

#[cfg(gmp_loom)]
use loom::{sync, thread};
#[cfg(not(gmp_loom))]
use std::{sync, thread};

#[cfg(gmp_loom)]
mod ordered;

#[cfg(gmp_loom)]
pub(crate) use self::ordered::{AtomicPtr, AtomicU32, AtomicU64};
/// For words that are stored and loaded but never exchanged.
pub(crate) use sync::atomic::{AtomicI32 as StoredI32, AtomicU64 as StoredU64};
#[cfg(not(gmp_loom))]
pub(crate) use sync::atomic::{AtomicPtr, AtomicU32, AtomicU64};
pub(crate) use sync::{
    Arc, Mutex,
    atomic::{Ordering, fence},
};
pub(crate) use thread::{Thread, current as current_thread, park, yield_now};

/// A lock that outlives the panic of a holder: what it guards is valid between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> impl std::ops::DerefMut<Target = T> + '_ {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

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
pub(crate) fn relaxed_if(mutant: bool, order: Ordering) -> Ordering {
    if mutant { Ordering::Relaxed } else { order }
}
