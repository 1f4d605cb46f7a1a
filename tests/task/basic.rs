//! A future is polled when it should be, dropped once, and its output too.
//!
//! After async-task's tests/basic.rs (`drop_and_detach`, `detach_and_run`, `run_and_detach`, `schedule_counter`, `waker`), ready.rs and
//! waker_pending.rs (`wake_during_run`). Left out is what a task that somebody else schedules can do: `Runnable` and its `raw` pointer.

use std::{
    sync::{Arc, Mutex, mpsc},
    task::{Poll, Waker},
    thread,
};

use crate::{
    gate::{Gate, stop},
    tally::{Tally, Witness},
    watchdog::{eventually, on_each, on_processors},
};

#[test]
fn a_ready_future_is_polled_once_and_dropped_before_its_output_is_given() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let handle = runtime.spawn(tally.future(|_| Poll::Ready(())));
        let output = runtime.block_on(handle).unwrap();
        assert_eq!(
            (
                tally.polls(),
                tally.futures_dropped(),
                tally.outputs_dropped()
            ),
            (1, 1, 0)
        );
        drop(output);
        tally.assert_settled();
    });
}

#[test]
fn a_pending_future_is_polled_once_more_for_each_wake() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let mut left = 100;
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| {
                left -= 1;
                if left == 0 {
                    Poll::Ready(())
                } else {
                    gate.poll(cx)
                }
            }
        }));
        for polls in 1..100 {
            eventually(|| gate.waiting() == 1);
            assert_eq!(tally.polls(), polls);
            gate.take_wakers().into_iter().for_each(Waker::wake);
        }
        drop(runtime.block_on(handle).unwrap());
        assert_eq!(tally.polls(), 100);
        tally.assert_settled();
    });
}

#[test]
fn many_wakes_of_a_queued_task_are_one_poll() {
    on_each(&[1], |runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let waiter = tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        });
        let handle = runtime.spawn(waiter);
        eventually(|| gate.waiting() == 1);
        let waker = gate.take_wakers().remove(0);
        // The one who wakes holds the only processor, so the task stays queued meanwhile.
        let many = runtime.spawn(async move { (0..100).for_each(|_| waker.wake_by_ref()) });
        runtime.block_on(many).unwrap();
        eventually(|| gate.waiting() == 1);
        assert_eq!(tally.polls(), 2);
        gate.open();
        drop(runtime.block_on(handle).unwrap());
        tally.assert_settled();
    });
}

#[test]
fn a_task_that_wakes_itself_is_polled_again() {
    on_processors(|runtime| {
        for wakes in [1, 2, 1000] {
            let tally = Tally::new();
            let mut left = 100;
            let handle = runtime.spawn(tally.future(move |cx| {
                for n in 0..wakes {
                    match n % 3 {
                        0 => cx.waker().wake_by_ref(),
                        1 => cx.waker().clone().wake(),
                        _ => cx.waker().clone().wake_by_ref(),
                    }
                }
                left -= 1;
                if left == 0 {
                    Poll::Ready(())
                } else {
                    Poll::Pending
                }
            }));
            drop(runtime.block_on(handle).unwrap());
            assert_eq!(tally.polls(), 100);
            tally.assert_settled();
        }
    });
}

#[test]
fn a_wake_during_the_poll_is_another_poll() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let (wakers, waker) = mpsc::channel();
        let mut first = true;
        let handle = runtime.spawn(tally.future(move |cx| {
            if std::mem::take(&mut first) {
                wakers.send(cx.waker().clone()).unwrap();
                inside.pass();
                return Poll::Pending;
            }
            Poll::Ready(())
        }));
        outside.wait_entered();
        let waker: Waker = waker.recv().unwrap();
        waker.wake_by_ref();
        waker.wake();
        outside.release();
        drop(runtime.block_on(handle).unwrap());
        assert_eq!(tally.polls(), 2);
        tally.assert_settled();
    });
}

