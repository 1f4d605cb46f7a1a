//! Going idle against submitting: if a task stands in the global queue, some machine is awake, or is being woken, that will
//! look there. And the counts are right when all is quiet (I1, I2).
//!
//! What the toy machine does with [`Idle`] is what `scheduler` (`submitted`, `wake_one`) and `search` (`search`,
//! `go_idle`) do. The toy's global queue is a relaxed counter: nothing but the idle protocol orders anything.

use std::sync::atomic::{AtomicU32 as Count, Ordering::Relaxed as Uncounted};

use loom::{
    model,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    thread,
};

use crate::{
    sched::idle::{Idle, Reclaim},
    shim::{self, mutant},
};

const MACHINES: usize = 2;

struct World {
    processors: usize,
    idle: Idle<usize, usize>,
    /// How many tasks stand in the global queue.
    global: AtomicU32,
    /// What each machine was given: the processor's number and one.
    given: [shim::AtomicU32; MACHINES],
    /// Tasks that ran.
    ran: Count,
}

impl World {
    fn new(processors: usize) -> Arc<World> {
        Arc::new(World {
            processors,
            idle: Idle::new(),
            global: AtomicU32::new(0),
            given: [shim::AtomicU32::new(0), shim::AtomicU32::new(0)],
            ran: Count::new(0),
        })
    }

    fn submit(&self) {
        self.global.fetch_add(1, Ordering::Relaxed);
        if self.idle.submitted() {
            self.wake_one();
        }
    }

    fn wake_one(&self) {
        self.idle.claim(|processor, machine| {
            let machine = machine.expect("no machine is busy without a processor");
            self.given[machine].store(processor as u32 + 1, Ordering::Release);
        });
    }

    fn work_stands(&self) -> bool {
        self.global.load(Ordering::Relaxed) > 0
    }

    fn take_global(&self) -> bool {
        let mut seen = self.global.load(Ordering::Relaxed);
        while seen > 0 {
            match self
                .global
                .compare_exchange(seen, seen - 1, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return true,
                Err(now) => seen = now,
            }
        }
        false
    }

    fn take_given(&self, machine: usize) -> Option<usize> {
        (self.given[machine].swap(0, Ordering::AcqRel) as usize).checked_sub(1)
    }

    /// What a machine does until it would sleep.
    fn run(&self, machine: usize, mut held: Option<usize>, mut searching: bool) {
        loop {
            if held.is_none() {
                held = self.take_given(machine);
                searching = held.is_some();
            }
            let Some(processor) = held else { return };
            if self.take_global() {
                if std::mem::take(&mut searching) && self.idle.end_search() && self.work_stands() {
                    self.wake_one();
                }
                self.ran.fetch_add(1, Uncounted);
                continue;
            }
            searching = searching || self.idle.begin_search(self.processors);
            held = None;
            self.idle.go_idle(processor, machine, searching);
            if !mutant("no_look_after_going_idle") && self.work_stands() {
                match self.idle.reclaim(machine) {
                    Reclaim::Processor(processor) => (held, searching) = (Some(processor), true),
                    Reclaim::Given | Reclaim::NoneIdle => {}
                }
            }
        }
    }

    /// When all threads have stopped: lets run who was woken, until all sleep.
    fn check(&self, submitted: u32) {
        while let Some(machine) =
            (0..MACHINES).find(|&it| self.given[it].load(Ordering::Acquire) != 0)
        {
            self.run(machine, None, false);
        }
        assert_eq!(
            self.ran.load(Uncounted),
            submitted,
            "tasks stand and all sleep"
        );
        let counts = self.idle.counts();
        assert_eq!(
            (counts.idle() as usize, counts.searching()),
            (self.processors, 0),
            "idle, searching"
        );
        for _ in 0..self.processors {
            assert!(self.idle.take_processor().is_some(), "I2");
        }
    }
}

fn submitter(world: &Arc<World>) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || world.submit())
}

fn machine(world: &Arc<World>, number: usize) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || world.run(number, Some(number), false))
}

#[test]
fn submit_against_the_last_machine_going_idle() {
    model(|| {
        let world = World::new(2);
        world.idle.go_idle(1, 1, false);
        let submitter = submitter(&world);
        world.run(0, Some(0), false);
        submitter.join().unwrap();
        world.check(1);
    });
}

#[test]
fn submit_against_two_machines_going_idle() {
    model(|| {
        let world = World::new(2);
        let submitter = submitter(&world);
        let other = machine(&world, 1);
        world.run(0, Some(0), false);
        submitter.join().unwrap();
        other.join().unwrap();
        world.check(1);
    });
}

/// Each submitter may rely on the search that the other one's task is found by.
#[test]
fn two_submits_against_going_idle() {
    model(|| {
        let world = World::new(2);
        world.idle.go_idle(1, 1, false);
        let submitters = [submitter(&world), submitter(&world)];
        world.run(0, Some(0), false);
        for submitter in submitters {
            submitter.join().unwrap();
        }
        world.check(2);
    });
}

/// A machine without a processor comes back from a task that blocked, and takes the one that the submitter saw.
#[test]
fn submit_against_a_processor_taken_back() {
    model(|| {
        let world = World::new(1);
        world.idle.go_idle(0, 0, false);
        let submitters = [submitter(&world), submitter(&world)];
        if let Some(processor) = world.idle.take_processor() {
            world.run(1, Some(processor), false);
        }
        for submitter in submitters {
            submitter.join().unwrap();
        }
        world.check(2);
    });
}

/// I1: of two submitters that see everybody idle one wakes a searcher, who wakes the next.
#[test]
fn submit_against_submit() {
    model(|| {
        let world = World::new(2);
        world.idle.go_idle(0, 0, false);
        world.idle.go_idle(1, 1, false);
        let other = submitter(&world);
        world.submit();
        other.join().unwrap();
        let counts = world.idle.counts();
        assert_eq!(
            (counts.idle(), counts.searching()),
            (1, 1),
            "idle, searching"
        );
        world.check(2);
    });
}
