//! Taking a processor from a stretch of user code against that stretch's sections, its end and the next one: whoever uses the
//! processor is the only one, and it is never without an owner.
//!
//! The word, the depth, the way into a section and that out of a stretch ([`Retake::enter`], [`Retake::outside`]) are the shipped ones.
//! Copied are, line for line: the match on what to answer, with giving up reduced to forgetting (`Machine::answer`); what follows
//! a lost stretch, without the roll, which has its own models (`Machine::end_stretch`); and the order *ask, barrier, take*
//! of `Scheduler::take_all`. Each use of the processor writes a cell that loom watches for two users at a time. What holds
//! the copies and the machine together is tests/preemption/stress.rs: there the debug assertions of `Processor::set_holder` and
//! `Section::private` say the same of the real ones.

use loom::{cell::UnsafeCell, model, sync::Arc, thread};

use crate::{
    sched::{
        barrier,
        depth::Depth,
        retake::{Answer, Retake, Stretch},
    },
    shim::{AtomicU32, Ordering, StoredU64, mutant},
};

const PROCESSOR: u64 = 8;
const NONE: u64 = 0;

struct World {
    depth: Depth,
    retake: Retake,
    /// The machine's pointer.
    held: StoredU64,
    tick: StoredU64,
    /// What only the holder of the processor may touch.
    private: UnsafeCell<u32>,
    /// The stretches that the monitor asks for.
    wanted: &'static [u64],
    /// How often the machine gave it up.
    given_up: AtomicU32,
}

// SAFETY: `private` is what the models are about; all else is atomic.
unsafe impl Sync for World {}
// SAFETY: as above.
unsafe impl Send for World {}

impl World {
    /// With a machine that is about to begin its first stretch.
    fn new(wanted: &'static [u64]) -> Arc<World> {
        Arc::new(World {
            depth: Depth::inside(),
            retake: Retake::new(),
            held: StoredU64::new(PROCESSOR),
            tick: StoredU64::new(0),
            private: UnsafeCell::new(0),
            wanted,
            given_up: AtomicU32::new(0),
        })
    }

    fn current(&self) -> Stretch {
        Stretch {
            processor: self.held.load(Ordering::Relaxed),
            tick: self.tick.load(Ordering::Relaxed),
        }
    }

    fn use_processor(&self) {
        self.private.with_mut(|uses| {
            // SAFETY: loom has looked that nobody else is here.
            unsafe { *uses += 1 }
        });
    }

    /// A poll on the machine, as `Machine::run_started` makes it. True: it still holds the processor.
    fn stretch(&self, user_code: impl FnOnce()) -> bool {
        // R3.
        let tick = self.tick.load(Ordering::Relaxed);
        self.tick.store(tick + 1, Ordering::Relaxed);
        let end = || self.end_stretch();
        self.retake.outside(&self.depth, user_code, end);
        let holds = self.held.load(Ordering::Relaxed) != NONE;
        if holds {
            self.use_processor();
        }
        holds
    }

    /// `section::with`.
    fn section(&self) {
        if self.held.load(Ordering::Relaxed) == NONE {
            return;
        }
        if self
            .retake
            .enter(&self.depth, Depth::enter, || self.answer())
        {
            self.use_processor();
        }
        self.depth.leave();
    }

    fn answer(&self) -> bool {
        match self.retake.answer(self.current()) {
            Answer::Keep => true,
            Answer::GiveUp => {
                let tick = self.tick.load(Ordering::Relaxed);
                assert!(self.wanted.contains(&tick), "nobody asked for {tick}");
                // Its last use here; the next one is that of whom it is given to.
                self.use_processor();
                self.held.store(NONE, Ordering::Relaxed);
                self.given_up.fetch_add(1, Ordering::Release);
                false
            }
            Answer::Lost => {
                self.held.store(NONE, Ordering::Relaxed);
                false
            }
        }
    }

    fn end_stretch(&self) {
        if self.retake.keep() {
            return;
        }
        self.held.store(NONE, Ordering::Relaxed);
        self.retake.come_back();
    }

    /// One round of the monitor, which saw this stretch. True: the processor is its own.
    fn round(&self, wanted: Stretch) -> bool {
        if !self.retake.request(wanted) {
            return false;
        }
        if !mutant("no_barrier_before_the_take") {
            barrier::heavy();
        }
        let took = self.retake.take(&self.depth, wanted, || self.current());
        if took {
            self.use_processor();
        }
        took
    }
}

fn stretch(tick: u64) -> Stretch {
    Stretch {
        processor: PROCESSOR,
        tick,
    }
}

/// The machine does `work`, and tells at the end whether it holds the processor; the monitor takes it from the stretches
/// with these ticks. In the end it has one owner.
fn check(work: fn(&World) -> bool, ticks: &'static [u64]) {
    model(move || {
        let world = World::new(ticks);
        let other = world.clone();
        let monitor = thread::spawn(move || {
            let mut took = 0;
            for &tick in ticks {
                took += u32::from(other.round(stretch(tick)));
            }
            took
        });
        let holds = work(&world);
        let took = monitor.join().unwrap();
        let given_up = world.given_up.load(Ordering::Acquire);
        assert_eq!(
            u32::from(holds) + took + given_up,
            1,
            "owners: machine {holds}, taken {took}, given up {given_up}"
        );
    });
}

#[test]
fn take_against_a_section_and_the_end_of_the_stretch() {
    check(|world| world.stretch(|| world.section()), &[1]);
}

#[test]
fn take_against_the_end_of_the_stretch() {
    check(|world| world.stretch(|| ()), &[1]);
}

/// The request is for the first stretch, and comes late.
#[test]
fn take_against_the_next_stretch() {
    let work = |world: &World| world.stretch(|| ()) && world.stretch(|| world.section());
    check(work, &[1]);
}

/// The second request finds the first one still there, or answered.
#[test]
fn two_requests_against_two_stretches() {
    let work = |world: &World| world.stretch(|| ()) && world.stretch(|| world.section());
    check(work, &[1, 2]);
}

/// The request for the first stretch comes so late that the machine, which enters no section in the second one, never sees
/// it. The second one ends no more: the monitor gets the processor all the same.
#[test]
fn a_request_that_nobody_answers_against_a_loop_that_never_ends() {
    model(|| {
        let world = World::new(&[1, 2]);
        let other = world.clone();
        let monitor = thread::spawn(move || other.round(stretch(1)));
        let holds = world.stretch(|| ());
        if holds {
            world.tick.store(2, Ordering::Relaxed);
            world.depth.leave();
        }
        let took = monitor.join().unwrap();
        assert_ne!(holds, took, "one owner");
        assert!(
            took || world.round(stretch(2)),
            "the machine keeps its processor for ever"
        );
    });
}

/// The machine gives the processor up in a stretch (a nested `block_on`) and gets it back there: that is another one.
#[test]
fn take_against_giving_away_and_taking_back() {
    let work = |world: &World| {
        world.stretch(|| {
            if !world
                .retake
                .enter(&world.depth, Depth::enter, || world.answer())
            {
                return world.depth.leave();
            }
            // Handed to another machine, which uses it and gives it back.
            world.held.store(NONE, Ordering::Relaxed);
            world.depth.leave();
            world.depth.enter();
            if !mutant("taken_back_without_a_look") && !world.retake.is_quiet() {
                // It holds none.
                assert_eq!(world.retake.answer(world.current()), Answer::Keep);
            }
            world.use_processor();
            world.held.store(PROCESSOR, Ordering::Relaxed);
            world.tick.store(2, Ordering::Relaxed);
            world.depth.leave();
            world.section();
        })
    };
    check(work, &[1]);
}
