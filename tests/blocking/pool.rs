//! `spawn_blocking`: how many run, who waits, and what is told of it.

use std::{
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use crate::{gate::stop, tally::Tally, watchdog::within_limit};

fn two_at_a_time() -> gmp::Runtime {
    let builder = gmp::Builder::new().max_procs(1).blocking_threads(2);
    builder.build().unwrap()
}

#[test]
fn the_metrics_of_a_full_pool() {
    within_limit(|| {
        let runtime = two_at_a_time();
        let entered = runtime.enter();
        let (inside, outside) = stop();
        let inside = Arc::new(inside);
        let calls: Vec<_> = (0..5)
            .map(|_| {
                let inside = inside.clone();
                gmp::spawn_blocking(move || inside.pass())
            })
            .collect();
        outside.wait_entered();
        // One at a time passes; the others hold the second permit, or wait.
        while runtime.metrics().blocking_queued < 3 {
            thread::yield_now();
        }
        let metrics = runtime.metrics();
        assert_eq!((metrics.blocking_queued, metrics.blocking_running), (3, 2));
        assert_eq!(metrics.blocking_done, 0);
        thread::sleep(Duration::from_millis(2));
        (0..5).for_each(|_| outside.release());
        for call in calls {
            gmp::block_on(call).unwrap();
        }
        let panics = gmp::spawn_blocking(|| panic!("one of the panics of this test"));
        assert!(
            gmp::block_on::<gmp::JoinHandle<()>>(panics)
                .unwrap_err()
                .is_panic()
        );
        let metrics = runtime.metrics();
        assert_eq!((metrics.blocking_queued, metrics.blocking_running), (0, 0));
        assert_eq!(metrics.blocking_done, 6);
        // Three waited while the test slept.
        assert!(metrics.blocking_wait_max >= Duration::from_millis(2));
        assert!(metrics.blocking_wait_total >= Duration::from_millis(6));
        let handle = runtime.handle().clone();
        drop(entered);
        runtime.shutdown();
        assert_eq!(handle.metrics().blocking_done, 6);
    });
}

#[test]
fn what_is_aborted_or_shut_down_in_the_queue_does_not_run() {
    within_limit(|| {
        let runtime = two_at_a_time();
        let entered = runtime.enter();
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let inside = Arc::new(inside);
        let held: Vec<_> = (0..2)
            .map(|_| {
                let (inside, witness) = (inside.clone(), tally.output());
                gmp::spawn_blocking(move || {
                    inside.pass();
                    drop(witness);
                })
            })
            .collect();
        let (ran, runs) = mpsc::channel();
        let queued: Vec<_> = (0..4)
            .map(|n| {
                let (ran, witness) = (ran.clone(), tally.output());
                gmp::spawn_blocking(move || {
                    drop(witness);
                    ran.send(n).unwrap();
                })
            })
            .collect();
        drop(ran);
        while runtime.metrics().blocking_queued < 4 {
            thread::yield_now();
        }
        queued[1].abort();
        let mut queued = queued.into_iter();
        let (first, second) = (queued.next().unwrap(), queued.next().unwrap());
        assert!(gmp::block_on(second).unwrap_err().is_cancelled());
        // One of the two that hold the permits ends, the first of the queue runs; then the end comes.
        outside.wait_entered();
        outside.release();
        gmp::block_on(first).unwrap();
        assert_eq!(runs.recv().unwrap(), 0);
        outside.release();
        drop(entered);
        runtime.shutdown();
        for call in held.into_iter().chain(queued) {
            // Which of them had their turn before the end is not told.
            let _ = gmp::block_on(call);
        }
        tally.assert_settled();
    });
}
