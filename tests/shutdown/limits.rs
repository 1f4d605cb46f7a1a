//! Shutdowns beside polls that do not return: in time, and naming what was cut.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use futures::FutureExt;
use gmp::Runtime;

use crate::{
    gate::{Gate, stop},
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

/// What "in time" means on a machine with other things to do.
const SOON: Duration = Duration::from_secs(10);

/// A task that burns CPU until it is told to stop.
fn spawn_hog(runtime: &Runtime, tally: &Tally, over: &Arc<AtomicBool>) -> gmp::JoinHandle<u32> {
    let (started, over) = (Arc::new(AtomicBool::new(false)), over.clone());
    let runs = started.clone();
    let handle = runtime.spawn(tally.around(async move {
        runs.store(true, SeqCst);
        while !over.load(SeqCst) {
            std::hint::spin_loop();
        }
        7
    }));
    eventually(|| started.load(SeqCst));
    handle
}

#[test]
fn a_hot_loop_is_cut_and_named() {
    on_processors(|runtime| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let idle = runtime.spawn(tally.pending());
        let line = line!() + 1;
        let hog = spawn_hog(&runtime, &tally, &over);
        let begun = Instant::now();
        let report = runtime.shutdown_timeout(Duration::from_millis(200));
        assert!(begun.elapsed() < SOON);
        assert_eq!(report.cut.len(), 1);
        assert_eq!(report.cut[0].id, hog.id());
        // The helper spawns it, so the site is there.
        let site = report.cut[0].spawned_at.expect("a running task has a site");
        assert!(
            site.file().ends_with("limits.rs") && site.line() != line,
            "{site}"
        );
        let words = report.cut[0].to_string();
        assert!(
            words.contains(&hog.id().to_string()) && words.contains(&site.to_string()),
            "{words}"
        );
        // All others are gone, and it goes on until it returns.
        assert!(gmp::block_on(idle).unwrap_err().is_cancelled());
        assert_eq!(tally.futures_made() - tally.futures_dropped(), 1);
        over.store(true, SeqCst);
        assert_eq!(gmp::block_on(hog).unwrap(), 7);
        tally.assert_settled();
    });
}

#[test]
fn a_blocked_thread_is_cut_and_named() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let blocked = runtime.spawn(tally.around(async move { inside.pass() }));
        outside.wait_entered();
        let begun = Instant::now();
        let report = runtime.shutdown_timeout(Duration::from_millis(200));
        assert!(begun.elapsed() < SOON);
        assert_eq!(
            report.cut.iter().map(|cut| cut.id).collect::<Vec<_>>(),
            [blocked.id()]
        );
        outside.release();
        gmp::block_on(blocked).unwrap();
        tally.assert_settled();
    });
}

#[test]
fn a_runtime_is_dropped_in_time_beside_a_poll_that_does_not_return() {
    on_processors(|runtime| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let hog = spawn_hog(&runtime, &tally, &over);
        let begun = Instant::now();
        drop(runtime);
        assert!(begun.elapsed() < SOON);
        over.store(true, SeqCst);
        gmp::block_on(hog).unwrap();
        tally.assert_settled();
    });
}

/// The default's time is over when this looks.
#[test]
fn the_drop_waits_as_long_as_the_builder_says() {
    within_limit(|| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let builder = gmp::Builder::new().max_procs(2);
        let runtime = builder
            .shutdown_timeout(Duration::from_secs(3600))
            .build()
            .expect("a runtime");
        let hog = spawn_hog(&runtime, &tally, &over);
        let (ended, end) = mpsc::channel();
        let ending = thread::spawn(move || {
            drop(runtime);
            ended.send(()).expect("the test looks");
        });
        let early = end.recv_timeout(Duration::from_secs(2));
        assert_eq!(early, Err(mpsc::RecvTimeoutError::Timeout));
        over.store(true, SeqCst);
        end.recv().expect("the drop returns");
        ending.join().expect("it does not panic");
        gmp::block_on(hog).expect("it was not cut");
        tally.assert_settled();
    });
}

#[test]
fn a_poll_that_returns_in_time_is_not_cut() {
    on_processors(|runtime| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let hog = spawn_hog(&runtime, &tally, &over);
        let handle = runtime.handle().clone();
        let ender = thread::spawn(move || {
            eventually(|| futures::task::Spawn::status(&handle).is_err());
            over.store(true, SeqCst);
        });
        assert!(
            runtime
                .shutdown_timeout(Duration::from_secs(3600))
                .cut
                .is_empty()
        );
        assert_eq!(gmp::block_on(hog).unwrap(), 7);
        ender.join().unwrap();
        tally.assert_settled();
    });
}

