//! The handler of the signal, which comes between any two steps of its thread, against the monitor's requests: it raises the soft
//! flag for the stretch that is to end, and for no other one.
//!
//! A signal is a note that the thread looks for before each of its steps: of a handler on the same thread no more is to be
//! seen than where it stands among the steps.

use loom::{model, sync::Arc, thread};

use crate::{
    sched::{
        barrier,
        depth::Depth,
        retake::{Answer, Retake, Stretch},
    },
    shim::{AtomicU32, Ordering, StoredU64},
};

const PROCESSOR: u64 = 8;

struct World {
    depth: Depth,
    retake: Retake,
    held: StoredU64,
    tick: StoredU64,
    soft: StoredU64,
    signalled: AtomicU32,
}

impl World {
    fn new() -> Arc<World> {
        Arc::new(World {
            depth: Depth::inside(),
            retake: Retake::new(),
            held: StoredU64::new(PROCESSOR),
            tick: StoredU64::new(0),
            soft: StoredU64::new(0),
            signalled: AtomicU32::new(0),
        })
    }

    fn current(&self) -> Stretch {
        Stretch {
            processor: self.held.load(Ordering::Relaxed),
            tick: self.tick.load(Ordering::Relaxed),
        }
    }

    /// A step of the machine's thread, and before it the handler if the signal has come: `Machine::hurry`.
    fn step<R>(&self, step: impl FnOnce() -> R) -> R {
        if self.signalled.load(Ordering::Acquire) == 1 {
            self.signalled.store(0, Ordering::Relaxed);
            if self.retake.wants(self.current()) {
                self.soft.store(1, Ordering::Relaxed);
            }
        }
        step()
    }

    /// `Machine::run_started`, up to the poll.
    fn begin_stretch(&self) {
        let tick = self.tick.load(Ordering::Relaxed);
        self.step(|| self.tick.store(tick + 1, Ordering::Relaxed));
        self.step(|| self.soft.store(0, Ordering::Relaxed));
        self.step(|| self.depth.leave());
    }

    fn section(&self) {
        self.step(|| self.depth.enter());
        if !self.step(|| self.retake.is_quiet()) {
            let current = self.current();
            if self.step(|| self.retake.answer(current)) != Answer::Keep {
                self.held.store(0, Ordering::Relaxed);
            }
        }
        self.step(|| self.depth.leave());
    }

    /// False: the processor is gone.
    fn end_stretch(&self) -> bool {
        self.step(|| self.depth.enter());
        if self.step(|| self.retake.is_quiet()) || self.step(|| self.retake.keep()) {
            return true;
        }
        self.held.store(0, Ordering::Relaxed);
        self.step(|| self.retake.come_back());
        false
    }

    /// The monitor's look at this stretch, then the signal. True: it has taken the processor.
    fn look(&self, tick: u64) -> bool {
        let wanted = Stretch {
            processor: PROCESSOR,
            tick,
        };
        let requested = self.retake.request(wanted);
        barrier::heavy();
        let took = requested && self.retake.take(&self.depth, wanted, || self.current());
        self.signalled.store(1, Ordering::Release);
        took
    }
}

/// A request for the first stretch; the signal comes in it, in the next one, or between them.
#[test]
fn a_signal_against_the_next_stretch() {
    model(|| {
        let world = World::new();
        let other = world.clone();
        let monitor = thread::spawn(move || other.look(1));
        world.begin_stretch();
        let holds = world.end_stretch();
        if holds {
            world.begin_stretch();
            world.step(|| ());
            assert_eq!(
                world.soft.load(Ordering::Relaxed),
                0,
                "raised for another stretch"
            );
        }
        monitor.join().unwrap();
    });
}

/// The signal for a stretch that has lost its processor raises the flag, whatever section it comes in.
#[test]
fn a_signal_against_the_sections_of_its_stretch() {
    model(|| {
        let world = World::new();
        world.begin_stretch();
        let other = world.clone();
        let monitor = thread::spawn(move || other.look(1));
        world.section();
        let took = monitor.join().unwrap();
        world.step(|| ());
        let gone = took || world.current().processor == 0;
        let raised = world.soft.load(Ordering::Relaxed) == 1;
        assert!(raised, "gone: {gone}");
    });
}
