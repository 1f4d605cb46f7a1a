//! Waiting for a task: before, while and after it ends, with one waker or many, from tasks and threads.
//!
//! After async-task's tests/join.rs and the cases with `join` in the names of ready.rs.

use std::{
    sync::{Arc, Barrier},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use futures::{FutureExt, StreamExt, stream::FuturesUnordered};

use crate::{
    gate::{Gate, Wakes, poll_here, poll_with, stop},
    tally::Tally,
    watchdog::{eventually, on_each, on_processors, runtime},
};

#[test]
fn joined_before_while_and_after_it_runs_a_task_gives_its_output() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let ((before, go_before), (running, go_running)) = (stop(), stop());
        let before = runtime.spawn(tally.future(move |_| {
            before.pass();
            Poll::Ready(())
        }));
        let joiner = runtime.spawn(async move { before.await.is_ok() });
        go_before.wait_entered();
        go_before.release();
        assert!(runtime.block_on(joiner).unwrap());

        let mut during = runtime.spawn(tally.future(move |_| {
            running.pass();
            Poll::Ready(())
        }));
        go_running.wait_entered();
        assert!(poll_with(&mut during, Waker::noop()).is_pending());
        go_running.release();
        drop(runtime.block_on(during).unwrap());

        let after = runtime.spawn(tally.future(|_| Poll::Ready(())));
        eventually(|| after.is_finished());
        drop(after.now_or_never().expect("it has ended").unwrap());
        tally.assert_settled();
    });
}

#[test]
fn the_waker_that_polled_last_is_woken() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let wakers: Vec<_> = (0..10).map(|_| Wakes::new()).collect();
        for (wakes, waker) in &wakers {
            assert!(poll_with(&mut handle, waker).is_pending());
            assert_eq!(Arc::strong_count(wakes), 3, "the handle keeps one");
        }
        for (wakes, _) in &wakers[..9] {
            assert_eq!(
                Arc::strong_count(wakes),
                2,
                "one that was replaced is dropped"
            );
        }
        gate.open();
        eventually(|| wakers[9].0.count() == 1);
        eventually(|| Arc::strong_count(&wakers[9].0) == 2);
        assert!(wakers[..9].iter().all(|(wakes, _)| wakes.count() == 0));
        assert!(poll_with(&mut handle, Waker::noop()).is_ready());
    });
}

#[test]
fn the_same_waker_may_poll_again_and_again() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let (wakes, waker) = Wakes::new();
        for _ in 0..100 {
            assert!(poll_with(&mut handle, &waker).is_pending());
        }
        assert_eq!(Arc::strong_count(&wakes), 3);
        gate.open();
        eventually(|| wakes.count() == 1);
        assert!(poll_with(&mut handle, &waker).is_ready());
    });
}

#[test]
fn a_handle_that_is_dropped_drops_its_waker() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let (wakes, waker) = Wakes::new();
        assert!(poll_with(&mut handle, &waker).is_pending());
        drop(handle);
        assert_eq!(Arc::strong_count(&wakes), 2);
        gate.open();
        runtime.block_on(runtime.spawn(async {})).unwrap();
        assert_eq!(wakes.count(), 0);
    });
}

#[test]
fn a_handle_goes_from_task_to_thread_to_task() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        // Polls once and passes the handle on, registered as it is.
        async fn poll_once<F: Future + Unpin>(mut future: F) -> F {
            assert!(poll_here(&mut future).await.is_pending());
            future
        }
        let handle = runtime.block_on(runtime.spawn(poll_once(handle))).unwrap();
        let handle = thread::spawn(|| futures::executor::block_on(poll_once(handle)))
            .join()
            .unwrap();
        let handle = runtime.block_on(poll_once(handle));
        let handle = runtime.block_on(runtime.spawn(poll_once(handle))).unwrap();
        let last = runtime.spawn(handle);
        gate.open();
        drop(runtime.block_on(last).unwrap().unwrap());
        tally.assert_settled();
    });
}

#[test]
fn giving_up_a_borrowed_handle_loses_nothing() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let mut handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        runtime.block_on(async {
            for _ in 0..10 {
                assert!((&mut handle).now_or_never().is_none());
                assert!(
                    gmp::time::timeout(Duration::ZERO, &mut handle)
                        .await
                        .is_err()
                );
            }
        });
        gate.open();
        drop(runtime.block_on(&mut handle).unwrap());
        tally.assert_settled();
    });
}