#[test]
fn a_waker_that_is_dropped_or_cloned_wakes_nobody() {
    on_each(&[1], |runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        eventually(|| gate.waiting() == 1);
        let waker = gate.take_wakers().remove(0);
        (0..100).for_each(|_| drop(waker.clone()));
        drop(waker);
        // A task that comes later has had its turn.
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        assert_eq!(tally.polls(), 1);
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        tally.assert_settled();
    });
}

#[test]
fn a_handle_dropped_before_the_task_runs_detaches_it() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let spawner = tally.clone();
        let spawned = runtime.spawn(async move {
            for _ in 0..100 {
                drop(gmp::spawn(spawner.future(|_| Poll::Ready(()))));
            }
        });
        runtime.block_on(spawned).unwrap();
        eventually(|| tally.outputs_dropped() == 100);
        assert_eq!(tally.polls(), 100);
        tally.assert_settled();
    });
}

#[test]
fn a_handle_dropped_while_the_task_is_polled_detaches_it() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let handle = runtime.spawn(tally.future(move |_| {
            inside.pass();
            Poll::Ready(())
        }));
        outside.wait_entered();
        drop(handle);
        assert_eq!(tally.futures_dropped(), 0);
        outside.release();
        eventually(|| tally.outputs_dropped() == 1);
        tally.assert_settled();
    });
}

#[test]
fn a_handle_dropped_while_the_task_waits_detaches_it() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        drop(runtime.spawn(tally.around({
            let (tally, gate) = (tally.clone(), gate.clone());
            async move {
                gate.wait().await;
                tally.output()
            }
        })));
        eventually(|| gate.waiting() == 1);
        assert_eq!(tally.futures_dropped(), 0);
        gate.open();
        eventually(|| tally.outputs_dropped() == 1);
        tally.assert_settled();
    });
}

#[test]
fn the_output_that_nobody_takes_is_dropped_with_the_handle() {
    on_processors(|runtime| {
        /// Tells which thread dropped it.
        struct Tells(mpsc::Sender<thread::ThreadId>);
        impl Drop for Tells {
            fn drop(&mut self) {
                self.0.send(thread::current().id()).unwrap();
            }
        }
        let (told, tells) = mpsc::channel();
        let handle = runtime.spawn(async move { Tells(told) });
        eventually(|| handle.is_finished());
        assert!(
            tells.try_recv().is_err(),
            "the output belongs to the handle"
        );
        drop(handle);
        assert_eq!(tells.recv().unwrap(), thread::current().id());
        assert!(tells.recv().is_err(), "dropped once");
    });
}

#[test]
fn a_future_is_polled_and_dropped_on_the_runtimes_threads() {
    on_processors(|runtime| {
        let threads = Arc::new(Mutex::new(Vec::new()));
        struct Notes(Arc<Mutex<Vec<thread::ThreadId>>>);
        impl Notes {
            fn note(&self) {
                self.0.lock().unwrap().push(thread::current().id());
            }
        }
        impl Drop for Notes {
            fn drop(&mut self) {
                self.note();
            }
        }
        let (notes, gate) = (Notes(threads.clone()), Gate::new());
        let passage = gate.wait();
        let handle = runtime.spawn(async move {
            notes.note();
            passage.await;
            notes.note();
        });
        eventually(|| gate.waiting() == 1);
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        let threads = threads.lock().unwrap();
        assert_eq!(threads.len(), 2);
        assert!(!threads.contains(&thread::current().id()));
    });
}

#[test]
fn a_task_may_drop_its_own_handle() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let (give, given) = mpsc::channel::<gmp::JoinHandle<Witness>>();
        let output = tally.output();
        let handle = runtime.spawn(tally.around(async move {
            let own = given.recv().unwrap();
            assert!(!own.is_finished());
            drop(own);
            gmp::yield_now().await;
            output
        }));
        give.send(handle).unwrap();
        eventually(|| tally.is_settled());
    });
}
