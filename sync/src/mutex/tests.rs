//! After the cases of Go's `sync/mutex_test.go`, and more.

use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    time::{Duration, Instant},
};

use futures::executor::block_on;

use super::*;
use crate::test_kit::{Watchdog, each_executor, polled, yield_now};

/// Go: `TestMutex`, `HammerMutex`: with trying in between.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn hammered_it_counts_right() {
    each_executor(|spawner| {
        let counter = Arc::new(Mutex::new(0));
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let counter = counter.clone();
                spawner.spawn(async move {
                    for turn in 0..300 {
                        if n % 3 == 0 {
                            drop(counter.try_lock());
                        }
                        let mut guard = counter.lock().await;
                        let seen = *guard;
                        if turn % 8 == 0 {
                            yield_now().await;
                        }
                        *guard = seen + 1;
                    }
                })
            })
            .collect();
        spawner.join_all(tasks);
        assert_eq!(*counter.try_lock().unwrap(), 3000);
    });
}

/// Go: `TestMutex`, the part with `TryLock`.
#[test]
fn trying_fails_on_a_lock_that_is_held() {
    let mutex = Arc::new(Mutex::new(()));
    let guard = mutex.try_lock().unwrap();
    assert_eq!(mutex.try_lock().unwrap_err(), TryLockError(()));
    assert!(mutex.clone().try_lock_owned().is_err());
    drop(guard);
    assert!(mutex.clone().try_lock_owned().is_ok());
    assert!(mutex.try_lock().is_ok());
}

/// Go: `TestMutexFairness`: one takes the lock again and again and holds it for long; another must get it too.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_who_holds_it_for_long_again_and_again_starves_nobody() {
    each_executor(|spawner| {
        let (mutex, stop) = (Arc::new(Mutex::new(())), Arc::new(AtomicBool::new(false)));
        let hog = {
            let (mutex, stop) = (mutex.clone(), stop.clone());
            spawner.spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let guard = mutex.lock().await;
                    let begin = Instant::now();
                    while begin.elapsed() < Duration::from_micros(100) {
                        yield_now().await;
                    }
                    drop(guard);
                }
            })
        };
        let polite = spawner.spawn(async move {
            for _ in 0..10 {
                yield_now().await;
                drop(mutex.lock().await);
            }
        });
        spawner.join_all(vec![polite]);
        stop.store(true, Ordering::Relaxed);
        spawner.join_all(vec![hog]);
    });
}

#[test]
fn a_lock_is_free_for_whoever_comes_first() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut waits = pin!(mutex.lock());
    assert!(polled(waits.as_mut()).is_none());
    drop(guard);
    let barged = mutex.try_lock().unwrap();
    assert!(polled(waits.as_mut()).is_none());
    drop(barged);
    assert!(polled(waits.as_mut()).is_some());
    assert!(mutex.try_lock().is_ok());
}

/// One who was woken and failed for the length of starvation has the lock reserved.
#[test]
fn a_lock_that_starves_is_reserved() {
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut waits = pin!(mutex.lock());
    assert!(polled(waits.as_mut()).is_none());
    std::thread::sleep(queue::STARVATION);
    drop(guard);
    let barged = mutex.try_lock().unwrap();
    assert!(polled(waits.as_mut()).is_none());
    drop(barged);
    // It is free, and yet not to be had.
    assert!(mutex.try_lock().is_err());
    let mut newcomer = pin!(mutex.lock());
    assert!(polled(newcomer.as_mut()).is_none());
    let guard = polled(waits.as_mut()).unwrap();
    drop(guard);
    assert!(polled(newcomer.as_mut()).is_some());
    assert!(mutex.try_lock().is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_who_was_woken_and_goes_away_wakes_the_next() {
    each_executor(|spawner| {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.clone().try_lock_owned().unwrap();
        let mut leaves = Box::pin(mutex.clone().lock_owned());
        assert!(polled(leaves.as_mut()).is_none());
        let waits = {
            let mutex = mutex.clone();
            spawner.spawn(async move { drop(mutex.lock().await) })
        };
        while mutex.contended().list.lock().len() < 2 {
            std::thread::yield_now();
        }
        drop(guard);
        drop(leaves);
        spawner.join_all(vec![waits]);
    });
}

/// The futures of locks stand in the queue, and nobody polls them: several, so that passing over goes on.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn those_whom_nobody_polls_block_nobody() {
    each_executor(|spawner| {
        let mutex = Arc::new(Mutex::new(()));
        let guard = mutex.clone().try_lock_owned().unwrap();
        let mut dead: Vec<_> = (0..3)
            .map(|_| Box::pin(mutex.clone().lock_owned()))
            .collect();
        for lock in &mut dead {
            assert!(polled(lock.as_mut()).is_none());
        }
        let live: Vec<_> = (0..4)
            .map(|_| {
                let mutex = mutex.clone();
                spawner.spawn(async move { drop(mutex.lock().await) })
            })
            .collect();
        while mutex.contended().list.lock().len() < 7 {
            std::thread::yield_now();
        }
        drop(guard);
        spawner.join_all(live);
        // They are alive again, in their order.
        for lock in &mut dead {
            assert!(polled(lock.as_mut()).is_some());
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_lock_that_starves_for_one_whom_nobody_polls_is_given_to_others() {
    let _watchdog = crate::test_kit::Watchdog::new();
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut dead = pin!(mutex.lock());
    assert!(polled(dead.as_mut()).is_none());
    std::thread::sleep(queue::STARVATION);
    drop(guard);
    let barged = mutex.try_lock().unwrap();
    assert!(polled(dead.as_mut()).is_none());
    drop(barged);
    assert!(mutex.try_lock().is_err());
    drop(block_on(mutex.lock()));
    assert!(mutex.try_lock().is_ok());
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn threads_and_tasks_share_it() {
    let mutex = Arc::new(Mutex::new(0));
    let runtime = gmp_executor::Builder::new().max_procs(2).build().unwrap();
    let threads: Vec<_> = (0..2)
        .map(|_| {
            let mutex = mutex.clone();
            std::thread::spawn(move || (0..500).for_each(|_| *mutex.lock_blocking() += 1))
        })
        .collect();
    runtime.block_on(async {
        for _ in 0..500 {
            *mutex.lock().await += 1;
        }
    });
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    let mut mutex = Arc::into_inner(mutex).unwrap();
    assert_eq!(*mutex.get_mut(), 1500);
    assert_eq!(mutex.into_inner(), 1500);
}

#[test]
fn a_forgotten_guard_keeps_it_locked_and_harms_nobody() {
    let mutex = Mutex::new(());
    std::mem::forget(mutex.try_lock().unwrap());
    let mut waits = Box::pin(mutex.lock());
    assert!(polled(waits.as_mut()).is_none());
    drop(waits);
    assert!(mutex.try_lock().is_err());
}

/// The last one for whom a starving lock was reserved is not polled: when it is passed over the lock is anybody's.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_lock_that_starves_is_not_reserved_for_one_whom_nobody_polls() {
    let _watchdog = Watchdog::new();
    let mutex = Mutex::new(());
    let guard = mutex.try_lock().unwrap();
    let mut dead = pin!(mutex.lock());
    assert!(polled(dead.as_mut()).is_none());
    std::thread::sleep(queue::STARVATION);
    drop(guard);
    let barged = mutex.try_lock().unwrap();
    assert!(polled(dead.as_mut()).is_none());
    drop(barged);
    while mutex.try_lock().is_err() {
        std::thread::yield_now();
    }
    assert!(polled(dead.as_mut()).is_some());
    assert!(mutex.try_lock().is_ok());
}
