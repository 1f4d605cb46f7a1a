//! Work goes where there is a processor to do it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use crate::watchdog::{on_each, runtime, within_limit};

/// Spins in a poll until `count` others are here too.
fn meet(here: &AtomicUsize, count: usize) {
    here.fetch_add(1, SeqCst);
    while here.load(SeqCst) < count {
        thread::yield_now();
    }
}

#[test]
fn tasks_that_need_each_other_run_at_the_same_time() {
    within_limit(|| {
        for processors in [2, 4, 8] {
            let runtime = runtime(processors);
            for _ in 0..200 {
                let here = Arc::new(AtomicUsize::new(0));
                let tasks: Vec<_> = (0..processors)
                    .map(|_| {
                        let here = here.clone();
                        runtime.spawn(async move { meet(&here, processors) })
                    })
                    .collect();
                for task in tasks {
                    runtime.block_on(task).unwrap();
                }
            }
        }
    });
}

#[test]
fn tasks_spawned_by_a_task_run_beside_it() {
    on_each(&[2, 4], |runtime| {
        let all = runtime.spawn(async {
            for _ in 0..200 {
                let here = Arc::new(AtomicUsize::new(0));
                let other = here.clone();
                // The only one in the place for the next one: nobody is woken for it, but the monitor sees it.
                let child = gmp::spawn(async move { meet(&other, 2) });
                meet(&here, 2);
                child.await.unwrap();
            }
        });
        runtime.block_on(all).unwrap();
    });
}

#[test]
fn a_woken_task_runs_beside_the_one_that_woke_it() {
    on_each(&[2, 4], |runtime| {
        for _ in 0..200 {
            let (wake, woken) = futures::channel::oneshot::channel();
            let ran = Arc::new(AtomicBool::new(false));
            let runs = ran.clone();
            let sleeper = runtime.spawn(async move {
                woken.await.unwrap();
                runs.store(true, SeqCst);
            });
            let waker = runtime.spawn(async move {
                gmp::yield_now().await;
                wake.send(()).unwrap();
                while !ran.load(SeqCst) {
                    thread::yield_now();
                }
            });
            runtime.block_on(waker).unwrap();
            runtime.block_on(sleeper).unwrap();
        }
    });
}

#[test]
fn a_full_queue_is_shared() {
    on_each(&[2, 4, 8], |runtime| {
        let all = runtime.spawn(async {
            let done = Arc::new(AtomicUsize::new(0));
            let tasks: Vec<_> = (0..1000)
                .map(|_| {
                    let done = done.clone();
                    gmp::spawn(async move {
                        done.fetch_add(1, SeqCst);
                    })
                })
                .collect();
            // This processor runs none of them: more than half of them overflow, the rest is stolen.
            while done.load(SeqCst) < 1000 {
                thread::yield_now();
            }
            tasks.len()
        });
        assert_eq!(runtime.block_on(all).unwrap(), 1000);
    });
}
