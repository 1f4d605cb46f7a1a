//! Tasks that say that they block, and tasks that look whether they should yield.

use std::{
    future::poll_fn,
    panic::panic_any,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
    thread,
    time::Duration,
};

use gmp::preempt;

use super::{Lifting, Siege};
use crate::watchdog::{eventually, on_each, within_limit};

#[test]
fn block_in_place_gives_its_value_and_its_panic() {
    on_each(&[1, 2], |runtime| {
        let task = runtime.spawn(async {
            let spawned = gmp::spawn(async { 1 });
            let value = gmp::block_in_place(|| gmp::block_in_place(|| 2));
            value + spawned.await.unwrap()
        });
        assert_eq!(runtime.block_on(task).unwrap(), 3);
        let task = runtime.spawn(async { gmp::block_in_place(|| panic_any(7)) });
        assert!(runtime.block_on(task).unwrap_err().is_panic());
        assert_eq!(gmp::block_in_place(|| 4), 4);
        runtime.shutdown();
    });
}

/// Also while it does not sleep in the system but calculates.
#[test]
fn tasks_beside_block_in_place() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let siege = siege.clone();
            drop(runtime.spawn(async move { gmp::block_in_place(|| siege.spin()) }));
        }
        siege.wait_begun(4);
        for n in 0..100 {
            assert_eq!(
                runtime.block_on(runtime.spawn(async move { n })).unwrap(),
                n
            );
        }
        drop(lifting);
        runtime.shutdown();
    });
}

#[test]
fn spawn_blocking_gives_its_value_and_its_panic() {
    on_each(&[1, 2], |runtime| {
        runtime.block_on(async {
            let values: Vec<_> = (0..100).map(|n| gmp::spawn_blocking(move || n)).collect();
            for (n, value) in values.into_iter().enumerate() {
                assert_eq!(value.await.unwrap(), n);
            }
            let panics = gmp::spawn_blocking(|| panic_any("x"));
            let payload = panics.await.unwrap_err().into_panic();
            assert_eq!(payload.downcast_ref(), Some(&"x"));
        });
        runtime.shutdown();
    });
}

/// So many at a time, and not one more; and nobody is forgotten, also where some are aborted or panic.
#[test]
fn spawn_blocking_keeps_its_limit() {
    within_limit(|| {
        let builder = gmp::Builder::new().max_procs(2).blocking_threads(3);
        let runtime = builder.build().unwrap();
        let (running, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let handles: Vec<_> = (0..60)
            .map(|n| {
                let (running, most) = (running.clone(), most.clone());
                let _entered = runtime.enter();
                gmp::spawn_blocking(move || {
                    most.fetch_max(running.fetch_add(1, SeqCst) + 1, SeqCst);
                    thread::sleep(Duration::from_millis(2));
                    running.fetch_sub(1, SeqCst);
                    if n % 5 == 0 {
                        panic_any(n);
                    }
                    n
                })
            })
            .collect();
        for (n, handle) in handles.iter().enumerate() {
            if n % 7 == 0 {
                handle.abort();
            }
        }
        for (n, handle) in handles.into_iter().enumerate() {
            match runtime.block_on(handle) {
                Ok(value) => assert_eq!(value, n),
                Err(error) => assert!(if error.is_panic() {
                    n % 5 == 0
                } else {
                    n % 7 == 0
                }),
            }
        }
        assert!(most.load(SeqCst) <= 3);
        // All permits are back: three can still meet.
        let barrier = Arc::new(std::sync::Barrier::new(3));
        let meet: Vec<_> = (0..3)
            .map(|_| {
                let barrier = barrier.clone();
                let _entered = runtime.enter();
                gmp::spawn_blocking(move || drop(barrier.wait()))
            })
            .collect();
        for handle in meet {
            runtime.block_on(handle).unwrap();
        }
        runtime.shutdown();
    });
}

#[test]
fn tasks_beside_spawn_blocking() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let siege = siege.clone();
            let _entered = runtime.enter();
            drop(gmp::spawn_blocking(move || siege.block()));
        }
        siege.wait_begun(4);
        for n in 0..100 {
            assert_eq!(
                runtime.block_on(runtime.spawn(async move { n })).unwrap(),
                n
            );
        }
        drop(lifting);
        runtime.shutdown();
    });
}

/// What waits for its turn is dropped with the runtime, and what runs is waited for.
#[test]
fn a_shutdown_while_functions_run_and_wait() {
    within_limit(|| {
        let builder = gmp::Builder::new().max_procs(1).blocking_threads(1);
        let runtime = builder.build().unwrap();
        let (began, begun) = mpsc::channel();
        let over = Siege::new();
        let handles: Vec<_> = (0..10)
            .map(|_| {
                let (began, over) = (began.clone(), over.clone());
                let _entered = runtime.enter();
                gmp::spawn_blocking(move || {
                    began.send(()).unwrap();
                    over.block();
                })
            })
            .collect();
        begun.recv().unwrap();
        let lifter = thread::spawn(move || over.lift());
        runtime.shutdown();
        lifter.join().unwrap();
        let ended = handles.into_iter().map(gmp::block_on);
        let ran = ended.filter(Result::is_ok).count();
        assert!((1..10).contains(&ran), "{ran} ran");
    });
}

