//! A child of `fork`: it has one thread, the one that forked, and none of its runtimes runs.
//!
//! # How it works
//! Any lock may have been held by a thread that the child does not have. So the child must take none where it goes on like its
//! parent: the handler, which runs before `fork` returns there, tells every runtime that it closes and that nobody is
//! idle. What is spawned is refused then, and what is woken is queued, for good.
//!
//! # Not done here
//! Making all of the executor work in the child: taking every lock before each fork would let the parent's forks wait
//! for its busiest runtime. A child that does more than a few calls of ours is to `exec`.

use super::table;

/// Prepares the process for forks. Called by each runtime that begins; once counts.
#[cfg(all(unix, not(miri)))]
pub(super) fn prepare() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        // SAFETY: the handler only stores to atomics of structures that live for ever. The call fails for want of
        // memory only; then a child has no protection, as it had none before.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

#[cfg(not(all(unix, not(miri))))]
pub(super) fn prepare() {}

/// Runs in the child, on its only thread.
#[cfg_attr(miri, allow(dead_code))]
unsafe extern "C" fn in_child() {
    for scheduler in table::each() {
        scheduler.forsake();
    }
}
