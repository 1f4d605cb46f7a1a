//! Hogs in odd places: the main future, nested runtimes, destructors, wakers.

use std::{
    sync::Arc,
    task::{Wake, Waker},
    time::Duration,
};

use super::{Lifting, Siege};
use crate::{
    gate::{Gate, poll_with},
    watchdog::{on_each, within_limit},
};

async fn sleep_a_little() {
    for _ in 0..10 {
        gmp::time::sleep(Duration::from_millis(1)).await;
    }
}

#[test]
fn in_the_main_future() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let inner = siege.clone();
        drop(runtime.spawn(async move {
            sleep_a_little().await;
            inner.lift();
        }));
        runtime.block_on(async { siege.spin() });
        runtime.shutdown();
    });
}

#[test]
fn in_a_main_function_that_is_a_task() {
    on_each(&[1, 2], |runtime| {
        let main = runtime.spawn(async {
            let siege = Siege::new();
            let inner = siege.clone();
            drop(gmp::spawn(async move {
                sleep_a_little().await;
                inner.lift();
            }));
            siege.spin();
        });
        runtime.block_on(main).unwrap();
        runtime.shutdown();
    });
}

/// The processor that a nested `block_on` has taken back is lost like any other.
#[test]
fn behind_a_nested_block_on() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let hogs: Vec<_> = (0..4)
            .map(|_| {
                let siege = siege.clone();
                runtime.spawn(async move {
                    for _ in 0..3 {
                        gmp::block_on(gmp::yield_now());
                    }
                    siege.spin();
                })
            })
            .collect();
        siege.wait_begun(4);
        runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
        drop(lifting);
        for hog in hogs {
            runtime.block_on(hog).unwrap();
        }
        runtime.shutdown();
    });
}

#[test]
fn in_a_nested_block_on() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let siege = siege.clone();
            drop(runtime.spawn(async move { gmp::block_on(async { siege.spin() }) }));
        }
        siege.wait_begun(4);
        runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
        drop(lifting);
        runtime.shutdown();
    });
}

#[test]
fn in_a_nested_runtime() {
    within_limit(|| {
        let outer = crate::watchdog::runtime(1);
        let siege = Siege::new();
        let inner = siege.clone();
        let nested = outer.spawn(async move {
            let runtime = crate::watchdog::runtime(1);
            let held = inner.clone();
            drop(runtime.spawn(async move { held.spin() }));
            inner.wait_begun(1);
            runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
            inner.lift();
            runtime.shutdown();
        });
        outer.block_on(outer.spawn(sleep_a_little())).unwrap();
        outer.block_on(nested).unwrap();
        outer.shutdown();
    });
}

struct SpinsWhenDropped(Siege);

impl Drop for SpinsWhenDropped {
    fn drop(&mut self) {
        self.0.spin();
    }
}

#[test]
fn in_the_drop_of_a_future() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for aborted in [false, true, false, true] {
            let held = SpinsWhenDropped(siege.clone());
            let gate = Gate::new();
            let passage = gate.wait();
            let task = runtime.spawn(async move {
                passage.await;
                drop(held);
            });
            if aborted {
                task.abort();
            } else {
                gate.open();
            }
        }
        siege.wait_begun(4);
        runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
        drop(lifting);
        runtime.shutdown();
    });
}

#[test]
fn in_the_drop_of_an_output() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let output = SpinsWhenDropped(siege.clone());
            let gate = Gate::new();
            let passage = gate.wait();
            // Detached before it ends: the drop is the runtime's to do.
            drop(runtime.spawn(async move {
                passage.await;
                output
            }));
            gate.open();
        }
        siege.wait_begun(4);
        runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
        drop(lifting);
        runtime.shutdown();
    });
}

struct SpinsWhenWoken(Siege);

impl Wake for SpinsWhenWoken {
    fn wake(self: Arc<Self>) {
        self.0.spin();
    }
}

/// The joiner's waker is called by the machine, after the task's poll.
#[test]
fn in_a_foreign_waker() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..4 {
            let waker = Waker::from(Arc::new(SpinsWhenWoken(siege.clone())));
            let gate = Gate::new();
            let mut task = runtime.spawn(gate.wait());
            assert!(poll_with(&mut task, &waker).is_pending());
            gate.open();
            std::mem::forget(task);
        }
        siege.wait_begun(4);
        runtime.block_on(runtime.spawn(sleep_a_little())).unwrap();
        drop(lifting);
        runtime.shutdown();
    });
}