#[test]
fn foreign_threads_join_with_any_executor() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let joined: Vec<_> = (0..4)
            .map(|n| {
                let gate = Gate::new();
                let handle = runtime.spawn(tally.future({
                    let gate = gate.clone();
                    move |cx| gate.poll(cx)
                }));
                let thread = thread::spawn(move || {
                    if n % 2 == 0 {
                        futures::executor::block_on(handle)
                    } else {
                        gmp::block_on(handle)
                    }
                });
                (gate, thread)
            })
            .collect();
        joined.iter().for_each(|(gate, _)| gate.open());
        for (_, thread) in joined {
            drop(thread.join().unwrap().unwrap());
        }
        tally.assert_settled();
    });
}

#[test]
fn each_of_a_chain_of_tasks_joins_the_one_before() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let first = gate.wait();
        let mut last = runtime.spawn(async move {
            first.await;
            0
        });
        for _ in 0..1000 {
            last = runtime.spawn(async move { last.await.unwrap() + 1 });
        }
        gate.open();
        assert_eq!(runtime.block_on(last).unwrap(), 1000);
    });
}

#[test]
fn tasks_of_another_runtime_are_joined() {
    on_processors(|here| {
        let there = runtime(2);
        let spawner = there.handle().clone();
        let sum = here.spawn(async move {
            let mut sum = 0;
            for n in 0..100 {
                let other = spawner.spawn(async move {
                    gmp::yield_now().await;
                    n
                });
                sum += other.await.unwrap();
            }
            sum
        });
        assert_eq!(there.block_on(sum).unwrap(), 4950);
    });
}

#[test]
fn many_handles_are_joined_in_the_order_of_their_ends() {
    on_processors(|runtime| {
        let gates: Vec<_> = (0..10).map(|_| Gate::new()).collect();
        let all: FuturesUnordered<_> = gates
            .iter()
            .enumerate()
            .map(|(n, gate)| {
                runtime
                    .spawn(gate.wait())
                    .map(move |result| result.map(|()| n))
            })
            .collect();
        let joiner = runtime.spawn(all.map(Result::unwrap).collect::<Vec<_>>());
        gates[7].open();
        gates.iter().for_each(Gate::open);
        let mut order = runtime.block_on(joiner).unwrap();
        order.sort_unstable();
        assert_eq!(order, (0..10).collect::<Vec<_>>());
    });
}

#[test]
fn a_task_that_is_shut_down_is_joined_as_cancelled() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let handle = runtime.spawn(tally.pending());
        runtime.shutdown();
        assert!(handle.is_finished());
        assert!(
            futures::executor::block_on(handle)
                .unwrap_err()
                .is_cancelled()
        );
        tally.assert_settled();
    });
}

#[test]
fn the_handle_may_be_dropped_by_the_waker_that_it_wakes() {
    /// Drops what it holds when it is woken.
    struct Drops(std::sync::Mutex<Option<gmp::JoinHandle<crate::tally::Witness>>>);
    impl std::task::Wake for Drops {
        fn wake(self: Arc<Self>) {
            drop(self.0.lock().unwrap().take());
        }
    }
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let mut handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        let drops = Arc::new(Drops(std::sync::Mutex::new(None)));
        assert!(poll_with(&mut handle, &Waker::from(drops.clone())).is_pending());
        *drops.0.lock().unwrap() = Some(handle);
        gate.open();
        eventually(|| tally.is_settled());
    });
}

#[test]
fn an_aborted_joiner_leaves_the_joined_one_alone() {
    on_each(&[1, 2], |runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let joined = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        let joiner = runtime.spawn(joined);
        eventually(|| gate.waiting() == 1);
        joiner.abort();
        assert!(runtime.block_on(joiner).unwrap_err().is_cancelled());
        assert_eq!(tally.futures_dropped(), 0);
        gate.open();
        eventually(|| tally.is_settled());
    });
}

#[test]
fn joiners_of_all_kinds_meet_the_end_at_the_same_time() {
    on_each(&[1, 2], |runtime| {
        let tally = Tally::new();
        let rounds = 2000;
        let start = Arc::new(Barrier::new(2));
        let (give, given) = std::sync::mpsc::channel::<(Gate, gmp::JoinHandle<_>)>();
        let threads_start = start.clone();
        let thread = thread::spawn(move || {
            for (n, (gate, mut handle)) in given.into_iter().enumerate() {
                threads_start.wait();
                gate.open();
                match n % 3 {
                    0 => drop(handle),
                    1 => drop(gmp::block_on(handle).unwrap()),
                    _ => drop(poll_with(&mut handle, Waker::noop())),
                }
            }
        });
        for _ in 0..rounds {
            let gate = Gate::new();
            let handle = runtime.spawn(tally.future({
                let gate = gate.clone();
                move |cx| gate.poll(cx)
            }));
            give.send((gate, handle)).unwrap();
            start.wait();
        }
        drop(give);
        thread.join().unwrap();
        eventually(|| tally.is_settled());
        assert_eq!(tally.futures_made(), rounds);
    });
}
