//! In tasks and on threads: the processor goes to others meanwhile.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::Poll,
    thread,
    time::Duration,
};

use super::nest;
use crate::{
    gate::{Gate, stop},
    tally::Tally,
    watchdog::{eventually, on_each, on_processors, within_limit},
};

#[test]
fn a_future_that_is_ready_needs_no_runtime() {
    within_limit(|| {
        assert_eq!(gmp::block_on(async { 7 }), 7);
        assert_eq!(gmp::block_on(async { gmp::block_on(async { 7 }) }), 7);
    });
}

#[test]
fn a_future_is_polled_once_for_each_wake() {
    within_limit(|| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let future = tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        });
        let thread = thread::spawn(|| drop(gmp::block_on(future)));
        eventually(|| gate.waiting() == 1);
        // A stray unpark costs no poll.
        (0..100).for_each(|_| thread.thread().unpark());
        gate.open();
        thread.join().unwrap();
        assert_eq!(tally.polls(), 2);
        tally.assert_settled();
    });
}

#[test]
fn foreign_threads_block_at_the_same_time() {
    on_processors(|runtime| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                let handle = runtime.handle().clone();
                thread::spawn(move || {
                    handle.block_on(async {
                        for n in 0..100 {
                            assert_eq!(gmp::spawn(async move { n }).await.unwrap(), n);
                        }
                    });
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn tasks_block_on_tasks_that_block_on_tasks() {
    on_processors(|runtime| {
        for depth in 0..10 {
            assert_eq!(runtime.block_on(nest(depth)), depth);
            assert_eq!(runtime.block_on(runtime.spawn(nest(depth))).unwrap(), depth);
        }
    });
}

#[test]
fn a_future_blocks_inside_of_the_same_future() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            gmp::block_on(async {
                let inner =
                    gmp::block_on(async { gmp::block_on(gmp::spawn(async { 3 })).unwrap() });
                gmp::yield_now().await;
                gmp::time::sleep(Duration::from_millis(1)).await;
                inner + gmp::spawn(async { 4 }).await.unwrap()
            })
        });
        assert_eq!(runtime.block_on(task).unwrap(), 7);
    });
}

#[test]
fn all_processors_block_with_work_behind_them() {
    on_processors(|runtime| {
        let (gate, done) = (Gate::new(), Arc::new(AtomicUsize::new(0)));
        let blocked: Vec<_> = (0..20)
            .map(|_| {
                let gate = gate.clone();
                runtime.spawn(async move { gmp::block_on(gate.wait()) })
            })
            .collect();
        let behind: Vec<_> = (0..100)
            .map(|_| {
                let done = done.clone();
                runtime.spawn(async move {
                    gmp::yield_now().await;
                    done.fetch_add(1, SeqCst);
                })
            })
            .collect();
        eventually(|| gate.waiting() == 20 && done.load(SeqCst) == 100);
        gate.open();
        for task in blocked.into_iter().chain(behind) {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn three_deep_on_all_processors_at_once() {
    on_processors(|runtime| {
        for _ in 0..10 {
            let tasks: Vec<_> = (0..16).map(|_| runtime.spawn(nest(3))).collect();
            for task in tasks {
                assert_eq!(runtime.block_on(task).unwrap(), 3);
            }
        }
    });
}

#[test]
fn what_a_thread_blocked_inside_of_block_on_waits_for_comes() {
    on_processors(|runtime| {
        let (send, received) = mpsc::channel();
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let (give, given) = mpsc::channel();
                let task = runtime.spawn(async move {
                    // A blocking call of the standard library, where the processor was given away.
                    gmp::block_on(async { given.recv().unwrap() })
                });
                send.send((give, n)).unwrap();
                (task, n)
            })
            .collect();
        drop(send);
        let giver = runtime.spawn(async move {
            for (give, n) in received {
                give.send(n).unwrap();
            }
        });
        runtime.block_on(giver).unwrap();
        for (task, n) in tasks {
            assert_eq!(runtime.block_on(task).unwrap(), n);
        }
    });
}

#[test]
fn a_sleeping_thread_inside_of_block_on_holds_nobody_up() {
    on_each(&[1], |runtime| {
        let (inside, outside) = stop();
        let sleeps = runtime.spawn(async move {
            gmp::block_on(async {
                inside.pass();
                thread::sleep(Duration::from_millis(20));
            });
        });
        outside.wait_entered();
        let others: Vec<_> = (0..100).map(|_| runtime.spawn(gmp::yield_now())).collect();
        for other in others {
            runtime.block_on(other).unwrap();
        }
        // All of that went on while the only processor's first machine was held here.
        assert!(!sleeps.is_finished());
        outside.release();
        runtime.block_on(sleeps).unwrap();
    });
}

#[test]
fn sleeps_and_timeouts_work_inside() {
    on_processors(|runtime| {
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                runtime.spawn(async {
                    gmp::block_on(async {
                        let timeout = gmp::time::timeout(
                            Duration::from_millis(2),
                            std::future::pending::<()>(),
                        );
                        assert!(timeout.await.is_err());
                        gmp::time::sleep(Duration::from_millis(2)).await;
                    });
                    gmp::time::sleep(Duration::from_millis(1)).await;
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_task_goes_on_as_before_when_it_has_blocked() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                let inner = tally.clone();
                runtime.spawn(tally.around(async move {
                    let id = gmp::task::id();
                    for _ in 0..20 {
                        drop(gmp::block_on(gmp::spawn(inner.future(|_| Poll::Ready(())))).unwrap());
                        assert_eq!(gmp::task::id(), id);
                        if n % 2 == 0 {
                            gmp::yield_now().await;
                        }
                        drop(gmp::spawn(inner.future(|_| Poll::Ready(()))).await.unwrap());
                    }
                }))
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        assert_eq!(runtime.handle().num_tasks(), 0);
        tally.assert_settled();
    });
}

#[test]
fn a_task_that_is_aborted_while_it_blocks_ends_after_its_poll() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let passage = gate.wait();
        let task = runtime.spawn(tally.around(async move {
            gmp::block_on(passage);
            std::future::pending::<()>().await;
        }));
        eventually(|| gate.waiting() == 1);
        task.abort();
        assert!(!task.is_finished());
        gate.open();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}

#[test]
fn machines_that_were_started_for_blocked_ones_are_used_again() {
    on_each(&[1, 2], |runtime| {
        for _ in 0..50 {
            let meeting = Arc::new(Barrier::new(4));
            let tasks: Vec<_> = (0..4)
                .map(|_| {
                    let meeting = meeting.clone();
                    runtime
                        .spawn(async move { gmp::block_on(async { meeting.wait().is_leader() }) })
                })
                .collect();
            let leaders = tasks
                .into_iter()
                .map(|task| runtime.block_on(task).unwrap());
            assert_eq!(leaders.filter(|&is_leader| is_leader).count(), 1);
        }
    });
}
