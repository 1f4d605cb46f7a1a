//! The atomics and locks that the protocols use: std's, or loom's under `cfg(gmp_loom)`.
//!
//! Only what is modelled goes through here; the rest of the crate names std directly.

#[cfg(gmp_loom)]
use loom::sync;
#[cfg(not(gmp_loom))]
use std::sync;

#[cfg(gmp_loom)]
mod ordered;

#[cfg(gmp_loom)]
pub(crate) use self::ordered::{AtomicU32, AtomicU64};
#[cfg(not(gmp_loom))]
pub(crate) use sync::atomic::{AtomicU32, AtomicU64};
pub(crate) use sync::{Arc, Mutex, atomic::Ordering};

/// A lock that outlives the panic of a holder: what it guards is valid between any two statements.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> impl std::ops::DerefMut<Target = T> + '_ {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}
