//! The poller's token (N2): when all processors are idle, somebody is in the poller, or will be.
//!
//! The toy machine does what `Machine::rest`, `Scheduler::poll_idle` and `Section::go_idle` do.

use loom::{model, sync::Arc, thread};

use crate::{
    sched::{
        idle::{Idle, Put, Reclaim},
        token::Token,
    },
    shim::{AtomicU32, Ordering, mutant},
};

/// Where a machine came to rest.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rests {
    InPoller,
    Parked,
}

struct World {
    idle: Idle<usize, usize>,
    token: Token,
    /// What each machine was given: the processor's number and one.
    given: [AtomicU32; 3],
}

impl World {
    /// With two processors, both somebody's.
    fn new() -> Arc<World> {
        World::with(2)
    }

    /// With so many processors, each somebody's.
    fn with(processors: usize) -> Arc<World> {
        let idle = Idle::new();
        assert!(idle.resize(processors, |number| number, |_| ()).is_empty());
        while idle.take_processor().is_some() {}
        Arc::new(World {
            idle,
            token: Token::new(),
            given: std::array::from_fn(|_| AtomicU32::new(0)),
        })
    }

    fn rest(&self) -> Rests {
        if self.token.try_take() {
            Rests::InPoller
        } else {
            Rests::Parked
        }
    }

    fn go_idle(&self, machine: usize, processor: usize) -> Rests {
        if self.idle.go_idle(processor, machine, false) == Put::Refused {
            self.idle.lay_down(processor, |_| ());
        }
        self.rest()
    }

    /// A machine was given a processor, and finds no work.
    fn search(&self, machine: usize, processor: usize) -> Rests {
        self.idle.end_search();
        self.go_idle(machine, processor)
    }

    /// `Machine::hand_off`, then `Scheduler::withdraw`.
    fn hand_off(&self, processor: usize) {
        if !self.idle.is_retired(processor) {
            match self.idle.take_machine() {
                Some(machine) => self.give(machine, processor),
                // A new one.
                None => drop(self.search(2, processor)),
            }
            return;
        }
        self.idle.lay_down(processor, |_| ());
        if !mutant("withdrawn_without_a_look_at_the_token") && !self.token.is_taken() {
            self.idle.claim(|processor, machine| {
                self.give(machine.expect("it is on the list"), processor);
            });
        }
    }

    fn give(&self, machine: usize, processor: usize) {
        self.given[machine].store(processor as u32 + 1, Ordering::Release);
    }

    /// Runs those that were given a processor, until none is left.
    fn run_given(&self) {
        for machine in 0..self.given.len() {
            let given = self.given[machine].swap(0, Ordering::Acquire) as usize;
            if let Some(processor) = given.checked_sub(1) {
                self.search(machine, processor);
            }
        }
    }

    /// Somebody is ready: the machine asks for a processor to run him with.
    fn leave_poller(&self, machine: usize) -> Rests {
        let late = mutant("token_put_back_after_reclaim");
        if !late {
            self.token.put_back();
        }
        let reclaimed = self.idle.reclaim(machine);
        if late {
            self.token.put_back();
        }
        match reclaimed {
            Reclaim::Processor(processor) => {
                self.idle.end_search();
                self.go_idle(machine, processor)
            }
            Reclaim::Given => unreachable!("nobody gives here"),
            Reclaim::NoneIdle => Rests::Parked,
        }
    }
}

impl World {
    /// What `Scheduler::visit_poller` does: by the monitor, who is on no list.
    fn visit_poller(&self) -> Option<Rests> {
        if !self.token.try_take() {
            return None;
        }
        self.token.put_back();
        if mutant("no_look_after_the_visit") || !self.idle.submitted() {
            return None;
        }
        let mut given = None;
        let _ = self
            .idle
            .claim(|processor, machine| given = Some((machine.expect("one"), processor)));
        let (machine, processor) = given?;
        // The machine that was woken finds nothing.
        self.idle.end_search();
        Some(self.go_idle(machine, processor))
    }
}

/// The monitor looks into the poller while the last processor goes idle, whose machine finds the token taken.
#[test]
fn the_monitors_visit_against_going_idle() {
    model(|| {
        let world = World::with(1);
        let other = world.clone();
        let machine = thread::spawn(move || other.go_idle(1, 0));
        let woken = world.visit_poller();
        let rests = machine.join().unwrap();
        assert_eq!(world.idle.counts().idle(), 1);
        assert!(
            rests == Rests::InPoller || woken == Some(Rests::InPoller),
            "nobody is in the poller"
        );
    });
}

#[test]
fn leaving_the_poller_against_going_idle() {
    model(|| {
        let world = World::new();
        // The first one has no processor, and waits in the poller.
        world.idle.wait(0);
        assert!(world.token.try_take());
        let other = world.clone();
        let second = thread::spawn(move || other.go_idle(1, 1));
        let rests = [world.leave_poller(0), second.join().unwrap()];
        assert_eq!(world.idle.counts().idle(), 1);
        assert!(rests.contains(&Rests::InPoller), "nobody is in the poller");
    });
}

/// A machine comes from the poller beside one that parks since the token was taken, and blocks in a task while its
/// processor is retired: with that one no machine comes to rest.
#[test]
fn withdrawing_a_processor_beside_one_that_parks() {
    model(|| {
        let world = World::new();
        world.idle.wait(1);
        assert!(world.token.try_take());
        assert!(world.go_idle(0, 0) == Rests::Parked);
        assert_eq!(world.idle.put_processor(1), Put::Idle);
        let other = world.clone();
        let shrinks = thread::spawn(move || {
            for retired in other.idle.resize(1, |number| number, |_| ()) {
                other.idle.lay_down(retired, |_| ());
            }
        });
        world.token.put_back();
        let Reclaim::Processor(processor) = world.idle.reclaim(1) else {
            unreachable!("one is idle, and nobody gives");
        };
        world.idle.end_search();
        world.hand_off(processor);
        shrinks.join().unwrap();
        world.run_given();
        assert!(world.idle.all_idle());
        assert!(world.token.is_taken(), "nobody is in the poller");
    });
}
