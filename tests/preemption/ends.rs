//! The end of a runtime, and of a process, beside polls that do not return.

use std::{
    thread,
    time::{Duration, Instant},
};

use super::{Lifting, Siege};
use crate::{child::in_child, watchdog::on_each};

/// What a runtime promises.
const PROMISED: Duration = Duration::from_secs(1);
/// What a loaded machine may add.
const MARGIN: Duration = Duration::from_secs(9);

/// Runs `end`, which must not wait for anybody.
pub(super) fn ends_in_time(end: impl FnOnce()) {
    let begun = Instant::now();
    end();
    assert!(begun.elapsed() < PROMISED + MARGIN);
}

fn besiege(runtime: &gmp::Runtime, siege: &Siege) {
    for n in 0..6 {
        let siege = siege.clone();
        drop(runtime.spawn(async move {
            if n % 2 == 0 {
                siege.spin();
            } else {
                siege.block();
            }
        }));
    }
    siege.wait_begun(6);
}

/// They are cut, not forgotten: when they return at last, they are dropped as all are.
#[test]
fn dropping_a_runtime_beside_hogs() {
    on_each(&[1, 2, 4], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        besiege(&runtime, &siege);
        ends_in_time(|| drop(runtime));
        drop(lifting);
        siege.wait_left();
    });
}

#[test]
fn a_shutdown_names_the_hogs() {
    on_each(&[1, 2, 4], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        besiege(&runtime, &siege);
        let report = runtime.shutdown_timeout(Duration::from_millis(200));
        drop(lifting);
        assert_eq!(report.cut.len(), 6);
        siege.wait_left();
    });
}

/// The hogs return while the shutdown waits: it ends with nothing cut.
#[test]
fn a_shutdown_waits_for_hogs_that_return() {
    on_each(&[1, 2, 4], |runtime| {
        let siege = Siege::new();
        besiege(&runtime, &siege);
        let later = siege.clone();
        let lifter = thread::spawn(move || later.lift());
        let report = runtime.shutdown_timeout(Duration::from_secs(40));
        lifter.join().unwrap();
        assert_eq!(report.cut.len(), 0);
    });
}

/// A runtime that is used again finds no trace of the hogs of the last one.
#[test]
fn runtimes_one_after_another() {
    on_each(&[1], |runtime| {
        drop(runtime);
        for _ in 0..20 {
            let runtime = crate::watchdog::runtime(2);
            let siege = Siege::new();
            besiege(&runtime, &siege);
            siege.lift();
            runtime.shutdown();
        }
    });
}

/// Infinite loops do not keep the process.
#[test]
fn the_process_ends_beside_hogs() {
    in_child(|| {
        let runtime = crate::watchdog::runtime(2);
        besiege(&runtime, &Siege::new());
        drop(runtime);
        // The child's test ends here, its threads do not.
    });
}
