//! Runtimes in great numbers: they leave nothing behind.

use std::{
    sync::{Arc, Barrier},
    thread,
};

use crate::{
    child::in_child,
    process::{descriptors, resident, threads},
    tally::Tally,
    watchdog::{eventually, runtime, within_limit},
};

fn use_once(processors: usize, tally: &Tally) {
    let runtime = runtime(processors);
    let tasks: Vec<_> = (0..3)
        .map(|n| {
            runtime.spawn(tally.around(async move {
                gmp::yield_now().await;
                n
            }))
        })
        .collect();
    drop(runtime.spawn(tally.pending()));
    drop(runtime.spawn(tally.around(gmp::time::sleep(std::time::Duration::from_secs(3600)))));
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(runtime.block_on(task).unwrap(), n);
    }
}

#[test]
#[cfg_attr(any(gmp_asan, gmp_boxed), ignore = "ASan keeps what was freed")]
fn a_thousand_one_after_another_leave_no_thread_descriptor_or_memory() {
    in_child(|| {
        let tally = Tally::new();
        (0..50).for_each(|_| use_once(2, &tally));
        eventually(|| threads() <= 3);
        let (descriptors_before, resident_before) = (descriptors(), resident());
        (0..1000).for_each(|_| use_once(2, &tally));
        // The threads of the last ones are about to end.
        eventually(|| threads() <= 3);
        assert_eq!(descriptors(), descriptors_before);
        let grown = resident().saturating_sub(resident_before);
        assert!(grown < 8 << 20, "grown by {grown} bytes");
        tally.assert_settled();
    });
}

#[test]
fn many_at_once_do_not_disturb_each_other() {
    within_limit(|| {
        let tally = Tally::new();
        let start = Arc::new(Barrier::new(8));
        let threads: Vec<_> = (0..8)
            .map(|n| {
                let (tally, start) = (tally.clone(), start.clone());
                thread::spawn(move || {
                    start.wait();
                    (0..20).for_each(|_| use_once(1 + n % 3, &tally));
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        tally.assert_settled();
    });
}

#[test]
fn many_live_side_by_side() {
    within_limit(|| {
        let tally = Tally::new();
        let runtimes: Vec<_> = (0..40).map(|n| runtime(1 + n % 3)).collect();
        for (n, runtime) in runtimes.iter().enumerate() {
            let next = runtimes[(n + 1) % runtimes.len()].handle().clone();
            let task = runtime
                .spawn(tally.around(async move { next.spawn(async move { n }).await.unwrap() }));
            assert_eq!(runtime.block_on(task).unwrap(), n);
        }
        drop(runtimes);
        tally.assert_settled();
    });
}

#[test]
fn tasks_that_block_leave_nothing_to_the_next_runtime() {
    within_limit(|| {
        for round in 0..600 {
            let first = runtime(2);
            for _ in 0..4 {
                drop(first.spawn(async { gmp::block_on(gmp::yield_now()) }));
            }
            if round % 2 == 0 {
                first.block_on(first.spawn(async {})).unwrap();
            }
            // Machines are asked for, processors are given, searches go on at this moment.
            drop(first);
            let second = runtime(2);
            let tasks: Vec<_> = (0..8).map(|_| second.spawn(gmp::yield_now())).collect();
            for task in tasks {
                second.block_on(task).unwrap();
            }
        }
    });
}
