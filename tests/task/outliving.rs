//! Wakers and handles that outlive their task, its runtime, and the runtime after that.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    task::Waker,
    thread,
};

use crate::{
    gate::Gate,
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

/// A number of processors that no other test uses: its runtimes follow one another in the same place.
const PROCESSORS: usize = 3;

#[test]
fn a_waker_is_used_after_its_runtime_has_ended() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        eventually(|| gate.waiting() == 1);
        let waker = gate.take_wakers().remove(0);
        let abort = handle.abort_handle();
        runtime.shutdown();
        tally.assert_settled();
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (waker, abort) = (waker.clone(), abort.clone());
                thread::spawn(move || {
                    abort.abort();
                    waker.wake_by_ref();
                    drop(waker.clone());
                    waker.wake();
                    assert!(abort.is_finished());
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert!(handle.is_finished());
        assert!(gmp::block_on(handle).unwrap_err().is_cancelled());
        assert_eq!(tally.polls(), 1);
    });
}

#[test]
fn a_handle_is_dropped_after_its_runtime_has_ended() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let waits = runtime.spawn(tally.pending());
        let ready = runtime.spawn(tally.future(|_| std::task::Poll::Ready(())));
        eventually(|| ready.is_finished());
        runtime.shutdown();
        assert_eq!(tally.outputs_dropped(), 0, "the output is the handle's");
        drop((waits, ready));
        tally.assert_settled();
    });
}

#[test]
fn old_wakers_do_not_disturb_the_runtimes_that_follow() {
    within_limit(|| {
        let mut old: Vec<(Waker, gmp::AbortHandle)> = Vec::new();
        for _ in 0..50 {
            let runtime = runtime(PROCESSORS);
            let (tally, gate) = (Tally::new(), Gate::new());
            let handles: Vec<_> = (0..20)
                .map(|_| {
                    let gate = gate.clone();
                    runtime.spawn(tally.future(move |cx| gate.poll(cx)))
                })
                .collect();
            eventually(|| gate.waiting() == 20);
            for (waker, abort) in &old {
                waker.wake_by_ref();
                abort.abort();
                assert!(abort.is_finished());
            }
            runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
            assert_eq!((tally.polls(), tally.futures_dropped()), (20, 0));
            let aborts = handles.iter().map(gmp::JoinHandle::abort_handle);
            old.extend(gate.take_wakers().into_iter().zip(aborts));
            old.drain(..old.len().saturating_sub(100));
        }
    });
}

#[test]
fn foreign_threads_wake_across_the_end_of_one_runtime_and_the_start_of_the_next() {
    within_limit(|| {
        let over = Arc::new(AtomicBool::new(false));
        let gate = Gate::new();
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (over, gate) = (over.clone(), gate.clone());
                thread::spawn(move || {
                    // Wakes whom it finds, and those once more after they are long gone.
                    let mut old = Vec::new();
                    while !over.load(SeqCst) {
                        old.extend(gate.take_wakers());
                        old.iter().for_each(Waker::wake_by_ref);
                        old.drain(..old.len().saturating_sub(200));
                        thread::yield_now();
                    }
                })
            })
            .collect();
        let tally = Tally::new();
        for round in 0..300 {
            let runtime = runtime(PROCESSORS);
            for _ in 0..10 {
                let gate = gate.clone();
                drop(runtime.spawn(tally.future(move |cx| gate.poll(cx))));
            }
            // The next runtime works, whatever was left of the one before.
            let work: Vec<_> = (0..10).map(|n| runtime.spawn(async move { n })).collect();
            let sum = runtime.block_on(async {
                let mut sum = 0;
                for handle in work {
                    sum += handle.await.unwrap();
                }
                sum
            });
            assert_eq!(sum, 45, "in round {round}");
            runtime.shutdown();
            tally.assert_settled();
        }
        over.store(true, SeqCst);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn a_handle_to_a_runtime_that_has_ended_refuses() {
    within_limit(|| {
        let (first, tally) = (runtime(PROCESSORS), Tally::new());
        let stale = first.handle().clone();
        first.shutdown();
        let second = runtime(PROCESSORS);
        let stays = second.spawn(std::future::pending::<()>());
        let refused = stale.spawn(tally.pending());
        tally.assert_settled();
        assert_eq!(tally.polls(), 0);
        assert!(refused.is_finished());
        assert_eq!(refused.id(), gmp::task::Id::NOBODY);
        refused.abort();
        assert!(stale.block_on(refused).unwrap_err().is_cancelled());
        assert_eq!(
            stale.num_tasks(),
            0,
            "the tasks of the next runtime are not its own"
        );
        assert!(futures::task::Spawn::status(&stale).is_err());
        let _entered = stale.enter();
        drop(gmp::spawn(tally.pending()));
        tally.assert_settled();
        assert!(!stays.is_finished());
    });
}
