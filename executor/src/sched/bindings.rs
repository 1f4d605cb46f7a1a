//! Which tasks are bound to which machines, and how their queue entries get there.
//!
//! # How it works
//! A bound task is woken and queued as any other. A machine that takes its entry cannot start it; it *delivers*: it gives
//! its processor to the bound machine, which runs the task, hands the processor on and waits for the next delivery.
//! (Go: `startlockedm` and `stoplockedm`, proc.go) All of that goes through one lock, for it costs two thread switches
//! anyway.
//!
//! # Invariants
//! - B1: a machine that *waits* holds no processor, and is on no list: only a delivery gives it one, and ends the wait.
//! - B2: an entry that is delivered while the machine does not wait is noted, and the machine looks for the note as
//!   it begins to wait. (The task may have been woken and delivered between the end of its poll and the wait.)
//! - B3: bindings are made and removed by the bound machine while it runs the task, or when the task has ended.

use std::collections::HashMap;

use crate::{
    shim::{Mutex, lock, mutant},
    task::name::Name,
};

/// The bound tasks of a runtime.
pub(super) struct Bindings<M>(Mutex<HashMap<Name, Binding<M>>>);

struct Binding<M> {
    machine: M,
    /// Guards of the task that are alive, or forgotten.
    guards: usize,
    /// The machine waits for a processor.
    waits: bool,
    /// An entry was delivered that the machine did not wait for.
    noted: bool,
}

/// What became of an entry.
#[must_use]
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Delivery<M> {
    /// `give` was called with this machine, which is to be unparked.
    Given(M),
    /// The machine will see to it.
    Noted,
    /// The task is not bound any more: queue it again.
    Unbound,
}

impl<M: Copy> Bindings<M> {
    pub(super) fn new() -> Self {
        Bindings(Mutex::new(HashMap::new()))
    }

    /// The task that `machine` runs gets another guard.
    pub(super) fn bind(&self, name: Name, machine: M) {
        let mut bindings = lock(&self.0);
        let binding = bindings.entry(name).or_insert(Binding {
            machine,
            guards: 0,
            waits: false,
            noted: false,
        });
        binding.guards += 1;
    }

    /// A guard is dropped. True: it was the last one of a binding.
    pub(super) fn release(&self, name: Name) -> bool {
        let mut bindings = lock(&self.0);
        let Some(binding) = bindings.get_mut(&name) else {
            return false;
        };
        binding.guards -= 1;
        binding.guards == 0
    }

    /// No guard of the binding is left.
    pub(super) fn is_released(&self, name: Name) -> bool {
        lock(&self.0)
            .get(&name)
            .is_none_or(|binding| binding.guards == 0)
    }

    /// Ends a binding. True: guards of it are left.
    pub(super) fn remove(&self, name: Name) -> bool {
        let binding = lock(&self.0).remove(&name);
        binding.is_some_and(|binding| binding.guards > 0)
    }

    /// The machine begins to wait for a processor. True: an entry was noted, which is to be queued again.
    pub(super) fn wait(&self, name: Name) -> bool {
        let mut bindings = lock(&self.0);
        let Some(binding) = bindings.get_mut(&name) else {
            return false;
        };
        binding.waits = true;
        let noted = std::mem::take(&mut binding.noted);
        noted && !mutant("bound_machine_waits_without_a_look")
    }

    /// An entry of the task was taken. `give` hands the processor of its taker over.
    pub(super) fn deliver(&self, name: Name, give: impl FnOnce(M)) -> Delivery<M> {
        let mut bindings = lock(&self.0);
        let Some(binding) = bindings.get_mut(&name) else {
            return Delivery::Unbound;
        };
        if !binding.waits && !mutant("delivered_to_a_busy_machine") {
            binding.noted = true;
            return Delivery::Noted;
        }
        binding.waits = false;
        // Under the lock, so that the end of the binding comes before or after.
        give(binding.machine);
        Delivery::Given(binding.machine)
    }
}
