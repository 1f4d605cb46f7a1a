//! What tasks, timers and waiters ask of the scheduler: the one place where the lower modules reach
//! the upper one.

use std::panic::Location;

use crate::{
    sched::section,
    slab::{self, Class, SlotIndex},
    task::{Header, JoinHandle, Name, Origin, state::Wake},
    time::Timers,
    wait::Reason,
};

/// Wakes a task, unless it is gone.
#[inline]
pub(crate) fn wake(name: Name) {
    if Header::named(name).state.wake(name.generation()) == Wake::Queue {
        queue(name);
    }
}

/// Queues a task that its caller has just scheduled: on this processor as the next one if the task is of
/// its runtime, else on the runtime's global queue.
#[inline]
pub(crate) fn queue(name: Name) {
    let runtime = Header::named(name).runtime();
    crate::sched::ready(name, runtime);
}

/// Puts a free slot into this processor's cache.
pub(crate) fn release(class: Class, slot: SlotIndex) {
    if section::with(|section| section.private().cache.release(class, slot)).is_none() {
        slab::release(class, slot);
    }
}

/// Spawns on the current runtime.
///
/// # Panics
/// Outside of a runtime.
#[track_caller]
pub(crate) fn spawn<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    crate::sched::spawn(future, origin)
}

/// The runtime's policy is to abort where a task panics.
pub(crate) fn aborts_on_panic(runtime: u16) -> bool {
    crate::sched::aborts_on_panic(runtime)
}

/// The task that runs on this thread.
#[inline]
pub(crate) fn current() -> Option<Name> {
    section::current_task()
}

/// The task of a `LocalSet` that runs on this thread.
pub(crate) fn current_local() -> Option<Name> {
    crate::local::current_task()
}

/// If `name` is the task that runs here, its poll shall end with a yield.
#[inline]
pub(crate) fn yield_current(name: Option<Name>) -> bool {
    name.is_some_and(section::yield_current)
}

#[inline]
pub(crate) fn note(site: &'static Location<'static>, reason: Reason) {
    match section::current_task() {
        Some(name) => Header::named(name).set_wait(site, reason),
        None => crate::local::note(site, reason),
    }
}

/// Notes it unless something else was noted in this poll.
#[inline]
pub(crate) fn note_if_none(site: &'static Location<'static>, reason: Reason) {
    match section::current_task() {
        Some(name) if Header::named(name).has_wait() => {}
        Some(_) => note(site, reason),
        None => crate::local::note_if_none(site, reason),
    }
}

/// The timers that this thread arms: its processor's, or those that its runtime keeps for threads without one.
pub(crate) fn timers() -> Option<&'static Timers> {
    crate::sched::timers()
}

/// A timer was armed in `timers`, maybe as the earliest. False: nobody fires it, the runtime has ended meanwhile.
#[inline]
pub(crate) fn armed(timers: &'static Timers, earliest: bool) -> bool {
    crate::sched::armed(timers, earliest)
}

/// What a poll may still do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// This is no poll of ours.
    None,
    /// One operation, which is spent now.
    Left,
    /// Nothing.
    Spent,
}

/// The current poll should yield.
#[inline(always)]
pub(crate) fn should_yield() -> bool {
    crate::sched::should_yield()
}

/// A poll of a local task, or of a future under `block_on`, begins; it ends when the guard is dropped.
pub(crate) fn begin_clocked() -> crate::sched::Clocked {
    crate::sched::begin_clocked()
}

/// Spends one operation of the current poll's budget.
#[inline(always)]
pub(crate) fn spend() -> Budget {
    crate::sched::spend()
}

/// The operation was not done.
#[inline]
pub(crate) fn give_back() {
    crate::sched::give_back();
}

/// A poll inside of the current one gets a budget of its own.
#[inline]
pub(crate) fn refill() {
    crate::sched::refill();
}
