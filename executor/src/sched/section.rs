//! The only door to a processor's state: a guard around every stretch of scheduler code.
//!
//! # How it works
//! A machine's `depth` is 1 while its thread is inside of the scheduler and 0 while it runs user code.
//! [`with`] is for what user code calls (spawn, wake, arm a timer, free a slot); the machine's own
//! loop is inside all the time, but for [`outside`](Machine::outside), where each poll runs.
//!
//! # Invariants
//! - P1: the private part of a processor is touched by the thread whose machine holds it, at
//!   depth 1 only, after a look whether the processor is gone or wanted ([`retake`](super::retake)); and, while nobody
//!   holds it, by its owner (I4), who lays it down ([`resize`](super::resize)).
//! - P2: no user code runs inside: no foreign waker, no clone or drop of one, no hook, no drop of
//!   a user's value. [`Machine::outside`] is the way out for those, [`Machine::defer`] where the section must
//!   go on.
//! - P3: a panic inside aborts the process: queues would be left half-changed.
//! - P4: a public entry that is called inside, or on a thread whose machine has no processor, behaves
//!   as on a foreign thread: [`with`] returns `None`.
//!
//! Against the end of a runtime: see [`depth`](super::depth).

use std::{cell::Cell, ptr::null};

use super::{
    Scheduler,
    depth::Depth,
    machine::Machine,
    processor::{Private, Processor},
};
use crate::task::Name;

thread_local! {
    /// The machine of this thread: null on foreign threads. Without a destructor, so that it may be
    /// read at any time.
    static MACHINE: Cell<*const Machine> = const { Cell::new(null()) };
}

/// Makes this thread the machine's.
pub(super) fn install(machine: &'static Machine) {
    MACHINE.set(machine);
}

/// This thread is no machine's any more.
pub(super) fn uninstall() {
    MACHINE.set(null());
}

/// The machine of this thread.
#[inline(always)]
pub(crate) fn machine() -> Option<&'static Machine> {
    // SAFETY: the cell holds null or what `install` took: a `&'static Machine`.
    unsafe { MACHINE.get().as_ref() }
}

/// The task that this thread polls.
#[inline(always)]
pub(crate) fn current_task() -> Option<Name> {
    machine()?.current()
}

/// If `name` is the task that this thread polls, the poll shall end with a yield.
#[inline(always)]
pub(crate) fn yield_current(name: Name) -> bool {
    let polling = machine().filter(|machine| machine.current_bits() == name.bits());
    polling
        .inspect(|machine| machine.yielded.set(true))
        .is_some()
}

/// A stretch of scheduler code on a machine that holds a processor.
pub(crate) struct Section {
    machine: &'static Machine,
    processor: &'static Processor,
}

/// Aborts if it is dropped: by a panic inside of a section (P3).
pub(super) struct AbortOnUnwind;

impl Drop for AbortOnUnwind {
    fn drop(&mut self) {
        eprintln!("gmp: the scheduler panicked; its queues cannot be trusted any more");
        std::process::abort();
    }
}

/// Runs `f` inside of a section. `None`, and `f` not run: see P4.
#[inline(always)]
pub(crate) fn with<R>(f: impl FnOnce(&mut Section) -> R) -> Option<R> {
    enter_by(Depth::enter, f)
}

/// As [`with`], for a section that is a visit ([`gate`](super::gate)).
#[inline(always)]
pub(super) fn visit<R>(f: impl FnOnce(&mut Section) -> R) -> Option<R> {
    enter_by(Depth::visit, f)
}

#[inline(always)]
fn enter_by<R>(enter: fn(&Depth), f: impl FnOnce(&mut Section) -> R) -> Option<R> {
    let machine = machine()?;
    if machine.depth.is_inside() {
        return None;
    }
    let processor = machine.processor()?;
    let guard = AbortOnUnwind;
    let result = if machine
        .retake
        .enter(&machine.depth, enter, || machine.answer())
    {
        Some(f(&mut Section { machine, processor }))
    } else {
        None
    };
    std::mem::forget(guard);
    machine.depth.leave();
    result
}

/// The processor of this thread's machine.
pub(crate) fn processor() -> Option<&'static Processor> {
    with(|section| section.processor())
}

impl Section {
    /// The machine's own section: its depth is 1 since its thread began.
    pub(super) fn of_loop(machine: &'static Machine) -> Option<Section> {
        debug_assert!(machine.depth.is_inside());
        Some(Section {
            machine,
            processor: machine.processor()?,
        })
    }

    #[inline(always)]
    pub(crate) fn private(&mut self) -> &mut Private {
        debug_assert!(
            self.processor.holder() == Some(self.machine),
            "a section is the holder's"
        );
        // SAFETY: P1: this section is the only one of the machine that holds the processor, and
        // `&mut self` keeps other references away.
        unsafe { self.processor.private() }
    }

    #[inline(always)]
    pub(crate) fn machine(&self) -> &'static Machine {
        self.machine
    }

    #[inline(always)]
    pub(crate) fn processor(&self) -> &'static Processor {
        self.processor
    }

    #[inline(always)]
    pub(crate) fn scheduler(&self) -> &'static Scheduler {
        self.machine.scheduler
    }
}
