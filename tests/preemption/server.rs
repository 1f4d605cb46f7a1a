//! A server answers beside a task that never yields, and the program ends beside it. (tokio-rs/tokio#4730: "a single blocking
//! task can hang the whole runtime", also with idle workers left)
//!
//! Each in a process of its own, since the tasks never end. Nothing lifts a siege here: who waits for a hog hangs.

use std::{
    hint::spin_loop,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use gmp::{Runtime, task::LocalSet};

use super::{ends::ends_in_time, handing_off::echo_a_little};
use crate::child::in_child;

/// As many as the runtimes here have processors, and one more.
const HOGS: usize = 3;

/// Spawns tasks of this kind on a runtime, uses a server on it meanwhile, and ends it.
fn serve_beside<F: Future<Output = ()> + Send + 'static>(hog: impl Fn() -> F) {
    let runtime = crate::watchdog::runtime(HOGS - 1);
    for _ in 0..HOGS {
        drop(runtime.spawn(hog()));
        echo_a_little(&runtime);
    }
    ends_in_time(|| drop(runtime));
}

fn spin_for_ever() {
    loop {
        spin_loop();
    }
}

/// Longer than all else here takes.
fn sleep_for_long() {
    thread::sleep(Duration::from_secs(3600));
}

#[test]
fn beside_a_thread_that_sleeps() {
    in_child(|| serve_beside(|| async { sleep_for_long() }));
}

#[test]
fn beside_a_loop() {
    in_child(|| serve_beside(|| async { spin_for_ever() }));
}

#[test]
fn beside_a_nested_block_on_that_sleeps() {
    in_child(|| serve_beside(|| async { gmp::block_on(async { sleep_for_long() }) }));
}

#[test]
fn beside_a_loop_in_a_nested_block_on() {
    in_child(|| serve_beside(|| async { gmp::block_on(async { spin_for_ever() }) }));
}

/// A value that does this when it is dropped.
struct WhenDropped(fn());

impl Drop for WhenDropped {
    fn drop(&mut self) {
        self.0();
    }
}

#[test]
fn beside_a_drop_that_sleeps() {
    in_child(|| serve_beside(|| async { drop(WhenDropped(sleep_for_long)) }));
}

#[test]
fn beside_a_drop_that_loops() {
    in_child(|| {
        serve_beside(|| {
            let held = WhenDropped(spin_for_ever);
            // Its future is dropped as it ends.
            async move {
                gmp::yield_now().await;
                let _held = held;
            }
        });
    });
}

/// A task of a set that the hog runs in a nested `block_on`.
fn hog_in_a_local_set(hold: fn()) {
    let set = LocalSet::new();
    drop(set.spawn_local(async move { hold() }));
    gmp::block_on(set);
}

#[test]
fn beside_a_local_task_that_loops() {
    in_child(|| serve_beside(|| async { hog_in_a_local_set(spin_for_ever) }));
}

#[test]
fn beside_a_local_task_that_sleeps() {
    in_child(|| serve_beside(|| async { hog_in_a_local_set(sleep_for_long) }));
}

/// Runs `main`, which hogs until a server has been used.
fn serve_beside_main(main: impl FnOnce(&Runtime, &Arc<AtomicBool>)) {
    let (runtime, served) = (
        crate::watchdog::runtime(HOGS - 1),
        Arc::<AtomicBool>::default(),
    );
    thread::scope(|scope| {
        scope.spawn(|| {
            echo_a_little(&runtime);
            served.store(true, SeqCst);
        });
        main(&runtime, &served);
    });
    ends_in_time(|| drop(runtime));
}

#[test]
fn beside_a_main_future_that_loops() {
    in_child(|| {
        serve_beside_main(|runtime, served| {
            runtime.block_on(async {
                while !served.load(SeqCst) {
                    spin_loop();
                }
            });
        });
    });
}

#[test]
fn beside_a_main_future_that_sleeps() {
    in_child(|| {
        serve_beside_main(|runtime, served| {
            runtime.block_on(async {
                while !served.load(SeqCst) {
                    thread::sleep(Duration::from_millis(100));
                }
            });
        });
    });
}

#[test]
fn beside_a_local_main_task_that_loops() {
    in_child(|| {
        serve_beside_main(|runtime, served| hog_beside_local_main(runtime, served, spin_loop));
    });
}

#[test]
fn beside_a_local_main_task_that_sleeps() {
    in_child(|| {
        serve_beside_main(|runtime, served| {
            let step = || thread::sleep(Duration::from_millis(100));
            hog_beside_local_main(runtime, served, step);
        });
    });
}

/// A task of the set that is run on the main thread hogs until a server has been used.
fn hog_beside_local_main(runtime: &Runtime, served: &Arc<AtomicBool>, step: fn()) {
    let set = LocalSet::new();
    let served = served.clone();
    let hog = set.spawn_local(async move {
        while !served.load(SeqCst) {
            step();
        }
    });
    set.block_on(runtime, hog).unwrap();
}
