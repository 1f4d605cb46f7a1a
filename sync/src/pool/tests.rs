//! After the cases of Go's `sync/pool_test.go`, and more.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::test_kit::{each_executor, yield_now};

fn counting() -> (Pool<Box<usize>>, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let counts = made.clone();
    let pool = Pool::new(move || Box::new(counts.fetch_add(1, Ordering::Relaxed)));
    (pool, made)
}

/// Go: `TestPool`, `TestPoolNew`.
#[test]
fn what_is_put_in_comes_out_and_else_it_is_made() {
    let (pool, made) = counting();
    let (one, two) = (pool.get(), pool.get());
    assert_eq!((**one, **two), (0, 1));
    drop(one);
    drop(two);
    assert_eq!(**pool.get(), 0);
    let (one, two) = (pool.get().into_inner(), pool.get().into_inner());
    assert_eq!((*one, *two), (0, 1));
    assert_eq!(**pool.get(), 2);
    pool.put(Box::new(9));
    assert_eq!(made.load(Ordering::Relaxed), 3);
    // The private one first.
    assert_eq!((**pool.get(), made.load(Ordering::Relaxed)), (2, 3));
}

/// Go: `TestPoolGC`: what nobody takes for two periods is dropped.
#[test]
fn an_idle_pool_shrinks_to_the_private_places() {
    let thing = Arc::new(());
    let kept = thing.clone();
    let pool = Pool::new(move || kept.clone());
    let things: Vec<_> = (0..100).map(|_| pool.get()).collect();
    drop(things);
    assert_eq!(Arc::strong_count(&thing), 102);
    assert!(pool.core.trims.load(Ordering::Relaxed));
    pool.core.trim();
    assert_eq!(Arc::strong_count(&thing), 102);
    // Victims are taken where there is nothing better, and are fresh when they come back.
    drop([pool.get(), pool.get()]);
    pool.core.trim();
    assert_eq!(Arc::strong_count(&thing), 4);
    pool.core.trim();
    assert_eq!(Arc::strong_count(&thing), 3);
    assert!(!pool.core.trims.load(Ordering::Relaxed));
    drop([pool.get(), pool.get()]);
    assert!(pool.core.trims.load(Ordering::Relaxed));
    drop(pool);
    assert_eq!(Arc::strong_count(&thing), 1);
}

#[test]
fn one_thread_takes_what_another_put_in() {
    let (pool, made) = counting();
    thread::scope(|scope| {
        scope.spawn(|| drop((0..4).map(|_| pool.get()).collect::<Vec<_>>()));
    });
    // The private one of that thread stays, or is this one's if it has the same number now.
    let things: Vec<_> = (0..3).map(|_| pool.get()).collect();
    assert_eq!(made.load(Ordering::Relaxed), 4);
    assert!(things.iter().all(|thing| ***thing < 4));
}

/// Go: `TestPoolStress`: nobody gets what another has.
#[test]
fn nobody_gets_what_another_has() {
    each_executor(|spawner| {
        let pool = Arc::new(Pool::new(|| AtomicBool::new(false)));
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let pool = pool.clone();
                spawner.spawn(async move {
                    for turn in 0..300 {
                        let things: Vec<_> = (0..=turn % 3).map(|_| pool.get()).collect();
                        for thing in &things {
                            assert!(!thing.swap(true, Ordering::Relaxed));
                        }
                        if (n + turn) % 5 == 0 {
                            yield_now().await;
                        }
                        for thing in &things {
                            assert!(thing.swap(false, Ordering::Relaxed));
                        }
                    }
                })
            })
            .collect();
        spawner.join_all(tasks);
    });
}

#[test]
fn more_threads_than_shards_share_lists() {
    let (pool, _) = counting();
    let shards = pool.core.shards.len();
    let barrier = std::sync::Barrier::new(2 * shards);
    thread::scope(|scope| {
        for _ in 0..2 * shards {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..50 {
                    drop((pool.get(), pool.get()));
                }
                barrier.wait();
            });
        }
    });
}

#[test]
fn a_thread_that_ends_may_still_use_it() {
    thread_local!(static LAST: std::cell::RefCell<Option<UsesPool>> = const { std::cell::RefCell::new(None) });
    struct UsesPool(Arc<Pool<Box<usize>>>);
    impl Drop for UsesPool {
        fn drop(&mut self) {
            drop((self.0.get(), self.0.get()));
        }
    }
    let pool = Arc::new(counting().0);
    let theirs = pool.clone();
    let thread = thread::spawn(move || {
        LAST.with(|last| *last.borrow_mut() = Some(UsesPool(theirs.clone())));
        drop(theirs.get());
    });
    thread.join().unwrap();
    drop(pool.get());
}

#[test]
fn making_and_dropping_may_use_the_pool() {
    struct Reenters(Arc<std::sync::OnceLock<Weak<Pool<Reenters>>>>);
    impl Drop for Reenters {
        fn drop(&mut self) {
            if let Some(pool) = self.0.get().and_then(Weak::upgrade) {
                // Into the private place, or a list.
                std::mem::forget(pool.get().into_inner());
            }
        }
    }
    let place = Arc::new(std::sync::OnceLock::new());
    let makes = place.clone();
    let pool = Arc::new(Pool::new(move || Reenters(makes.clone())));
    assert!(place.set(Arc::downgrade(&pool)).is_ok());
    drop((pool.get(), pool.get(), pool.get()));
    pool.core.trim();
    pool.core.trim();
    drop(pool.get().into_inner());
}
