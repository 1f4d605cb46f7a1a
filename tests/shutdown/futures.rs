//! Whatever a task waits for when its runtime ends, its future is dropped once and its handle says cancelled.

use std::{
    future::poll_fn,
    sync::{Arc, Barrier, mpsc},
    task::{Poll, Waker},
    thread,
    time::Duration,
};

use gmp::Runtime;

use crate::{
    gate::{Gate, Wakes, poll_with, stop},
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

const HOUR: Duration = Duration::from_secs(3600);

/// Ends a runtime in each of the three ways.
fn end(runtime: Runtime, way: usize) {
    match way % 3 {
        0 => runtime.shutdown(),
        1 => assert!(runtime.shutdown_timeout(HOUR).cut.is_empty()),
        _ => drop(runtime),
    }
}

/// Spawns with `spawn`, ends the runtime in each way, and looks whether all was dropped.
fn ended(spawn: impl Fn(&Runtime, &Tally) + Send + 'static) {
    within_limit(move || {
        for processors in [1, 2, 8] {
            for way in 0..3 {
                let (runtime, tally) = (runtime(processors), Tally::new());
                spawn(&runtime, &tally);
                end(runtime, way);
                tally.assert_settled();
            }
        }
    });
}

#[test]
fn no_task_at_all() {
    ended(|_, _| ());
}

#[test]
fn tasks_that_wait() {
    ended(|runtime, tally| {
        let gate = Gate::new();
        for _ in 0..100 {
            let gate = gate.clone();
            drop(runtime.spawn(tally.future(move |cx| gate.poll(cx))));
        }
        eventually(|| gate.waiting() == 100);
        gate.take_wakers();
    });
}

#[test]
fn tasks_just_spawned() {
    ended(|runtime, tally| {
        for _ in 0..1000 {
            drop(runtime.spawn(tally.pending()));
        }
    });
}

#[test]
fn tasks_that_are_queued_behind_one_another() {
    ended(|runtime, tally| {
        for _ in 0..500 {
            drop(runtime.spawn(tally.around(async {
                loop {
                    gmp::yield_now().await;
                }
            })));
        }
        eventually(|| runtime.handle().num_tasks() == 500);
    });
}

#[test]
fn tasks_that_sleep() {
    ended(|runtime, tally| {
        let polled = tally.clone();
        for n in 0..100 {
            let witness = polled.output();
            drop(runtime.spawn(tally.around(async move {
                let _witness = witness;
                let sleep = gmp::time::sleep(HOUR + Duration::from_secs(n));
                let _ = gmp::time::timeout(HOUR * 2, sleep).await;
            })));
        }
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
    });
}

#[test]
fn tasks_that_join_one_another() {
    ended(|runtime, tally| {
        let mut last = runtime.spawn(tally.around(std::future::pending::<()>()));
        for _ in 0..100 {
            last = runtime.spawn(tally.around(async move {
                let _ = last.await;
            }));
        }
        drop(last);
    });
}

#[test]
fn tasks_whose_handles_are_awaited_by_threads() {
    on_processors(|runtime| {
        let (tally, start) = (Tally::new(), Arc::new(Barrier::new(5)));
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let (mut handle, start) = (runtime.spawn(tally.pending()), start.clone());
                thread::spawn(move || {
                    let mut registered = false;
                    gmp::block_on(poll_fn(|cx| {
                        let polled = poll_with(&mut handle, cx.waker());
                        if !std::mem::replace(&mut registered, true) {
                            start.wait();
                        }
                        polled
                    }))
                })
            })
            .collect();
        start.wait();
        runtime.shutdown();
        for thread in threads {
            assert!(thread.join().unwrap().unwrap_err().is_cancelled());
        }
        tally.assert_settled();
    });
}

#[test]
fn tasks_that_block_on_futures_until_their_runtime_ends() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let never = runtime.spawn(tally.pending());
        let blocks = runtime.spawn(tally.around(async move {
            inside.pass();
            // Its own runtime's end is what ends this.
            gmp::block_on(never).unwrap_err().is_cancelled()
        }));
        outside.wait_entered();
        outside.release();
        runtime.shutdown();
        assert!(gmp::block_on(blocks).unwrap());
        tally.assert_settled();
    });
}

#[test]
fn tasks_whose_outputs_nobody_has_taken() {
    on_processors(|runtime| {
        let tally = Tally::new();
        let handles: Vec<_> = (0..100)
            .map(|_| runtime.spawn(tally.future(|_| Poll::Ready(()))))
            .collect();
        eventually(|| handles.iter().all(gmp::JoinHandle::is_finished));
        runtime.shutdown();
        assert_eq!((tally.futures_dropped(), tally.outputs_dropped()), (100, 0));
        for (n, handle) in handles.into_iter().enumerate() {
            if n % 2 == 0 {
                drop(handle)
            } else {
                drop(gmp::block_on(handle).unwrap())
            }
        }
        tally.assert_settled();
    });
}

#[test]
fn a_hundred_thousand_tasks() {
    within_limit(|| {
        for processors in [1, 2] {
            let (runtime, tally) = (runtime(processors), Tally::new());
            let spawner = tally.clone();
            let all = runtime.spawn(async move {
                (0..100_000)
                    .map(|_| gmp::spawn(spawner.pending()))
                    .collect::<Vec<_>>()
            });
            let handles = runtime.block_on(all).unwrap();
            runtime.shutdown();
            tally.assert_settled();
            assert_eq!(tally.futures_made(), 100_000);
            for mut handle in handles {
                let told = poll_with(&mut handle, Waker::noop());
                assert!(matches!(told, Poll::Ready(Err(error)) if error.is_cancelled()));
            }
        }
    });
}

#[test]
fn futures_that_wake_and_abort_others_when_they_are_dropped() {
    struct Wakes(Gate, Vec<gmp::AbortHandle>);
    impl Drop for Wakes {
        fn drop(&mut self) {
            self.0.open();
            self.1.iter().for_each(gmp::AbortHandle::abort);
        }
    }
    ended(|runtime, tally| {
        let gates: Vec<_> = (0..50).map(|_| Gate::new()).collect();
        let mut aborts = Vec::new();
        for (n, gate) in gates.iter().enumerate() {
            let wakes = Wakes(gates[(n + 7) % 50].clone(), aborts.clone());
            let passage = gate.wait();
            let handle = runtime.spawn(tally.around(async move {
                let _wakes = wakes;
                passage.await;
            }));
            aborts.push(handle.abort_handle());
        }
    });
}

#[test]
fn futures_that_own_the_handles_of_others() {
    ended(|runtime, tally| {
        let (give, given) = mpsc::channel::<Vec<gmp::JoinHandle<()>>>();
        let owner = tally.around(async move {
            let _owned = given.recv();
            std::future::pending::<()>().await;
        });
        let owner = runtime.spawn(owner);
        let mut owned: Vec<_> = (0..20)
            .map(|_| runtime.spawn(tally.around(std::future::pending())))
            .collect();
        owned.push(runtime.spawn(tally.around(async {})));
        give.send(owned).unwrap();
        drop(owner);
    });
}

#[test]
fn a_sleeper_on_a_thread_is_woken() {
    on_processors(|runtime| {
        let mut sleep = {
            let _entered = runtime.enter();
            gmp::time::sleep(HOUR)
        };
        let (wakes, waker) = Wakes::new();
        {
            let _entered = runtime.enter();
            assert!(poll_with(&mut sleep, &waker).is_pending());
        }
        runtime.shutdown();
        assert_eq!(wakes.count(), 1);
        drop(sleep);
    });
}
