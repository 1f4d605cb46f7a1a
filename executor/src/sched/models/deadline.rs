//! The sleeper's deadline: no timer is left without an owner.
//!
//! The sleeper does what `Scheduler::poll_idle` does, who arms what `armed_foreign` and `interrupt_poller` do. A sleeper
//! that is not called back for an earlier timer is a deadlock to loom.

use loom::{model, sync::Arc, thread};

use super::given::Call;
use crate::{
    sched::deadline::{Deadline, after_arming},
    shim::{Ordering, StoredU64},
};

static MACHINE: u32 = 0;

struct World {
    deadline: Deadline<u32>,
    /// Of the timers, for each who arms.
    earliest: [StoredU64; 2],
    machine: Call,
}

impl World {
    /// With timers at these times.
    fn new(earliest: [u64; 2]) -> Arc<World> {
        Arc::new(World {
            deadline: Deadline::new(),
            earliest: earliest.map(StoredU64::new),
            machine: Call::new(),
        })
    }

    fn wake_time(&self) -> u64 {
        let times = self.earliest.each_ref();
        let [one, other] = times.map(|time| time.load(Ordering::Relaxed));
        one.min(other)
    }

    /// Sleeps until it is called, again and again, unless a timer ends the wait by `time`.
    fn sleep_until(&self, time: u64) {
        loop {
            let until = self.deadline.announce(&MACHINE, || self.wake_time());
            if until > time {
                self.machine.wait();
            }
            self.deadline.forget();
            if until <= time {
                return;
            }
        }
    }

    fn arm(&self, timers: usize, time: u64) {
        self.earliest[timers].store(time, Ordering::Relaxed);
        after_arming();
        if self.deadline.is_later_than(|| self.wake_time()) && !self.deadline.sleeper().is_null() {
            self.machine.call();
        }
    }
}

#[test]
fn arming_against_going_to_sleep() {
    for armed_before in [u64::MAX, 9] {
        model(move || {
            let world = World::new([armed_before, u64::MAX]);
            let other = world.clone();
            let sleeper = thread::spawn(move || other.sleep_until(5));
            world.arm(1, 5);
            sleeper.join().unwrap();
        });
    }
}

/// The second finds the machine in a wait that the first one has ended.
#[test]
fn two_who_arm_against_going_to_sleep() {
    model(|| {
        let world = World::new([u64::MAX; 2]);
        let (sleeping, arming) = (world.clone(), world.clone());
        let sleeper = thread::spawn(move || sleeping.sleep_until(5));
        let other = thread::spawn(move || arming.arm(0, 7));
        world.arm(1, 5);
        other.join().unwrap();
        sleeper.join().unwrap();
    });
}
