//! Blocking inside of a task: the processor goes to another machine first.

use std::sync::atomic::Ordering;

use super::{machine::Machine, processor::Processor, roll::Absence, scheduler::Scheduler, section};
use crate::{
    quietly::quietly,
    task::{Header, Name, Ran},
    waiter::{Target, Waiter},
};

/// Runs `block`, which may block this thread. If the thread's machine holds a processor, that is handed off
/// first, and another is taken afterwards if one is idle; otherwise the rest of the poll goes on
/// without one.
pub(crate) fn without_processor<R>(block: impl FnOnce() -> R) -> R {
    let Some(machine) = section::with(|section| section.machine().hand_off_to_block()) else {
        return block();
    };
    let back = TakeBack { machine };
    let result = block();
    drop(back);
    result
}

/// Runs `block`, which may block this thread: the monitor takes the processor if it sees that at two looks, 0.1 ms apart. If
/// tasks stand it is called for the first one. So it costs next to nothing where it does not block for long.
pub(crate) fn block_in_place<R>(block: impl FnOnce() -> R) -> R {
    let Some(machine) = section::machine().filter(|machine| machine.current().is_some()) else {
        return block();
    };
    let _blocks = Blocks {
        machine,
        outer: machine.blocks.load(Ordering::Relaxed),
    };
    machine.blocks.store(true, Ordering::Relaxed);
    if machine.scheduler.monitor.rests() && machine.others_stand() {
        machine.scheduler.monitor.call();
    }
    block()
}

/// The machine's task blocks until this is dropped.
struct Blocks {
    machine: &'static Machine,
    outer: bool,
}

impl Drop for Blocks {
    fn drop(&mut self) {
        self.machine.blocks.store(self.outer, Ordering::Relaxed);
    }
}

/// Takes a processor again, also when `block` panics.
struct TakeBack {
    machine: &'static Machine,
}

impl Drop for TakeBack {
    fn drop(&mut self) {
        self.machine.take_back();
        if let Some(name) = section::current_task() {
            // What was waited for inside is not what the task waits for.
            Header::named(name).end_wait();
        }
    }
}

impl Machine {
    /// Tasks wait for this machine, or for anyone.
    fn others_stand(&self) -> bool {
        let here = |it: &Processor| it.has_work() || it.stealer.next().is_some();
        self.processor().is_some_and(here) || self.scheduler.global.has_work()
    }

    /// Gives the processor to another machine, which searches with it: for work here, or for a place in the
    /// poller; or lays it down, if it is retired. Inside of a section, by its own thread. (Go: `handoffp`)
    pub(super) fn hand_off(&self) {
        debug_assert!(
            !self.searching.get(),
            "a machine that runs a task does not search"
        );
        let Some(processor) = self.release() else {
            return;
        };
        if self.scheduler.idle.is_retired(processor) {
            return self.scheduler.withdraw(processor);
        }
        let machine = self.scheduler.idle.take_machine();
        self.scheduler.run_processor(processor, machine);
    }

    fn hand_off_to_block(&'static self) -> &'static Machine {
        self.scheduler.absent.enter(Absence::Blocked);
        self.hand_off();
        self
    }

    fn take_back(&'static self) {
        self.scheduler.absent.leave(Absence::Blocked);
        self.depth.enter();
        if !self.retake.is_quiet() {
            // R5: it was for the stretch in which the processor was handed off.
            self.answer();
        }
        if !self.scheduler.is_closing() {
            if let Some(processor) = self.scheduler.idle.take_processor() {
                self.acquire(processor);
            }
        }
        self.depth.leave();
    }
}

impl Scheduler {
    /// Does what is left of a task's turn on a machine that lost its processor meanwhile; into the background if the task
    /// had run too long.
    pub(super) fn settle_foreign(&'static self, name: Name, ran: Ran, background: bool) {
        match ran {
            Ran::Idle => {}
            Ran::Queue | Ran::Yielded if background => self.push_background(name),
            Ran::Queue | Ran::Yielded => self.push_global(name),
            Ran::Ended { joiner, slot } => {
                self.foreign_balance.fetch_sub(1, Ordering::Relaxed);
                if let Some((class, slot)) = slot {
                    crate::slab::release(class, slot);
                }
                match joiner.map(Waiter::into_target) {
                    None => {}
                    Some(Target::Task(name)) => crate::port::wake(name),
                    Some(Target::Foreign(waker)) => match section::machine() {
                        Some(machine) => machine.defer(&mut vec![*waker]),
                        None => quietly(|| waker.wake()),
                    },
                }
            }
        }
    }
}
