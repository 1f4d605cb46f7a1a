//! Wakers of tasks: they own nothing, and are good for their task only.
//!
//! After async-task's tests/waker_ready.rs (`wake_dropped`, `wake_completed`) and waker_pending.rs (`drop_last_waker`), whose wakers
//! keep their task alive, as ours do not.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
    thread,
};

use crate::{
    gate::{Gate, Wakes, poll_with},
    tally::Tally,
    watchdog::{eventually, on_each, on_processors, runtime, within_limit},
};

/// A waker of a task that waits for ever, and the task's handle.
fn waiting(runtime: &gmp::Runtime) -> (Waker, gmp::JoinHandle<()>) {
    let gate = Gate::new();
    let handle = runtime.spawn(gate.wait());
    eventually(|| gate.waiting() == 1);
    (gate.take_wakers().remove(0), handle)
}

#[test]
fn wakers_of_one_task_are_known_as_equal() {
    on_processors(|runtime| {
        let ((first, _first), (second, _second)) = (waiting(&runtime), waiting(&runtime));
        assert!(first.will_wake(&first) && first.will_wake(&first.clone()));
        assert!(!first.will_wake(&second) && !second.will_wake(&first));
        assert!(!first.will_wake(Waker::noop()) && !Waker::noop().will_wake(&first));
        assert!(!first.will_wake(&Wakes::new().1));
    });
}

#[test]
fn a_task_sees_the_same_waker_at_each_poll() {
    on_processors(|runtime| {
        let mut seen: Option<Waker> = None;
        let mut left = 100;
        let handle = runtime.spawn(std::future::poll_fn(move |cx| {
            let before = seen.get_or_insert_with(|| cx.waker().clone());
            assert!(before.will_wake(cx.waker()));
            cx.waker().wake_by_ref();
            left -= 1;
            if left == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        }));
        runtime.block_on(handle).unwrap();
    });
}

#[test]
fn a_waker_keeps_nothing_alive() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| gate.poll(cx)
        }));
        eventually(|| gate.waiting() == 1);
        let wakers = vec![gate.take_wakers().remove(0); 1000];
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        tally.assert_settled();
        wakers.iter().for_each(Waker::wake_by_ref);
        drop(wakers);
    });
}

#[test]
fn a_waker_woken_after_the_end_wakes_nobody() {
    on_processors(|runtime| {
        let (tally, gate) = (Tally::new(), Gate::new());
        let mut polls = 0;
        let handle = runtime.spawn(tally.future({
            let gate = gate.clone();
            move |cx| {
                polls += 1;
                // What it leaves in the gate is woken when it is done, and when it is gone.
                if gate.poll(cx).is_ready() || polls == 3 {
                    Poll::Ready(())
                } else {
                    cx.waker().wake_by_ref();
                    Poll::Pending
                }
            }
        }));
        eventually(|| handle.is_finished());
        let wakers = gate.take_wakers();
        assert_eq!(wakers.len(), 3);
        wakers.iter().for_each(Waker::wake_by_ref);
        drop(runtime.block_on(handle).unwrap());
        wakers.into_iter().for_each(Waker::wake);
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        assert_eq!(tally.polls(), 3);
        tally.assert_settled();
    });
}

#[test]
fn a_late_wake_does_not_reach_the_next_task_in_the_slot() {
    on_each(&[1], |runtime| {
        let (waker, handle) = waiting(&runtime);
        let spawner = runtime.handle().clone();
        handle.abort();
        assert!(runtime.block_on(handle).unwrap_err().is_cancelled());
        let all = runtime.spawn(async move {
            for _ in 0..10_000 {
                let (tally, gate) = (Tally::new(), Gate::new());
                let next = spawner.spawn(tally.future({
                    let gate = gate.clone();
                    move |cx| gate.poll(cx)
                }));
                while gate.waiting() == 0 {
                    gmp::yield_now().await;
                }
                waker.wake_by_ref();
                gmp::yield_now().await;
                gmp::yield_now().await;
                assert_eq!(tally.polls(), 1);
                gate.open();
                drop(next.await.unwrap());
            }
        });
        runtime.block_on(all).unwrap();
    });
}

