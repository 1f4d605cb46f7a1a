//! `abort`: when it comes in time, what the handle says then, and who drops what.
//!
//! After async-task's tests/cancel.rs, and the cases with `cancel` in the names of basic.rs, panic.rs, ready.rs and waker_pending.rs.

use std::{
    sync::{Arc, Barrier, mpsc},
    task::{Poll, Waker},
    thread,
};

use crate::{
    gate::{Gate, stop},
    tally::Tally,
    watchdog::{eventually, on_each, on_processors},
};

#[test]
fn a_task_aborted_while_queued_is_never_polled() {
    on_each(&[1], |runtime| {
        let tally = Tally::new();
        let spawner = tally.clone();
        // The spawner holds the only processor, so the task is queued when it is aborted.
        let spawned = runtime.spawn(async move {
            let handle = gmp::spawn(spawner.future(|_| Poll::Ready(())));
            handle.abort();
            handle
        });
        let handle = runtime.block_on(spawned).unwrap();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        assert_eq!(tally.polls(), 0);
        tally.assert_settled();
    });
}

#[test]
fn a_task_aborted_soon_after_the_spawn_ends_in_one_way() {
    on_processors(|runtime| {
        let tally = Tally::new();
        for _ in 0..1000 {
            let handle = runtime.spawn(tally.future(|_| Poll::Ready(())));
            handle.abort();
            match runtime.block_on(handle) {
                Ok(output) => drop(output),
                Err(error) => assert!(error.is_cancelled()),
            }
        }
        tally.assert_settled();
    });
}

#[test]
fn a_task_aborted_while_it_waits_is_dropped_where_it_stands() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        eventually(|| gate.waiting() == 1);
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        assert_eq!(tally.polls(), 1);
        tally.assert_settled();
        gate.open();
    });
}

#[test]
fn a_task_aborted_while_it_is_polled_is_dropped_after_the_poll() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let watcher = tally.clone();
        let handle = runtime.spawn(tally.future(move |_| {
            inside.pass();
            assert_eq!(watcher.futures_dropped(), 0);
            Poll::Pending
        }));
        outside.wait_entered();
        handle.abort();
        handle.abort();
        assert!(!handle.is_finished());
        outside.release();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        assert_eq!(tally.polls(), 1);
        tally.assert_settled();
    });
}

#[test]
fn a_task_aborted_while_its_last_poll_goes_on_gives_its_output() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let handle = runtime.spawn(tally.future(move |_| {
            inside.pass();
            Poll::Ready(())
        }));
        outside.wait_entered();
        handle.abort();
        outside.release();
        drop(runtime.block_on(handle).unwrap());
        tally.assert_settled();
    });
}

#[test]
fn a_task_aborted_while_it_panics_has_panicked() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let handle = runtime.spawn(tally.future(move |_| {
            inside.pass();
            panic!("on purpose")
        }));
        outside.wait_entered();
        handle.abort();
        outside.release();
        assert!(runtime.block_on(handle).unwrap_err().is_panic());
        tally.assert_settled();
    });
}

#[test]
fn a_task_aborted_and_woken_while_it_is_polled_is_not_polled_again() {
    on_processors(|runtime| {
        for wake_first in [true, false] {
            let (tally, (inside, outside)) = (Tally::new(), stop());
            let (wakers, waker) = mpsc::channel();
            let handle = runtime.spawn(tally.future(move |cx| {
                wakers.send(cx.waker().clone()).unwrap();
                inside.pass();
                Poll::Pending
            }));
            outside.wait_entered();
            let waker: Waker = waker.recv().unwrap();
            if wake_first {
                waker.wake_by_ref();
            }
            handle.abort();
            waker.wake();
            outside.release();
            assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
            assert_eq!(tally.polls(), 1);
            tally.assert_settled();
        }
    });
}

#[test]
fn an_aborted_task_that_panics_at_its_drop_has_panicked() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped on purpose");
        }
    }
    on_processors(|runtime| {
        let gate = Gate::new();
        let (bomb, passage) = (Bomb, gate.wait());
        let handle = runtime.spawn(async move {
            let _bomb = bomb;
            passage.await;
        });
        eventually(|| gate.waiting() == 1);
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_panic());
    });
}

#[test]
fn a_finished_task_is_not_aborted() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let handle = runtime.spawn(tally.future(|_| Poll::Ready(())));
        eventually(|| handle.is_finished());
        handle.abort();
        drop(runtime.block_on(handle).unwrap());
        tally.assert_settled();
    });
}

#[test]
fn a_task_may_abort_itself() {
    on_processors(|runtime| {
        for ready in [true, false] {
            let tally = Tally::new();
            let (give, given) = mpsc::channel::<gmp::AbortHandle>();
            let handle = runtime.spawn(tally.future(move |_| {
                given.recv().unwrap().abort();
                if ready {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
            give.send(handle.abort_handle()).unwrap();
            let result = runtime.block_on(handle);
            assert_eq!(result.is_ok(), ready);
            drop(result);
            assert_eq!(tally.polls(), 1);
            tally.assert_settled();
        }
    });
}

#[test]
fn an_aborted_task_that_nobody_joins_is_dropped() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let aborts: Vec<_> = (0..100)
            .map(|_| {
                let gate = gate.clone();
                let handle = runtime.spawn(tally.future(move |cx| gate.poll(cx)));
                handle.abort_handle()
            })
            .collect();
        aborts.iter().for_each(gmp::AbortHandle::abort);
        eventually(|| tally.is_settled());
        eventually(|| aborts.iter().all(gmp::AbortHandle::is_finished));
    });
}

#[test]
fn many_threads_abort_and_wake_and_it_ends_once() {
    on_processors(|runtime| {
        let tally = Tally::new();
        for _ in 0..200 {
            let gate = Gate::new();
            let handle = runtime.spawn(tally.future({
                let gate = gate.clone();
                move |cx| gate.poll(cx)
            }));
            eventually(|| gate.waiting() == 1);
            let start = Arc::new(Barrier::new(4));
            let threads: Vec<_> = (0..3)
                .map(|n| {
                    let (abort, gate, start) = (handle.abort_handle(), gate.clone(), start.clone());
                    thread::spawn(move || {
                        start.wait();
                        if n == 0 { gate.open() } else { abort.abort() }
                    })
                })
                .collect();
            start.wait();
            match runtime.block_on(handle) {
                Ok(output) => drop(output),
                Err(error) => assert!(error.is_cancelled()),
            }
            threads
                .into_iter()
                .for_each(|thread| thread.join().unwrap());
        }
        tally.assert_settled();
    });
}

#[test]
fn aborting_runs_no_code_of_the_tasks() {
    on_each(&[1], |runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let waiter = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        eventually(|| gate.waiting() == 1);
        let watcher = tally.clone();
        let aborter = runtime.spawn(async move {
            waiter.abort();
            let dropped_inside = watcher.futures_dropped();
            (dropped_inside, waiter)
        });
        let (dropped_inside, waiter) = runtime.block_on(aborter).unwrap();
        assert_eq!(dropped_inside, 0);
        assert!(runtime.block_on(waiter).unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}
