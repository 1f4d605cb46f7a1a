//! More hot loops than there may be threads for, and threads that cannot be had.

use std::{path::Path, sync::mpsc, time::Duration};

use crate::{
    child::{in_child, in_child_with},
    ear::listen,
    gate::Gate,
    preemption::{Lifting, Siege},
    process::{cpu_time_of, machines, tasks_named, threads},
    watchdog::{eventually, runtime},
};
use nix::{
    sys::resource::{Resource, getrlimit, setrlimit},
    unistd::{Uid, geteuid, gettid, setuid},
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

/// From now on no thread can be had.
fn refuse_threads() {
    if geteuid().is_root() {
        setuid(Uid::from_raw(54_322)).unwrap();
    }
    // A thread that is about to end when they are counted leaves room for another.
    eventually(|| {
        limit_threads(0);
        let started = std::thread::Builder::new().spawn(|| ());
        started.map(|thread| thread.join().unwrap()).is_err()
    });
}

/// A thread that a hot loop's processor needs cannot be had: it is asked for again until it can, and the monitor rests in
/// between.
#[test]
fn a_thread_that_cannot_be_had_is_asked_for_again() {
    in_child(|| {
        let runtime = runtime(1);
        runtime.block_on(runtime.spawn(async {})).unwrap();
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        refuse_threads();
        // A second machine may live already: what was spawned first may have come before the first one was ready.
        let (send, begun) = mpsc::channel();
        for _ in 0..4 {
            let (hog, send) = (siege.clone(), send.clone());
            drop(runtime.spawn(async move {
                send.send(gettid()).unwrap();
                hog.spin();
            }));
        }
        let hog = begun.recv().unwrap();
        let waits = runtime.spawn(async { 7 });
        eventually(|| {
            let metrics = runtime.metrics();
            metrics.hand_offs_running + metrics.hand_offs_starved > 0
        });
        // By the CPU time that the hog has used meanwhile.
        let monitors = tasks_named(|name| name == "gmp-monitor");
        let spent = |task: &Path| cpu_time_of(task);
        let hog = Path::new("/proc/self/task").join(hog.to_string());
        let (hog_before, monitor_before) = (spent(&hog), spent(&monitors[0]));
        eventually(|| spent(&hog) - hog_before > Duration::from_millis(300));
        let monitor = spent(&monitors[0]) - monitor_before;
        let hog = spent(&hog) - hog_before;
        assert!(monitor < hog / 3, "{monitor:?} beside {hog:?}");
        limit_threads(u64::MAX);
        assert_eq!(runtime.block_on(waits).unwrap(), 7);
        drop(lifting);
        runtime.shutdown();
    });
}

/// That a thread cannot be had is told although there is none to tell it.
#[test]
fn a_thread_that_cannot_be_had_is_told() {
    in_child(|| {
        let receive = listen();
        let runtime = runtime(2);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let polite = siege.clone();
        let yields = runtime.spawn(async move {
            while !polite.is_over() {
                gmp::yield_now().await;
            }
        });
        refuse_threads();
        // All machines but the one that runs what yields, which is to tell, keep their threads.
        for _ in 1..machines("gmp-") {
            let hog = siege.clone();
            drop(runtime.spawn(async move { hog.spin() }));
        }
        siege.wait_begun(1);
        eventually(|| {
            drop(runtime.spawn(async {}));
            let told = |warning: String| warning.contains("going on with fewer");
            receive.try_iter().any(told)
        });
        drop(lifting);
        runtime.block_on(yields).unwrap();
        limit_threads(u64::MAX);
        runtime.shutdown();
    });
}

/// Who hands a processor off leaves it idle at the limit while another one runs; the last one goes on.
#[test]
fn who_hands_off_starts_no_thread_too_many() {
    in_child(|| {
        let builder = gmp::Builder::new().max_procs(2).max_machines(2);
        let runtime = builder.build().unwrap();
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let polite = siege.clone();
        let yields = runtime.spawn(async move {
            while !polite.is_over() {
                gmp::yield_now().await;
            }
        });
        let (gate, passed) = (Gate::new(), Gate::new());
        let (passage, told) = (gate.wait(), passed.clone());
        let nested = runtime.spawn(async move {
            gmp::block_on(async move {
                told.open();
                passage.await;
            });
        });
        runtime.block_on(passed.wait());
        for n in 0..1000 {
            let task = runtime.spawn(async move { n });
            assert_eq!(runtime.block_on(task).unwrap(), n);
        }
        assert_eq!(machines("gmp-"), 2, "{:?}", runtime.metrics());
        // Two more that block: the last processor is handed on although there are too many threads.
        let more = [(); 2].map(|()| {
            let passage = gate.wait();
            runtime.spawn(async move { gmp::block_on(passage) })
        });
        eventually(|| gate.waiting() >= 3);
        let task = runtime.spawn(async { 7 });
        assert_eq!(runtime.block_on(task).unwrap(), 7);
        gate.open();
        for task in more {
            runtime.block_on(task).unwrap();
        }
        runtime.block_on(nested).unwrap();
        drop(lifting);
        runtime.block_on(yields).unwrap();
        runtime.shutdown();
    });
}
