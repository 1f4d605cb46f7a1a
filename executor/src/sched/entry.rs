//! From user code into the scheduler: which runtime is the current one, waking, arming timers.

use std::cell::Cell;

use super::{deadline, scheduler::Live, section, table};
use crate::{task::Name, time::Timers};

thread_local! {
    /// The runtime that this thread has entered, if it is no machine.
    static ENTERED: Cell<Option<Live>> = const { Cell::new(None) };
}

/// Leaves the runtime when it is dropped.
pub(crate) struct Entered {
    before: Option<Live>,
    /// It belongs to the thread's cell.
    not_send: std::marker::PhantomData<*const ()>,
}

/// Makes `live` the thread's current runtime until the guard is dropped.
pub(crate) fn enter(live: Live) -> Entered {
    Entered {
        before: ENTERED.replace(Some(live)),
        not_send: std::marker::PhantomData,
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.set(self.before);
    }
}

/// The current runtime: the one that the thread has entered last, else its machine's.
pub(crate) fn entered() -> Option<Live> {
    ENTERED
        .get()
        .or_else(|| section::machine().map(|machine| Live::of(machine.scheduler)))
}

/// Leaves all runtimes that the thread has entered.
#[inline(always)]
pub(super) fn leave_all() {
    if is_elsewhere() {
        ENTERED.set(None);
    }
}

/// The thread has entered a runtime, which may be another one than its machine's.
#[inline(always)]
pub(super) fn is_elsewhere() -> bool {
    ENTERED.get().is_some()
}

pub(super) fn current_or_panic() -> Live {
    entered().expect(
        "there is no gmp runtime here: call this inside of `Runtime::block_on`, a spawned task or `#[gmp::main]`, or hold a `Runtime::enter` guard",
    )
}

/// Queues a task that the caller has just scheduled.
#[inline]
pub(crate) fn ready(name: Name, runtime: u16) {
    let queued = section::with(|section| {
        let ours = section.scheduler().index == runtime;
        if ours {
            section.push_next(name);
        }
        ours
    });
    if queued != Some(true) {
        if let Some(scheduler) = table::get(runtime) {
            scheduler.push_global(name);
        }
    }
}

/// The timers to arm on this thread: its processor's, or those that the current runtime keeps for threads
/// without one. `None` if there is no runtime that lives.
pub(crate) fn timers() -> Option<&'static Timers> {
    let processor = if is_elsewhere() {
        None
    } else {
        section::processor()
    };
    if let Some(processor) = processor {
        return Some(&processor.timers);
    }
    entered()
        .filter(|&live| fires_timers(live))
        .map(|live| &live.scheduler.foreign_timers)
}

/// Its timers will fire, if only at its end: it is open, or this thread is a machine of it, for which the end waits.
fn fires_timers(live: Live) -> bool {
    live.is_open()
        || section::machine().is_some_and(|machine| std::ptr::eq(machine.scheduler, live.scheduler))
}

/// A timer was armed. Nobody needs to know of a processor's own: who holds it looks at them, and if that is still this
/// machine, it does so later. For the others the sleeper may have to wake earlier, and the runtime may have ended since
/// [`timers`] looked: false.
#[inline]
pub(crate) fn armed(timers: &'static Timers, earliest: bool) -> bool {
    let own = section::processor();
    if own.is_some_and(|processor| std::ptr::eq(timers, &raw const processor.timers)) {
        return true;
    }
    armed_foreign(earliest)
}

#[cold]
fn armed_foreign(earliest: bool) -> bool {
    // Ordering: between the new deadline and the looks at the sleeper's and at `closing`; pairs with the fence
    // in `Deadline::announce`, and with the one before the walk, which fires all.
    deadline::after_arming();
    let Some(live) = entered().filter(|&live| fires_timers(live)) else {
        return false;
    };
    if earliest {
        live.scheduler.warn_sleeper();
    }
    true
}
