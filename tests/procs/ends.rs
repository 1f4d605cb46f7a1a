//! Resizing against the end of the runtime, and against the next one, which uses the same structure.

use std::{
    sync::{Arc, Barrier},
    thread,
};

use crate::watchdog::{runtime, within_limit};

#[test]
fn a_runtime_that_has_ended_has_no_processors() {
    within_limit(|| {
        let first = runtime(4);
        let handle = first.handle().clone();
        drop(first);
        let second = runtime(2);
        assert_eq!(handle.max_procs(Some(7)), 0);
        assert_eq!(handle.max_procs(None), 0);
        assert_eq!(second.handle().max_procs(None), 2);
    });
}

/// The structure of a large one has room for a small one, and the other way round.
#[test]
fn a_later_runtime_begins_with_its_own_number() {
    within_limit(|| {
        for processors in [1, 8, 2, 5, 1, 3] {
            let runtime = runtime(processors);
            assert_eq!(runtime.handle().max_procs(None), processors);
            let tasks: Vec<_> = (0..100).map(|n| runtime.spawn(async move { n })).collect();
            runtime.handle().max_procs(Some(9 - processors));
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(runtime.block_on(task).unwrap(), n);
            }
            runtime.shutdown();
        }
    });
}

#[test]
fn shutdown_during_resizing() {
    within_limit(|| {
        for round in 0..100 {
            let runtime = runtime(1 + round % 4);
            let begin = Arc::new(Barrier::new(4));
            let resizers: Vec<_> = (0..3)
                .map(|n| {
                    let (handle, begin) = (runtime.handle().clone(), begin.clone());
                    thread::spawn(move || {
                        begin.wait();
                        for step in n.. {
                            if handle.max_procs(Some(1 + step % 6)) == 0 {
                                return;
                            }
                        }
                    })
                })
                .collect();
            let tasks: Vec<_> = (0..50)
                .map(|_| {
                    runtime.spawn(async {
                        loop {
                            gmp::yield_now().await;
                        }
                    })
                })
                .collect();
            begin.wait();
            runtime.shutdown();
            for resizer in resizers {
                resizer.join().unwrap();
            }
            for task in tasks {
                let told: Result<(), _> = gmp::block_on(task);
                assert!(told.unwrap_err().is_cancelled());
            }
        }
    });
}
