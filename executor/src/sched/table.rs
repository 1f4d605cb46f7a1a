//! All schedulers of the process, by index: a task's header names its runtime in 16 bits.

use std::{
    io,
    ptr::null_mut,
    sync::{
        Mutex,
        atomic::{AtomicPtr, AtomicUsize, Ordering},
    },
};

use super::scheduler::Scheduler;
use crate::shim::lock;

/// More runtimes than this do not live at a time; each has threads of its own.
const RUNTIMES_MAX: usize = 4096;

static TABLE: [AtomicPtr<Scheduler>; RUNTIMES_MAX] =
    [const { AtomicPtr::new(null_mut()) }; RUNTIMES_MAX];
static USED: AtomicUsize = AtomicUsize::new(0);
/// Those whose runtimes have ended.
static SPARE: Mutex<Vec<&'static Scheduler>> = Mutex::new(Vec::new());

/// The scheduler with this index: what a task's header names.
#[inline]
pub(super) fn get(index: u16) -> Option<&'static Scheduler> {
    // SAFETY: the entries are null or come from `Box::leak`.
    unsafe { TABLE.get(index as usize)?.load(Ordering::Acquire).as_ref() }
}

/// A scheduler that nobody uses.
///
/// # Errors
/// If too many runtimes live.
pub(super) fn take() -> io::Result<&'static Scheduler> {
    let mut spare = lock(&SPARE);
    if let Some(scheduler) = spare.pop() {
        return Ok(scheduler);
    }
    let index = USED.load(Ordering::Relaxed);
    if index == RUNTIMES_MAX {
        return Err(io::Error::other(format!(
            "{RUNTIMES_MAX} runtimes live; shut some down"
        )));
    }
    USED.store(index + 1, Ordering::Relaxed);
    let scheduler: &Scheduler = Box::leak(Box::new(Scheduler::new(index as u16)));
    TABLE[index].store(std::ptr::from_ref(scheduler).cast_mut(), Ordering::Release);
    Ok(scheduler)
}

/// All that there are, without a lock: one that is just being made may be missing.
pub(super) fn each() -> impl Iterator<Item = &'static Scheduler> {
    (0..USED.load(Ordering::Relaxed)).filter_map(|index| get(index as u16))
}

/// All that there are. One that is made later is made by somebody who takes a lock that was this thread's before.
pub(super) fn all() -> Vec<&'static Scheduler> {
    let _spare = lock(&SPARE);
    each().collect()
}

/// The runtime has ended for good: no thread of it lives, no task of it is left.
pub(super) fn put(scheduler: &'static Scheduler) {
    lock(&SPARE).push(scheduler);
}