#[test]
fn absurd_limits_are_as_good_as_long_or_none() {
    on_processors(|first| {
        assert!(first.shutdown_timeout(Duration::MAX).cut.is_empty());
        let (tally, second) = (Tally::new(), runtime(2));
        let task = second.spawn(tally.pending());
        // With no time at all what is idle may not be dropped when it returns, but soon.
        second.shutdown_timeout(Duration::ZERO);
        assert!(gmp::block_on(task).unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}

#[test]
fn a_hog_that_comes_back_after_the_end_harms_nobody() {
    within_limit(|| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let woken = Gate::new();
        let hogs: Vec<_> = (0..20)
            .map(|_| {
                let runtime = runtime(2);
                let (over, inner, woken) = (over.clone(), tally.clone(), woken.clone());
                let (inside, outside) = stop();
                let hog = runtime.spawn(tally.around(async move {
                    let sleep = gmp::time::sleep(Duration::from_secs(3600));
                    inside.pass();
                    while !over.load(SeqCst) {
                        thread::yield_now();
                    }
                    // Back in a runtime that is long gone, all that it could do does nothing.
                    drop(gmp::spawn(inner.pending()));
                    woken.open();
                    assert!(sleep.now_or_never().is_none());
                    gmp::yield_now().await;
                    unreachable!("it is never polled again");
                }));
                outside.wait_entered();
                outside.release();
                assert_eq!(
                    runtime
                        .shutdown_timeout(Duration::from_millis(20))
                        .cut
                        .len(),
                    1
                );
                hog
            })
            .collect();
        // Other runtimes, with as many processors, work meanwhile and afterwards.
        let work = || {
            let runtime = runtime(2);
            let passage = woken.wait();
            let tasks: Vec<_> = (0..100).map(|n| runtime.spawn(async move { n })).collect();
            let waits = runtime.spawn(passage);
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(runtime.block_on(task).unwrap(), n);
            }
            (runtime, waits)
        };
        let (meanwhile, waits) = work();
        over.store(true, SeqCst);
        meanwhile.block_on(waits).unwrap();
        for hog in hogs {
            let hog: Result<(), _> = gmp::block_on(hog);
            assert!(hog.unwrap_err().is_cancelled());
        }
        for _ in 0..30 {
            work();
        }
        tally.assert_settled();
    });
}

#[test]
fn a_runtime_may_be_dropped_inside_of_its_own_task() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let (give, given) = mpsc::channel::<Runtime>();
        let idle = runtime.spawn(tally.pending());
        let task = runtime.spawn(tally.around(async move {
            drop(given.recv().unwrap());
            // The poll goes on to its end.
            7
        }));
        give.send(runtime).unwrap();
        assert_eq!(gmp::block_on(task).unwrap(), 7);
        assert!(gmp::block_on(idle).unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}

#[test]
fn a_runtime_may_be_shut_down_inside_of_its_own_task() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let (give, given) = mpsc::channel::<Runtime>();
        let task = runtime.spawn(tally.around(async move {
            given.recv().unwrap().shutdown();
            gmp::yield_now().await;
            unreachable!("it is never polled again");
        }));
        give.send(runtime).unwrap();
        let told: Result<(), _> = gmp::block_on(task);
        assert!(told.unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}

#[test]
fn a_runtime_may_be_dropped_inside_of_another() {
    on_processors(|outer| {
        let tally = Tally::new();
        for n in 0..3 {
            let (inner, tally) = (runtime(2), tally.clone());
            let task = inner.spawn(tally.pending());
            let ends = async move {
                drop(inner);
                task.await.unwrap_err().is_cancelled()
            };
            let cancelled = match n {
                0 => outer.block_on(ends),
                1 => outer.block_on(outer.spawn(ends)).unwrap(),
                _ => outer
                    .block_on(outer.spawn(async { gmp::block_on(ends) }))
                    .unwrap(),
            };
            assert!(cancelled);
        }
        assert_eq!(outer.block_on(outer.spawn(async { 7 })).unwrap(), 7);
        tally.assert_settled();
    });
}

#[test]
fn the_last_owner_may_be_a_task() {
    on_processors(|runtime| {
        let (tally, runtime) = (Tally::new(), Arc::new(runtime));
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..10 {
            let (owner, done) = (runtime.clone(), done.clone());
            drop(runtime.spawn(tally.around(async move {
                gmp::yield_now().await;
                drop(owner);
                done.fetch_add(1, SeqCst);
            })));
        }
        drop(runtime);
        eventually(|| tally.is_settled());
    });
}