/// Loops that look at the flag keep their threads: all of them run in turn on the runtime's few.
#[test]
fn loops_that_look_yield_to_each_other() {
    on_each(&[1, 2], |runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let turns: Vec<_> = (0..20)
            .map(|_| {
                let (over, turns) = (over.clone(), Arc::new(AtomicUsize::new(0)));
                let counted = turns.clone();
                drop(runtime.spawn(async move {
                    while !over.load(SeqCst) {
                        if preempt::should_yield() {
                            counted.fetch_add(1, SeqCst);
                            gmp::yield_now().await;
                        }
                    }
                }));
                turns
            })
            .collect();
        for turns in &turns {
            eventually(|| turns.load(SeqCst) >= 3);
        }
        runtime
            .block_on(runtime.spawn(gmp::sleep(Duration::from_millis(1))))
            .unwrap();
        over.store(true, SeqCst);
        runtime.shutdown();
    });
}

#[test]
fn nobody_is_asked_to_yield_outside_of_a_task() {
    within_limit(|| {
        assert!(!preempt::should_yield());
        gmp::block_on(async { assert!(!preempt::should_yield()) });
    });
}

/// Two tasks on one processor: the second has a turn although the first finds everything ready.
#[test]
fn the_budget_ends_a_poll_that_finds_all_ready() {
    on_each(&[1], |runtime| {
        let order = runtime.block_on(runtime.spawn(async {
            let other_ran = Arc::new(AtomicBool::new(false));
            let ran = other_ran.clone();
            drop(gmp::spawn(async move { ran.store(true, SeqCst) }));
            let mut operations = 0;
            while !other_ran.load(SeqCst) {
                gmp::sleep(Duration::ZERO).await;
                operations += 1;
            }
            operations
        }));
        // As many as the budget has, and the one that found it spent; fewer if the flag is raised before.
        assert!((1..=129).contains(&order.unwrap()));
    });
}

#[test]
fn an_operation_that_waits_costs_nothing() {
    on_each(&[1], |runtime| {
        let task = runtime.spawn(poll_fn(|cx| {
            for _ in 0..10_000 {
                match preempt::poll_proceed(cx) {
                    Poll::Ready(proceed) => drop(proceed),
                    // Asked to yield by the flag, which may be raised at any time.
                    Poll::Pending => return Poll::Pending,
                }
            }
            let mut operations = 0;
            while let Poll::Ready(proceed) = preempt::poll_proceed(cx) {
                proceed.made_progress();
                operations += 1;
            }
            assert!(operations <= 128);
            Poll::Ready(())
        }));
        runtime.block_on(task).unwrap();
    });
}

/// The flag is raised before the first operation of each poll: one is done nevertheless.
#[test]
fn a_poll_that_is_slow_before_its_first_operation_gets_on() {
    on_each(&[1], |runtime| {
        let task = runtime.spawn(async {
            let mut many = std::pin::pin!(async {
                for _ in 0..10 {
                    gmp::sleep(Duration::ZERO).await;
                }
            });
            poll_fn(|cx| {
                eventually(preempt::should_yield);
                many.as_mut().poll(cx)
            })
            .await;
        });
        runtime.block_on(task).unwrap();
    });
}

/// An executor inside of a task's poll gets on although the poll's budget is spent.
#[test]
fn executors_inside_of_a_poll_get_on() {
    on_each(&[1, 2], |runtime| {
        let task = runtime.spawn(async {
            let many = || async {
                for _ in 0..1000 {
                    gmp::sleep(Duration::ZERO).await;
                }
            };
            many().await;
            gmp::block_on(many());
            futures::executor::block_on(many());
        });
        runtime.block_on(task).unwrap();
    });
}

/// More of them than a processor's ring holds.
#[test]
fn a_thousand_polite_loops_all_take_turns_and_so_does_who_comes_later() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..1000 {
            let siege = siege.clone();
            drop(runtime.spawn(async move {
                siege.begun.fetch_add(1, SeqCst);
                while !siege.is_over() {
                    if preempt::should_yield() {
                        gmp::yield_now().await;
                    }
                }
            }));
        }
        siege.wait_begun(1000);
        let later = runtime.spawn(async { 1 });
        assert_eq!(runtime.block_on(later).unwrap(), 1);
        drop(lifting);
        runtime.shutdown();
    });
}
