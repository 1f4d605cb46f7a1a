//! `block_in_place`, and runtimes, in odd places.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use crate::watchdog::{eventually, on_processors, runtime};

fn nap() {
    thread::sleep(Duration::from_millis(1));
}

/// Blocks in place when it is dropped.
struct NapsAtDrop(Arc<AtomicUsize>);

impl Drop for NapsAtDrop {
    fn drop(&mut self) {
        gmp::block_in_place(nap);
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn block_in_place_outside_of_tasks() {
    on_processors(|runtime| {
        assert_eq!(gmp::block_in_place(|| 1), 1);
        let sum = runtime.block_on(async {
            let one = gmp::block_in_place(|| gmp::block_on(gmp::spawn(async { 1 })).unwrap());
            one + gmp::block_in_place(|| gmp::block_in_place(|| 2))
        });
        assert_eq!(sum, 3);
    });
}

#[test]
fn block_in_place_in_a_drop() {
    on_processors(|runtime| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let naps = || NapsAtDrop(dropped.clone());
        let (ends, output, waits) = (naps(), naps(), naps());
        let ends = runtime.spawn(async move { drop(ends) });
        let output = runtime.spawn(async move { output });
        let waits = runtime.spawn(async move {
            let _waits = waits;
            std::future::pending::<()>().await;
        });
        runtime.block_on(ends).unwrap();
        waits.abort();
        assert!(runtime.block_on(waits).unwrap_err().is_cancelled());
        drop(output);
        eventually(|| dropped.load(SeqCst) == 3);
    });
}

/// What a panic leaves behind is as it was before the call.
#[test]
fn a_panic_in_block_in_place() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            for _ in 0..10 {
                let thrown = catch_unwind(AssertUnwindSafe(|| {
                    gmp::block_in_place(|| {
                        nap();
                        panic!("one of the panics of this test");
                    })
                }));
                assert!(thrown.is_err());
                gmp::yield_now().await;
                assert_eq!(gmp::spawn(async { 1 }).await.unwrap(), 1);
            }
            gmp::block_in_place(|| panic!("one of the panics of this test"))
        });
        let error: gmp::JoinError = runtime.block_on::<gmp::JoinHandle<()>>(task).unwrap_err();
        assert!(error.is_panic());
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
    });
}

#[test]
fn a_runtime_inside_of_a_blocking_function() {
    on_processors(|outer| {
        let _entered = outer.enter();
        let calls: Vec<_> = (0..4)
            .map(|n| {
                gmp::spawn_blocking(move || {
                    let inner = runtime(1 + n % 2);
                    let sum = inner.block_on(async {
                        let task = gmp::spawn(async { gmp::block_in_place(|| 1) });
                        let call = gmp::spawn_blocking(|| gmp::block_on(async { 2 }));
                        task.await.unwrap() + call.await.unwrap()
                    });
                    // Dropped here, by a thread of the outer one.
                    drop(inner);
                    // The outer one is the current one again.
                    sum + gmp::block_on(gmp::spawn(async { 4 })).unwrap()
                })
            })
            .collect();
        for call in calls {
            assert_eq!(gmp::block_on(call).unwrap(), 7);
        }
    });
}
