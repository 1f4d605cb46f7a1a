//! Going idle against submitting: if a task stands in the global queue, some machine is awake, or is being woken, that will
//! look there. And the counts are right when all is quiet (I1, I2), and each processor is where it belongs (I4, I5), also
//! while their number changes ([`resize`]).
//!
//! What the toy machine does with [`Idle`] is what `scheduler` (`submitted`, `wake_one`), `search` (`search`,
//! `go_idle`) and `resize` (`resize`, `lay_down`) do. The toy's global queue is a relaxed counter: nothing but the idle protocol orders anything.

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
    sched::idle::{Idle, Numbered, Put, Reclaim},
    shim::{self, mutant},
};

/// Of them, and of processors.
const MACHINES: usize = 2;

impl Numbered for usize {
    fn number(self) -> usize {
        self
    }
}

struct World {
    idle: Idle<usize, usize>,
    /// How many tasks stand in each processor's own queue.
    own: [AtomicU32; MACHINES],
    /// How many tasks stand in the global queue.
    global: AtomicU32,
    /// What each machine was given: the processor's number and one.
    given: [shim::AtomicU32; MACHINES],
    /// Tasks that ran.
    ran: Count,
}

impl World {
    /// With so many processors, all of them somebody's.
    fn new(processors: usize) -> Arc<World> {
        let idle = Idle::new();
        assert!(idle.resize(processors, |number| number, |_| ()).is_empty());
        while idle.take_processor().is_some() {}
        Arc::new(World {
            idle,
            own: [AtomicU32::new(0), AtomicU32::new(0)],
            global: AtomicU32::new(0),
            given: [shim::AtomicU32::new(0), shim::AtomicU32::new(0)],
            ran: Count::new(0),
        })
    }

    /// A machine goes idle with the processor of its number.
    fn listed(&self, number: usize) {
        assert_eq!(self.idle.go_idle(number, number, false), Put::Idle);
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

    fn resize(&self, live: usize) {
        for retired in self.idle.resize(live, |number| number, |_| ()) {
            self.lay_down(retired);
        }
        if !mutant("no_look_after_growing") {
            self.wake_for_work();
        }
    }

    fn lay_down(&self, processor: usize) {
        if !mutant("retired_processor_keeps_its_tasks") {
            let own = self.own[processor].swap(0, Ordering::Relaxed);
            self.global.fetch_add(own, Ordering::Relaxed);
        }
        self.idle.lay_down(processor, |_| ());
        if !mutant("retired_processor_leaves_without_a_look") {
            self.wake_for_work();
        }
    }

    fn wake_for_work(&self) {
        if self.idle.worth_waking() && self.work_stands() {
            self.wake_one();
        }
    }

    fn take_own(&self, processor: usize) -> bool {
        let own = self.own[processor].load(Ordering::Relaxed);
        self.own[processor].store(own.saturating_sub(1), Ordering::Relaxed);
        own > 0
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
            let retired = self.idle.is_retired(processor);
            if !retired && (self.take_own(processor) || self.take_global()) {
                if std::mem::take(&mut searching) && self.idle.end_search() && self.work_stands() {
                    self.wake_one();
                }
                self.ran.fetch_add(1, Uncounted);
                continue;
            }
            searching = searching || (!retired && self.idle.begin_search());
            held = None;
            let mut looks = !mutant("no_look_after_going_idle");
            if self.idle.go_idle(processor, machine, searching) == Put::Refused {
                looks &= !mutant("retired_processor_leaves_without_a_look");
                self.lay_down(processor);
            }
            if looks && self.work_stands() {
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
            (self.idle.live(), 0),
            "idle, searching"
        );
        assert!(self.idle.all_idle(), "I4");
        for _ in 0..self.idle.live() {
            let processor = self.idle.take_processor().expect("I2");
            assert!(!self.idle.is_retired(processor), "I5");
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
        world.listed(1);
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
        world.listed(1);
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
        world.listed(0);
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
        world.listed(0);
        world.listed(1);
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

/// All are idle. The submitter may see, or claim, the one that is retired.
#[test]
fn submit_against_shrinking() {
    model(|| {
        let world = World::new(2);
        world.listed(0);
        world.listed(1);
        let submitter = submitter(&world);
        world.resize(1);
        submitter.join().unwrap();
        world.check(1);
    });
}

/// A processor is claimed for a task, and retired before it has searched.
#[test]
fn a_claimed_processor_against_shrinking() {
    model(|| {
        let world = World::new(2);
        world.listed(0);
        world.listed(1);
        world.submit();
        let given = (0..MACHINES).find(|&it| world.given[it].load(Ordering::Relaxed) != 0);
        let other = world.clone();
        let claimed = thread::spawn(move || other.run(given.unwrap(), None, false));
        world.resize(1);
        claimed.join().unwrap();
        world.check(1);
    });
}

/// A machine that has tasks of its own loses its processor: they go on elsewhere.
#[test]
fn shrinking_against_a_machine_with_work() {
    model(|| {
        let world = World::new(2);
        world.listed(0);
        world.own[1].store(1, Ordering::Relaxed);
        let submitter = submitter(&world);
        let other = machine(&world, 1);
        world.resize(1);
        submitter.join().unwrap();
        other.join().unwrap();
        world.check(2);
    });
}

#[test]
fn shrinking_and_growing_against_going_idle() {
    model(|| {
        let world = World::new(2);
        world.listed(0);
        let other = machine(&world, 1);
        world.resize(1);
        world.resize(2);
        other.join().unwrap();
        world.check(0);
    });
}

/// The only processor's machine does not come back from its poll: the new one must find what was submitted before.
#[test]
fn submit_against_growing() {
    model(|| {
        let world = World::new(1);
        world.idle.wait(1);
        let submitter = submitter(&world);
        world.resize(2);
        submitter.join().unwrap();
        world.run(1, None, false);
        assert_eq!(
            world.ran.load(Uncounted),
            1,
            "a task stands beside one who sleeps"
        );
    });
}
