//! After the cases of Go's `sync/cond_test.go`, and more.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::{
    Mutex,
    test_kit::{each_executor, polled, yield_now},
};

#[derive(Default)]
struct Shared {
    mutex: Mutex<usize>,
    cond: Cond,
    awake: AtomicUsize,
}

impl Shared {
    fn waiting(&self) -> usize {
        self.cond.list.lock().len()
    }
}

/// Go: `TestCondSignal`: each signal wakes exactly one.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn each_notification_wakes_one() {
    each_executor(|spawner| {
        let shared = Arc::new(Shared::default());
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let shared = shared.clone();
                spawner.spawn(async move {
                    let guard = shared.mutex.lock().await;
                    let _guard = shared.cond.wait(guard).await;
                    shared.awake.fetch_add(1, Ordering::SeqCst);
                })
            })
            .collect();
        while shared.waiting() < 4 {
            std::thread::yield_now();
        }
        for woken in 1..=4 {
            shared.cond.notify_one();
            while shared.awake.load(Ordering::SeqCst) < woken {
                std::thread::yield_now();
            }
            assert_eq!(shared.waiting(), 4 - woken);
        }
        spawner.join_all(tasks);
    });
}

/// Go: `TestCondSignalGenerations`: who waits longest is woken first.
#[test]
fn who_waits_longest_is_woken_first() {
    let (mutex, cond) = (Mutex::new(()), Cond::new());
    let mut waits: Vec<_> = (0..10)
        .map(|_| {
            let mut wait = Box::pin(cond.wait(mutex.try_lock().unwrap()));
            assert!(polled(wait.as_mut()).is_none());
            wait
        })
        .collect();
    for first in 0..10 {
        cond.notify_one();
        for (n, wait) in waits.iter_mut().enumerate().skip(first) {
            assert_eq!(polled(wait.as_mut()).is_some(), n == first);
        }
    }
}

/// Go: `TestCondBroadcast`: all are woken, round after round.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn all_are_woken_round_after_round() {
    each_executor(|spawner| {
        let shared = Arc::new(Shared::default());
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let shared = shared.clone();
                spawner.spawn(async move {
                    let mut guard = shared.mutex.lock().await;
                    for round in 1..=10 {
                        shared.awake.fetch_add(1, Ordering::SeqCst);
                        while *guard < round {
                            guard = shared.cond.wait(guard).await;
                        }
                    }
                })
            })
            .collect();
        for round in 1..=10 {
            while shared.awake.load(Ordering::SeqCst) < 8 * round {
                std::thread::yield_now();
            }
            *shared.mutex.lock_blocking() = round;
            shared.cond.notify_all();
        }
        spawner.join_all(tasks);
    });
}

/// Go: `TestRace`: x is 0, then 1, then 2, each made by another task and waited for by the next.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn tasks_take_turns() {
    each_executor(|spawner| {
        let shared = Arc::new(Shared::default());
        let tasks: Vec<_> = (0..3)
            .map(|turn| {
                let shared = shared.clone();
                spawner.spawn(async move {
                    let mut guard = shared.mutex.lock().await;
                    while *guard != turn {
                        guard = shared.cond.wait(guard).await;
                    }
                    *guard += 1;
                    shared.cond.notify_all();
                    yield_now().await;
                })
            })
            .collect();
        spawner.join_all(tasks);
        assert_eq!(*shared.mutex.lock_blocking(), 3);
    });
}

#[test]
fn one_who_is_notified_and_dropped_hands_it_on() {
    let (mutex, cond) = (Mutex::new(()), Cond::new());
    for poll_between in [false, true] {
        let mut dropped = Box::pin(cond.wait(mutex.try_lock().unwrap()));
        assert!(polled(dropped.as_mut()).is_none());
        let mut waits = pin!(cond.wait(mutex.try_lock().unwrap()));
        assert!(polled(waits.as_mut()).is_none());
        let guard = mutex.try_lock().unwrap();
        cond.notify_one();
        if poll_between {
            // Now it waits for the lock.
            assert!(polled(dropped.as_mut()).is_none());
        }
        drop(dropped);
        drop(guard);
        assert!(polled(waits.as_mut()).is_some());
    }
}

#[test]
fn a_wait_that_is_never_polled_unlocks_when_it_is_dropped() {
    let (mutex, cond) = (Arc::new(Mutex::new(())), Cond::new());
    let wait = cond.wait(mutex.clone().try_lock_owned().unwrap());
    assert!(mutex.try_lock().is_err());
    drop(wait);
    assert!(mutex.try_lock().is_ok());
}

/// Go: `TestCondSignalStealing`: one who comes while all are notified takes nothing from the one who was there before.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_who_comes_late_does_not_take_the_notification() {
    each_executor(|spawner| {
        for _ in 0..50 {
            let shared = Arc::new(Shared::default());
            let (first, late, tells) = (shared.clone(), shared.clone(), shared.clone());
            let first = spawner.spawn(async move {
                let guard = first.mutex.lock().await;
                drop(first.cond.wait(guard).await);
            });
            while shared.waiting() < 1 {
                std::thread::yield_now();
            }
            let tells = spawner.spawn(async move { tells.cond.notify_all() });
            let late = spawner.spawn(async move {
                let mut over = late.mutex.lock().await;
                while *over == 0 {
                    over = late.cond.wait(over).await;
                }
            });
            spawner.join_all(vec![first, tells]);
            let ends = shared.clone();
            spawner.run(async move { *ends.mutex.lock().await = 1 });
            shared.cond.notify_all();
            spawner.join_all(vec![late]);
        }
    });
}
