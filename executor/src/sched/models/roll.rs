//! The entry of a machine that has lost its processor against its return, another loss, and the end of its thread: the counts come
//! out even and are never below 0, who is back has a short slice, and nobody touches a thread that has ended.
//!
//! Three take part: the machine (`Machine::{answer, end_stretch, run}`), the monitor (`Scheduler::take_all`, `took`), and who looks:
//! at the counts as `Scheduler::watch` does, at the thread as `Machine::send_signal` does. The words and the roll are the shipped
//! ones; copied are the order of the calls on them, and the pointer to the processor.

use loom::{model, sync::Arc, thread};

use crate::{
    sched::{
        barrier,
        depth::Depth,
        retake::{Answer, Retake, Stretch},
        roll::{Absence, Absent, Roll},
        slices::{self, Slice},
    },
    shim::{Ordering, StoredU64},
};

/// The machine's thread.
const THREAD: i32 = 1;
const NONE: u64 = 0;
/// The processors that it holds, one after the other. Each has one stretch.
const PROCESSORS: [u64; 2] = [8, 16];

struct World {
    depth: Depth,
    retake: Retake,
    roll: Roll,
    absent: Absent,
    /// The machine's pointer.
    held: StoredU64,
}

fn stretch(processor: u64) -> Stretch {
    Stretch { processor, tick: 1 }
}

impl World {
    fn new() -> Arc<World> {
        let roll = Roll::new();
        roll.begin(THREAD);
        Arc::new(World {
            depth: Depth::inside(),
            retake: Retake::new(),
            roll,
            absent: Absent::new(),
            held: StoredU64::new(NONE),
        })
    }

    fn current(&self) -> Stretch {
        stretch(self.held.load(Ordering::Relaxed))
    }

    fn forget_processor(&self) {
        self.held.store(NONE, Ordering::Relaxed);
    }

    /// A poll with a section in it, on a processor that the machine gives away afterwards.
    fn run(&self, processor: u64) {
        self.held.store(processor, Ordering::Relaxed);
        let end = || self.end_stretch();
        self.retake.outside(&self.depth, || self.section(), end);
        self.forget_processor();
    }

    fn section(&self) {
        if self.current() != stretch(NONE) {
            self.retake
                .enter(&self.depth, Depth::enter, || self.answer());
            self.depth.leave();
        }
    }

    fn answer(&self) -> bool {
        match self.retake.answer(self.current()) {
            Answer::Keep => true,
            Answer::GiveUp => {
                self.roll
                    .enter(Absence::Running, &self.retake, &self.absent);
                self.forget_processor();
                false
            }
            Answer::Lost => {
                self.forget_processor();
                false
            }
        }
    }

    fn end_stretch(&self) {
        if self.retake.keep() {
            return;
        }
        self.forget_processor();
        let was = self.roll.come_back(&self.retake, &self.absent);
        // Nobody was late: it has its slice back.
        if was.is_some() {
            assert_eq!(slices::get(THREAD), Some(Slice::Short));
        }
    }

    /// A round of the monitor, which saw the machine on this processor.
    fn round(&self, processor: u64) {
        let wanted = stretch(processor);
        if !self.retake.request(wanted) {
            return;
        }
        barrier::heavy();
        if self.retake.take(&self.depth, wanted, || self.current()) {
            self.roll
                .enter(Absence::Running, &self.retake, &self.absent);
        }
    }

    fn assert_count(&self) {
        let running = self.absent.running();
        assert!(running <= 1, "{} count as running", running as i32);
    }

    /// What holds when the machine is back, and has ended no poll since.
    fn assert_settled(&self) {
        assert_eq!(self.absent.all(), 0);
        let absence = self.roll.look(|absence, _| absence);
        assert_eq!(absence, None);
        assert!(!self.retake.is_lost());
    }
}

fn monitor(world: &Arc<World>, processors: &'static [u64]) -> thread::JoinHandle<()> {
    let world = world.clone();
    thread::spawn(move || processors.iter().for_each(|&it| world.round(it)))
}

/// The entry is late: the machine has come back, or has lost another processor.
#[test]
fn entry_against_the_return_and_another_loss() {
    model(|| {
        let world = World::new();
        let monitor = monitor(&world, &PROCESSORS);
        let other = world.clone();
        let watcher = thread::spawn(move || other.assert_count());
        for processor in PROCESSORS {
            world.run(processor);
        }
        monitor.join().unwrap();
        watcher.join().unwrap();
        world.assert_settled();
        assert_eq!(slices::get(THREAD), Some(Slice::Short));
    });
}

/// The thread ends right after its poll. Its id is another's then, who must not be sent a signal.
#[test]
fn entry_and_signal_against_the_end_of_the_thread() {
    model(|| {
        let world = World::new();
        let monitor = monitor(&world, &PROCESSORS[..1]);
        let other = world.clone();
        let reporter = thread::spawn(move || {
            other.roll.look(|_, thread| {
                if thread != 0 {
                    assert!(slices::get(thread).is_some(), "the thread has ended");
                }
            });
        });
        world.run(PROCESSORS[0]);
        world.roll.end();
        slices::end(THREAD);
        monitor.join().unwrap();
        reporter.join().unwrap();
        world.assert_settled();
    });
}
