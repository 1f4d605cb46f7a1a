//! More hot loops than there may be threads for, and threads that cannot be had.

use std::time::Duration;

use crate::{
    child::{in_child, in_child_with},
    ear::listen,
    preemption::{Lifting, Siege},
    process::threads,
    watchdog::{eventually, runtime},
};
use nix::{
    sys::resource::{Resource, getrlimit, setrlimit},
    unistd::{Uid, geteuid, setuid},
};

/// Those loops that may run without a processor do; each of the others has its turn, since the last processor
/// may always be taken. And what is urgent gets on beside them.
fn run_more_hot_loops_than(most: usize) {
    let receive = listen();
    let runtime = gmp::Builder::new().max_procs(2).build().unwrap();
    let siege = Siege::new();
    let lifting = Lifting(siege.clone());
    let loops = most + 6;
    for _ in 0..loops {
        let siege = siege.clone();
        drop(runtime.spawn(async move { siege.spin() }));
    }
    siege.wait_begun(loops);
    assert!(threads() > most, "{} threads", threads());
    let warning = receive.recv().unwrap();
    assert!(
        warning.contains(&format!("{most} hot loops")) && warning.contains(file!()),
        "{warning}"
    );
    for _ in 0..3 {
        let sleeper = runtime.spawn(gmp::sleep(Duration::from_millis(1)));
        runtime.block_on(sleeper).unwrap();
    }
    drop(lifting);
    eventually(|| runtime.handle().num_tasks() == 0);
    runtime.shutdown();
}

/// With another limit than the usual one, for which one machine is too small.
#[test]
fn a_few_more_hot_loops_than_may_run() {
    in_child_with(
        |command| {
            command.env("GMPDEBUG", "running_max=8");
        },
        || run_more_hot_loops_than(8),
    );
}

#[test]
#[ignore = "half a minute of 262 hot loops: `ci/soak.sh` runs it"]
fn more_hot_loops_than_may_run() {
    in_child(|| run_more_hot_loops_than(256));
}

/// From now on the process may have as many threads as it has, and so many more. Root's have no limit, so a process
/// of root's becomes somebody's who has no others.
fn limit_threads(more: u64) {
    let (_, most) = getrlimit(Resource::RLIMIT_NPROC).unwrap();
    let limit = (threads() as u64).saturating_add(more);
    setrlimit(Resource::RLIMIT_NPROC, limit.min(most), most).unwrap();
}

/// A thread that a hot loop's processor needs cannot be had: it is asked for again until it can.
#[test]
fn a_thread_that_cannot_be_had_is_asked_for_again() {
    in_child(|| {
        if geteuid().is_root() {
            setuid(Uid::from_raw(54_322)).unwrap();
        }
        let runtime = runtime(1);
        runtime.block_on(runtime.spawn(async {})).unwrap();
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        // A thread that is about to end when they are counted leaves room for another.
        eventually(|| {
            limit_threads(0);
            let started = std::thread::Builder::new().spawn(|| ());
            started.map(|thread| thread.join().unwrap()).is_err()
        });
        // A second machine may live already: what was spawned first may have come before the first one was ready.
        for _ in 0..4 {
            let hog = siege.clone();
            drop(runtime.spawn(async move { hog.spin() }));
        }
        siege.wait_begun(1);
        let waits = runtime.spawn(async { 7 });
        // Mostly long enough for the processor to be taken, in vain.
        std::thread::sleep(Duration::from_millis(100));
        limit_threads(u64::MAX);
        assert_eq!(runtime.block_on(waits).unwrap(), 7);
        drop(lifting);
        runtime.shutdown();
    });
}
