//! Tasks that are bound to their threads: what the bound machine does. (Go: `LockOSThread`, proc.go)
//!
//! # How it works
//! The task's state word says that it is bound, so that nobody else starts it; [`bindings`](super::bindings) tells who may.
//! Between two polls of its task the machine holds no processor and is on no list. It counts as absent, since another
//! machine is needed in its place.
//!
//! A task that ends with a guard left has forgotten it, or given it away: then the thread ends too, since nobody knows
//! what the task has made of it. The end of a runtime is roused as to everybody; the bound machine then drops the
//! task's future itself.
//!
//! # Not done here
//! A guard that is dropped while another thread, or nobody, polls its task cannot change the state word (T1): it only
//! counts, and the machine unbinds the task when it next starts it.

use std::sync::atomic::{Ordering, fence};

use super::{
    bindings::Delivery, machine::Machine, processor::Processor, roll::Absence,
    scheduler::Scheduler, section, section::Section,
};
use crate::task::{Header, Name, state::Start};

/// What a guard keeps of the task that is bound.
#[derive(Clone, Copy)]
pub(crate) struct Hold {
    scheduler: &'static Scheduler,
    name: Name,
}

/// Binds the current task to this thread, or once more. `None`: there is none.
pub(crate) fn hold() -> Option<Hold> {
    let machine = section::machine()?;
    let name = machine.current()?;
    machine.scheduler.bindings.bind(name, machine);
    if machine.bound.replace(Some(name)).is_none() {
        Header::named(name).state.set_bound(true);
        machine.errands.set(true);
    }
    Some(Hold {
        scheduler: machine.scheduler,
        name,
    })
}

impl Hold {
    pub(crate) fn release(self) {
        let last = self.scheduler.bindings.release(self.name);
        let machine = section::machine().filter(|machine| machine.current() == Some(self.name));
        if let Some(machine) = machine.filter(|_| last) {
            machine.unbind(self.name);
        }
    }
}

impl Machine {
    /// Another machine's task: it gets the processor.
    #[cold]
    pub(super) fn deliver(&'static self, mut section: Section, name: Name) {
        let bindings = &self.scheduler.bindings;
        let delivery = bindings.deliver(name, |machine| {
            machine.give(self.release().expect("a section's machine holds one"));
        });
        match delivery {
            Delivery::Given(machine) => {
                machine.unpark();
                self.errands.set(true);
            }
            Delivery::Noted => {}
            Delivery::Unbound => section.push(name),
        }
    }

    /// The task that runs here is free again.
    fn unbind(&'static self, name: Name) {
        self.scheduler.bindings.remove(name);
        self.bound.set(None);
        Header::named(name).state.set_bound(false);
    }

    /// One turn of the task that the machine is bound to, or the end of the binding.
    pub(super) fn serve(&'static self, name: Name) {
        if Header::named(name).state.is_over(name.generation()) {
            return self.outlive(name);
        }
        if self.scheduler.bindings.wait(name) {
            self.scheduler.push_global(name);
        }
        self.give_processor_up();
        self.scheduler.absent.enter(Absence::Blocked);
        let processor = self.wait_for_delivery();
        self.scheduler.absent.leave(Absence::Blocked);
        match processor {
            Some(processor) => self.run_bound(processor, name),
            None => self.end_bound(name),
        }
    }

    /// `None`: the runtime ends.
    fn wait_for_delivery(&self) -> Option<&'static Processor> {
        loop {
            if let Some(processor) = self.given.take() {
                return Some(processor);
            }
            if self.scheduler.is_closing() {
                return None;
            }
            std::thread::park();
        }
    }

    fn run_bound(&'static self, processor: &'static Processor, name: Name) {
        self.acquire(processor);
        let state = &Header::named(name).state;
        let start = state.start_bound(name.generation());
        let section = Section::of_loop(self).filter(|_| start != Start::Stale);
        let Some(section) = section else { return };
        if self.scheduler.bindings.is_released(name) {
            self.unbind(name);
        }
        self.run_started::<true>(section, name, start);
    }

    /// The task has ended.
    fn outlive(&'static self, name: Name) {
        self.bound.set(None);
        if self.scheduler.bindings.remove(name) {
            self.doomed.set(true);
            self.give_processor_up();
        }
    }

    /// The runtime ends, and nobody else may drop the future.
    fn end_bound(&'static self, name: Name) {
        // First: whoever finds no binding queues the entry again, until the state word says that it is stale.
        if Header::named(name).state.claim_bound(name.generation()) {
            self.drop_claimed(name);
        }
        self.scheduler.bindings.remove(name);
        self.bound.set(None);
        // One that came too late.
        if let Some(processor) = self.given.take() {
            self.scheduler.put_processor(processor);
        }
    }

    /// Gives the processor, if it has one, to others: to another machine if there is something to do with it, else to the list.
    fn give_processor_up(&self) {
        let Some(processor) = self.release() else {
            return;
        };
        let scheduler = self.scheduler;
        if processor.has_work() || processor.stealer.next().is_some() {
            let machine = scheduler.idle.take_machine();
            return scheduler.run_processor(processor, machine);
        }
        scheduler.put_processor(processor);
        // Ordering: between being counted and the looks, as in `Idle::go_idle`.
        fence(Ordering::SeqCst);
        // N2: somebody must be in the poller, or be about to try.
        let vacant = !scheduler.netpoll.activity().1;
        if vacant || scheduler.work_stands() {
            scheduler.wake_one();
        } else {
            scheduler.warn_sleeper();
        }
    }
}
