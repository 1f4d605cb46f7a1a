//! Giving a processor to a machine that rests, or telling it that the end has come, against its way into the poller: it
//! does not sleep on.
//!
//! The toy's loop is `Machine::rest` with `Scheduler::poll_idle`, its giver `Machine::give` and `rouse`. A machine that
//! sleeps for ever is a deadlock to loom.

use loom::{
    model,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::{
    sched::given::Given,
    shim::{AtomicU32, Ordering, lock},
};

static PROCESSORS: [u32; 2] = [0, 1];

/// Keeps a call until the next wait, as a thread's unparking and a poller's interrupt do.
pub(super) struct Call {
    called: Mutex<bool>,
    changed: Condvar,
}

impl Call {
    pub(super) fn new() -> Call {
        Call {
            called: Mutex::new(false),
            changed: Condvar::new(),
        }
    }

    pub(super) fn call(&self) {
        *lock(&self.called) = true;
        self.changed.notify_one();
    }

    pub(super) fn wait(&self) {
        let mut called = self.called.lock().unwrap();
        while !*called {
            called = self.changed.wait(called).unwrap();
        }
        *called = false;
    }
}

struct Machine {
    given: Given<u32>,
    thread: Call,
}

struct World {
    machines: [Machine; 2],
    /// The poller's token.
    taken: AtomicU32,
    poller: Call,
    closing: AtomicU32,
}

impl World {
    fn new() -> Arc<World> {
        let machine = || Machine {
            given: Given::new(),
            thread: Call::new(),
        };
        Arc::new(World {
            machines: [machine(), machine()],
            taken: AtomicU32::new(0),
            poller: Call::new(),
            closing: AtomicU32::new(0),
        })
    }

    fn give(&self, machine: usize) {
        self.machines[machine].given.give(&PROCESSORS[machine]);
        self.rouse(machine);
    }

    fn rouse(&self, machine: usize) {
        self.machines[machine].thread.call();
        if self.machines[machine].given.is_in_poller() {
            self.poller.call();
        }
    }

    fn is_closing(&self) -> bool {
        self.closing.load(Ordering::Relaxed) != 0
    }

    /// The processor, or `None` at the end.
    fn rest(&self, machine: usize) -> Option<&'static u32> {
        loop {
            let processor = self.machines[machine].given.take();
            if processor.is_some() || self.is_closing() {
                return processor;
            }
            if !self.poll_idle(machine) {
                self.machines[machine].thread.wait();
            }
        }
    }

    fn poll_idle(&self, machine: usize) -> bool {
        if self.taken.swap(1, Ordering::AcqRel) != 0 {
            return false;
        }
        let given = &self.machines[machine].given;
        given.enter_poller();
        if !given.is_some() && !self.is_closing() {
            self.poller.wait();
        }
        given.leave_poller();
        self.taken.store(0, Ordering::Release);
        true
    }
}

#[test]
fn give_against_entering_the_poller() {
    model(|| {
        let world = World::new();
        let other = world.clone();
        let machine = thread::spawn(move || other.rest(0));
        world.give(0);
        assert_eq!(machine.join().unwrap(), Some(&PROCESSORS[0]));
    });
}

#[test]
fn the_end_against_entering_the_poller() {
    model(|| {
        let world = World::new();
        let other = world.clone();
        let machine = thread::spawn(move || other.rest(0));
        world.closing.store(1, Ordering::Release);
        world.rouse(0);
        assert_eq!(machine.join().unwrap(), None);
    });
}

/// One machine leaves the poller as the other comes, and an interrupt may reach the wrong one.
#[test]
fn give_against_two_machines_at_the_poller() {
    model(|| {
        let world = World::new();
        let machines = [0, 1].map(|machine| {
            let world = world.clone();
            thread::spawn(move || world.rest(machine))
        });
        world.give(0);
        world.give(1);
        for (machine, processor) in machines.into_iter().zip(&PROCESSORS) {
            assert_eq!(machine.join().unwrap(), Some(processor));
        }
    });
}
