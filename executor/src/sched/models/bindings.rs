//! Waking a bound task against the end of its poll: the machine polls it once more, and no processor is lost.
//!
//! The toy's machine is `Machine::serve`, its takers of entries `Machine::run_task` with `deliver`. A machine that waits for ever
//! is a deadlock to loom.

use std::sync::atomic::{AtomicU32 as Count, Ordering::Relaxed as Uncounted};

use loom::{
    model,
    sync::{Arc, Condvar, Mutex},
    thread,
};

use crate::{
    sched::{
        bindings::{Bindings, Delivery},
        given::Given,
    },
    shim::{AtomicU32, Ordering, lock},
    task::{
        name::Name,
        state::{Finish, Outcome, Start, State, Suspend, Wake},
    },
};

const GENERATION: u32 = 1;
const MACHINE: usize = 7;
static PROCESSORS: [u32; 3] = [0, 1, 2];

struct World {
    state: State,
    bindings: Bindings<usize>,
    given: Given<u32>,
    unparked: Mutex<bool>,
    changed: Condvar,
    /// What wakers tell the task.
    told: AtomicU32,
    /// Processors that were laid down or kept.
    processors: Count,
}

fn name() -> Name {
    Name::new(1, GENERATION)
}

impl World {
    /// A machine runs its bound task.
    fn new() -> Arc<World> {
        let world = World {
            state: State::free_with(GENERATION),
            bindings: Bindings::new(),
            given: Given::new(),
            unparked: Mutex::new(false),
            changed: Condvar::new(),
            told: AtomicU32::new(0),
            processors: Count::new(0),
        };
        world.state.publish(GENERATION);
        assert_eq!(world.state.start(GENERATION), Start::Poll);
        world.bindings.bind(name(), MACHINE);
        world.state.set_bound(true);
        Arc::new(world)
    }

    fn keep(&self) {
        self.processors.fetch_add(1, Uncounted);
    }

    fn tell(&self, processor: &'static u32) {
        self.told.fetch_add(1, Ordering::Relaxed);
        match self.state.wake(GENERATION) {
            Wake::Queue => self.take_entry(processor),
            Wake::Nothing => self.keep(),
        }
    }

    /// A machine with this processor has taken an entry.
    fn take_entry(&self, processor: &'static u32) {
        loop {
            match self.state.start(GENERATION) {
                Start::Stale => return self.keep(),
                Start::Elsewhere => {}
                other => panic!("{other:?} of a bound task"),
            }
            match self
                .bindings
                .deliver(name(), |_| self.given.give(processor))
            {
                Delivery::Given(machine) => {
                    assert_eq!(machine, MACHINE);
                    *lock(&self.unparked) = true;
                    return self.changed.notify_one();
                }
                Delivery::Noted => return self.keep(),
                Delivery::Unbound => thread::yield_now(),
            }
        }
    }

    fn wait_for_delivery(&self) -> &'static u32 {
        loop {
            if let Some(processor) = self.given.take() {
                return processor;
            }
            let mut unparked = self.unparked.lock().unwrap();
            while !*unparked {
                unparked = self.changed.wait(unparked).unwrap();
            }
            *unparked = false;
        }
    }

    /// Polls the task until it was told so often.
    fn serve(&self, times: u32) {
        let mut processor = &PROCESSORS[0];
        let mut runs = true;
        while !runs || self.told.load(Ordering::Relaxed) < times {
            let woken = runs && self.state.suspend() == Suspend::Queue;
            let noted = self.bindings.wait(name());
            // Another machine takes the processor on, and the entry. (A second one would only be noted.)
            if woken || noted {
                self.take_entry(processor);
            } else {
                self.keep();
            }
            processor = self.wait_for_delivery();
            runs = self.state.start_bound(GENERATION) == Start::Poll;
        }
        let guards = self.bindings.remove(name());
        assert!(guards);
        self.state.set_bound(false);
        assert_eq!(self.state.finish(Outcome::Output), Finish::Published);
        self.keep();
    }

    /// Each processor is somewhere, once.
    fn assert_all_there(&self, processors: u32) {
        let given = u32::from(self.given.take().is_some());
        assert_eq!(self.processors.load(Uncounted) + given, processors);
    }
}

#[test]
fn two_wakes_against_the_wait_of_the_machine() {
    model(|| {
        let world = World::new();
        let tellers = [1, 2].map(|processor| {
            let world = world.clone();
            thread::spawn(move || world.tell(&PROCESSORS[processor]))
        });
        world.serve(2);
        for teller in tellers {
            teller.join().unwrap();
        }
        world.assert_all_there(3);
    });
}

/// An entry may come late, beside the one of a later wake.
#[test]
fn a_wake_and_a_late_duplicate_against_the_wait_of_the_machine() {
    model(|| {
        let world = World::new();
        let (teller, late) = (world.clone(), world.clone());
        let teller = thread::spawn(move || teller.tell(&PROCESSORS[1]));
        let late = thread::spawn(move || late.take_entry(&PROCESSORS[2]));
        world.serve(1);
        teller.join().unwrap();
        late.join().unwrap();
        world.assert_all_there(3);
    });
}
