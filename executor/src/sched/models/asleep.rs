//! The monitor going to sleep, against a processor that begins to run: the monitor is awake then.

use loom::{model, sync::Arc, thread};

use super::given::Call;
use crate::sched::{asleep::Asleep, idle::Idle};

struct World {
    idle: Idle<usize, usize>,
    asleep: Asleep,
    monitor: Call,
}

/// The processor is taken by one machine and run by another, as one that was given is. A monitor that sleeps on is a
/// deadlock to loom.
#[test]
fn a_processor_that_runs_against_going_to_sleep() {
    model(|| {
        let idle = Idle::new();
        assert!(idle.resize(1, |number| number, |_| ()).is_empty());
        let world = Arc::new(World {
            idle,
            asleep: Asleep::new(),
            monitor: Call::new(),
        });
        let other = world.clone();
        // Until it has seen the processor run.
        let monitor = thread::spawn(move || {
            while other.idle.all_idle() {
                let (quiet, park) = (|| other.idle.all_idle(), || other.monitor.wait());
                other.asleep.sleep(quiet, park);
            }
        });
        assert_eq!(world.idle.take_processor(), Some(0));
        if world.asleep.is_set() {
            world.monitor.call();
        }
        monitor.join().unwrap();
    });
}