#[test]
fn a_task_is_woken_by_a_future_polled_in_another_task() {
    on_processors(|runtime| {
        // A channel's receiver registers in one task and is polled on in another.
        let (sender, mut receiver) = futures::channel::oneshot::channel();
        let (wakes, waker) = Wakes::new();
        assert!(poll_with(&mut receiver, &waker).is_pending());
        let polled = Arc::new(AtomicBool::new(false));
        let polls = polled.clone();
        let handle = runtime.spawn(std::future::poll_fn(move |cx| {
            let answer = Pin::new(&mut receiver).poll(cx);
            polls.store(true, SeqCst);
            answer
        }));
        eventually(|| polled.load(SeqCst));
        sender.send(7).unwrap();
        assert_eq!(runtime.block_on(handle).unwrap(), Ok(7));
        assert_eq!(wakes.count(), 0);
    });
}

#[test]
fn a_foreign_waker_may_enter_the_runtime_again() {
    /// Spawns, wakes, aborts and locks when it is woken: nothing of the runtime's may be locked then.
    struct Enters {
        spawner: gmp::Handle,
        other: Mutex<Option<gmp::JoinHandle<()>>>,
        done: mpsc::Sender<gmp::JoinHandle<usize>>,
    }
    impl Wake for Enters {
        fn wake(self: Arc<Self>) {
            if let Some(other) = self.other.lock().unwrap().take() {
                other.abort();
                let mut other = other;
                drop(poll_with(&mut other, &Wakes::new().1));
            }
            self.done.send(self.spawner.spawn(async { 7 })).unwrap();
        }
    }
    on_processors(|runtime| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let (done, entered) = mpsc::channel();
        let other = Mutex::new(Some(runtime.spawn(std::future::pending())));
        let waker = Arc::new(Enters {
            spawner: runtime.handle().clone(),
            other,
            done,
        });
        assert!(poll_with(&mut handle, &Waker::from(waker)).is_pending());
        gate.open();
        assert_eq!(runtime.block_on(entered.recv().unwrap()).unwrap(), 7);
    });
}

#[test]
fn a_waker_is_called_outside_of_a_task() {
    /// Tells which task it was called in.
    struct Tells(mpsc::Sender<Option<gmp::task::Id>>);
    impl Wake for Tells {
        fn wake(self: Arc<Self>) {
            self.0.send(gmp::task::try_id()).unwrap();
        }
    }
    on_processors(|runtime| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let (tells, told) = mpsc::channel();
        assert!(poll_with(&mut handle, &Waker::from(Arc::new(Tells(tells)))).is_pending());
        gate.open();
        assert_eq!(told.recv().unwrap(), None);
    });
}

#[test]
fn a_task_polls_futures_with_wakers_of_its_own() {
    within_limit(|| {
        let runtime = runtime(2);
        let polled = runtime.spawn(async {
            let (wakes, waker) = Wakes::new();
            let mut yields = gmp::yield_now();
            let mut cx = Context::from_waker(&waker);
            let first = std::pin::Pin::new(&mut yields).poll(&mut cx);
            assert!(first.is_pending() && wakes.count() == 1);
            // The task itself was not woken by that, and did not yield.
            std::pin::Pin::new(&mut yields).poll(&mut cx)
        });
        assert!(runtime.block_on(polled).unwrap().is_ready());
    });
}

#[test]
fn wakers_are_woken_from_many_threads_at_once() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let gates: Vec<_> = (0..64).map(|_| Gate::new()).collect();
        let handles: Vec<_> = gates
            .iter()
            .map(|gate| {
                let gate = gate.clone();
                runtime.spawn(tally.future(move |cx| gate.poll(cx)))
            })
            .collect();
        eventually(|| gates.iter().all(|gate| gate.waiting() == 1));
        let wakers: Vec<Waker> = gates
            .iter()
            .map(|gate| gate.take_wakers().remove(0))
            .collect();
        let wakers = Arc::new(wakers);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let wakers = wakers.clone();
                thread::spawn(move || {
                    for _ in 0..200 {
                        wakers.iter().for_each(Waker::wake_by_ref);
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        gates.iter().for_each(Gate::open);
        for handle in handles {
            drop(runtime.block_on(handle).unwrap());
        }
        tally.assert_settled();
    });
}
