//! Spawning on a runtime that ends: the future is dropped, and the handle says cancelled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Poll, Waker},
    thread,
};

use gmp::task::Id;

use crate::{
    gate::{poll_with, stop},
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

/// Spawns another of its kind when it is dropped, so many times.
struct Hydra {
    tally: Tally,
    left: usize,
    refused: Arc<AtomicUsize>,
}

impl Drop for Hydra {
    fn drop(&mut self) {
        if self.left == 0 {
            return;
        }
        let next = Hydra {
            tally: self.tally.clone(),
            left: self.left - 1,
            refused: self.refused.clone(),
        };
        let future = self.tally.around(async move {
            let _next = next;
            std::future::pending::<()>().await;
        });
        // On the monitor's thread there is no current runtime: then nobody can be asked.
        if let Some(runtime) = gmp::Handle::try_current() {
            let handle = runtime.spawn(future);
            self.refused
                .fetch_add(usize::from(handle.id() == Id::NOBODY), SeqCst);
        }
    }
}

#[test]
fn drops_that_spawn_come_to_an_end() {
    on_processors(|runtime| {
        let (tally, refused) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..20 {
            let hydra = Hydra {
                tally: tally.clone(),
                left: 5,
                refused: refused.clone(),
            };
            drop(runtime.spawn(tally.around(async move {
                let _hydra = hydra;
                std::future::pending::<()>().await;
            })));
        }
        runtime.shutdown();
        tally.assert_settled();
    });
}

#[test]
fn drops_that_spawn_by_a_handle_are_refused() {
    struct Spawns(gmp::Handle, Tally, Arc<AtomicUsize>);
    impl Drop for Spawns {
        fn drop(&mut self) {
            let mut handle = self.0.spawn(self.1.pending());
            let told = poll_with(&mut handle, Waker::noop());
            assert!(matches!(told, Poll::Ready(Err(error)) if error.is_cancelled()));
            self.2.fetch_add(1, SeqCst);
        }
    }
    on_processors(|runtime| {
        let (tally, refused) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..100 {
            let spawns = Spawns(runtime.handle().clone(), tally.clone(), refused.clone());
            drop(runtime.spawn(tally.around(async move {
                let _spawns = spawns;
                std::future::pending::<()>().await;
            })));
        }
        runtime.shutdown();
        tally.assert_settled();
        assert_eq!(refused.load(SeqCst), 100);
    });
}

#[test]
fn a_task_that_is_polled_during_the_shutdown_is_refused() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let inner = tally.clone();
        let task = runtime.spawn(tally.around(async move {
            let runtime = gmp::Handle::current();
            inside.pass();
            // Until the runtime closes, spawning works.
            while futures::task::Spawn::status(&runtime).is_ok() {
                thread::yield_now();
            }
            let here = gmp::spawn(inner.pending());
            let there = runtime.spawn(inner.pending());
            (
                here.id(),
                there.id(),
                here.await.is_err(),
                there.await.is_err(),
            )
        }));
        outside.wait_entered();
        outside.release();
        runtime.shutdown();
        assert_eq!(
            gmp::block_on(task).unwrap(),
            (Id::NOBODY, Id::NOBODY, true, true)
        );
        tally.assert_settled();
    });
}

#[test]
fn foreign_threads_spawn_all_the_while() {
    on_processors(|runtime| {
        let (tally, over) = (Tally::new(), Arc::new(AtomicBool::new(false)));
        let accepted = Arc::new(AtomicUsize::new(0));
        let threads: Vec<_> = (0..3)
            .map(|_| {
                let (handle, tally) = (runtime.handle().clone(), tally.clone());
                let (over, accepted) = (over.clone(), accepted.clone());
                thread::spawn(move || {
                    while !over.load(SeqCst) {
                        let task = handle.spawn(tally.pending());
                        accepted.fetch_add(usize::from(task.id() != Id::NOBODY), SeqCst);
                        drop(task);
                        thread::yield_now();
                    }
                })
            })
            .collect();
        eventually(|| accepted.load(SeqCst) > 100);
        runtime.shutdown();
        let (dropped, accepted_until_now) = (tally.futures_dropped(), accepted.load(SeqCst));
        assert!(dropped >= accepted_until_now.saturating_sub(3));
        // Nobody is accepted any more, and all are dropped.
        let refused_since = tally.futures_made();
        eventually(|| tally.futures_made() > refused_since + 100);
        over.store(true, SeqCst);
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        assert!(accepted.load(SeqCst) <= accepted_until_now + 3);
        tally.assert_settled();
    });
}

#[test]
fn a_task_that_spawns_and_never_yields_is_ended_when_it_returns() {
    on_processors(|runtime| {
        let (tally, accepted) = (Tally::new(), Arc::new(AtomicUsize::new(0)));
        for _ in 0..2 {
            let (inner, counter) = (tally.clone(), accepted.clone());
            drop(runtime.spawn(tally.around(async move {
                // Never awaits anything; it sees the end by being refused.
                while gmp::spawn(inner.pending()).id() != Id::NOBODY {
                    counter.fetch_add(1, SeqCst);
                }
            })));
        }
        eventually(|| accepted.load(SeqCst) > 1000);
        runtime.shutdown();
        tally.assert_settled();
    });
}

#[test]
fn tasks_that_multiply_are_ended() {
    fn multiply(tally: Tally) -> futures::future::BoxFuture<'static, ()> {
        Box::pin(async move {
            loop {
                if gmp::num_tasks() < 2000 {
                    drop(gmp::spawn(tally.around(multiply(tally.clone()))));
                }
                gmp::yield_now().await;
            }
        })
    }
    on_processors(|runtime| {
        let tally = Tally::new();
        drop(runtime.spawn(tally.around(multiply(tally.clone()))));
        eventually(|| tally.futures_made() > 1000);
        runtime.shutdown();
        tally.assert_settled();
    });
}

#[test]
fn a_refused_spawn_drops_the_future_before_it_returns() {
    within_limit(|| {
        let (ended, tally) = (runtime(2), Tally::new());
        let handle = ended.handle().clone();
        ended.shutdown();
        for _ in 0..100 {
            let made = tally.futures_made();
            let task = handle.spawn(tally.pending());
            assert_eq!(tally.futures_dropped(), made + 1);
            assert!(task.is_finished());
            assert!(gmp::block_on(task).unwrap_err().is_cancelled());
        }
        assert_eq!(tally.polls(), 0);
        let refused = futures::task::SpawnExt::spawn(&handle, async {});
        assert!(refused.unwrap_err().is_shutdown());
    });
}
