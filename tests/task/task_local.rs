//! `task_local!`: values that go with the task.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use crate::{
    gate::{Gate, poll_with},
    watchdog::{on_processors, within_limit},
};

gmp::task_local! {
    /// Whose task it is.
    static OWNER: usize;
    pub(crate) static DEPTH: Cell<u32>;
}

#[test]
fn each_task_has_its_own() {
    on_processors(|runtime| {
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                runtime.spawn(OWNER.scope(n, async move {
                    for _ in 0..20 {
                        assert_eq!(OWNER.get(), n);
                        gmp::yield_now().await;
                        let inner = OWNER.scope(n + 1000, async move {
                            gmp::yield_now().await;
                            OWNER.sync_scope(7, || assert_eq!(OWNER.get(), 7));
                            assert_eq!(OWNER.with(|owner| *owner), n + 1000);
                        });
                        inner.await;
                        // What is spawned inherits nothing.
                        assert!(
                            gmp::spawn(async { OWNER.try_get() })
                                .await
                                .unwrap()
                                .is_err()
                        );
                    }
                }))
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
        assert!(OWNER.try_with(|_| ()).is_err());
    });
}

#[test]
fn a_value_lives_as_long_as_its_scope() {
    within_limit(|| {
        DEPTH.sync_scope(Cell::new(1), || {
            DEPTH.with(|depth| depth.set(2));
            assert_eq!(DEPTH.with(Cell::get), 2);
            let thrown = catch_unwind(AssertUnwindSafe(|| {
                DEPTH.sync_scope(Cell::new(3), || panic!("one of the panics of this test"))
            }));
            assert!(thrown.is_err());
            assert_eq!(DEPTH.with(Cell::get), 2);
            // A scope within a look would put the value away that is looked at.
            let thrown = catch_unwind(AssertUnwindSafe(|| {
                DEPTH.with(|_| DEPTH.sync_scope(Cell::new(4), || ()))
            }));
            assert!(thrown.is_err());
            assert_eq!(DEPTH.with(Cell::get), 2);
        });
        let message = OWNER.try_get().unwrap_err().to_string();
        assert!(message.contains("scope"), "{message}");
        assert!(catch_unwind(|| OWNER.get()).is_err());
    });
}

/// The future is dropped in its scope, however it ends.
#[test]
fn the_value_is_there_in_the_drop() {
    struct Looks(Arc<AtomicUsize>);
    impl Drop for Looks {
        fn drop(&mut self) {
            self.0.fetch_add(OWNER.try_get().unwrap_or(0), SeqCst);
        }
    }
    on_processors(|runtime| {
        let sum = Arc::new(AtomicUsize::new(0));
        let scope = |value: usize, gate: &Gate| {
            let (looks, waits) = (Looks(sum.clone()), gate.wait());
            OWNER.scope(value, async move {
                let _looks = looks;
                waits.await;
            })
        };
        let (closed, open) = (Gate::new(), Gate::new());
        open.open();
        drop(scope(1, &closed));
        let mut polled = Box::pin(scope(10, &closed));
        assert!(poll_with(&mut polled, std::task::Waker::noop()).is_pending());
        drop(polled);
        runtime.block_on(runtime.spawn(scope(100, &open))).unwrap();
        let aborted = runtime.spawn(scope(1000, &closed));
        aborted.abort();
        assert!(runtime.block_on(aborted).is_err());
        assert_eq!(sum.load(SeqCst), 1111);
    });
}
