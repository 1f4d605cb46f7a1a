//! A runtime with nothing to do does nothing.

use std::{thread, time::Duration};

use crate::{
    child::in_child,
    process::cpu_time,
    watchdog::{eventually, runtime},
};

/// The span over which CPU time is measured: nothing is waited for in it.
const SPAN: Duration = Duration::from_millis(300);
/// Ten percent of a CPU would do on a busy machine; it is 0.1 ms here.
const BOUND: Duration = Duration::from_millis(30);

fn assert_idle(what: &str) {
    // The monitor goes on looking for a while, and gives pages back after a second.
    let spent = || {
        let before = cpu_time();
        thread::sleep(SPAN);
        cpu_time().saturating_sub(before)
    };
    let first = spent();
    assert!(first < BOUND, "{what}: {first:?} of CPU time in {SPAN:?}");
}

#[test]
#[cfg_attr(
    gmp_boxed,
    ignore = "the process ends before what is cut has been dropped"
)]
fn an_idle_runtime_uses_no_cpu() {
    in_child(|| {
        let fresh = runtime(4);
        assert_idle("fresh");
        let tasks: Vec<_> = (0..1000).map(|n| fresh.spawn(async move { n })).collect();
        for task in tasks {
            fresh.block_on(task).unwrap();
        }
        assert_idle("after work");
        let sleepers: Vec<_> = (0..100)
            .map(|_| fresh.spawn(gmp::time::sleep(Duration::from_secs(3600))))
            .collect();
        eventually(|| fresh.handle().num_tasks() == 100);
        assert_idle("with sleepers");
        let blocked = fresh.spawn(async { gmp::block_on(std::future::pending::<()>()) });
        fresh.block_on(fresh.spawn(gmp::yield_now())).unwrap();
        assert_idle("with a blocked task");
        drop((sleepers, blocked));
        // The blocked thread is cut.
        fresh.shutdown_timeout(Duration::ZERO);
    });
}

#[test]
fn many_idle_runtimes_use_no_cpu() {
    in_child(|| {
        let runtimes: Vec<_> = (0..10).map(|_| runtime(4)).collect();
        for runtime in &runtimes {
            runtime.block_on(runtime.spawn(async {})).unwrap();
        }
        assert_idle("ten runtimes");
    });
}

#[test]
fn a_task_in_a_slow_interval_uses_little() {
    in_child(|| {
        let runtime = runtime(4);
        let ticks = runtime.spawn(async {
            let mut interval = gmp::time::interval(Duration::from_millis(20));
            loop {
                interval.tick().await;
            }
        });
        assert_idle("a tick each 20 ms");
        ticks.abort();
        let told: Result<(), _> = runtime.block_on(ticks);
        assert!(told.unwrap_err().is_cancelled());
    });
}
