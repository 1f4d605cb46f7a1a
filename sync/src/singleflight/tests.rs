//! After the cases of golang.org/x/sync's `singleflight/singleflight_test.go`, and more.

use std::{panic::AssertUnwindSafe, sync::atomic::AtomicUsize};

use futures::{FutureExt, executor::block_on, future::join_all};

use super::*;
use crate::{
    Notify,
    test_kit::{each_executor, polled, yield_now},
};

/// Go: `TestDo`, `TestDoErr`.
#[test]
fn alone_it_runs_and_gives_its_value() {
    let group = Group::new();
    let flight = block_on(group.run("key", || async { "bar" }));
    assert_eq!(
        flight,
        Flight {
            value: "bar",
            shared: false
        }
    );
    let group = Group::new();
    let flight = block_on(group.run("key", || async { Err::<(), _>("error") }));
    assert_eq!(flight.value, Err("error"));
    assert!(group.lock().is_empty());
}

/// Go: `TestDoDupSuppress`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn many_who_ask_at_once_share_one_run() {
    each_executor(|spawner| {
        let group = Arc::new(Group::new());
        let (runs, gate) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (group, runs, gate) = (group.clone(), runs.clone(), gate.clone());
                spawner.spawn(async move {
                    let make = || async move {
                        runs.fetch_add(1, Ordering::SeqCst);
                        gate.notified().await;
                        "bar"
                    };
                    group.run("key", make).await
                })
            })
            .collect();
        // All ten hold the call.
        while group.lock().get("key").map_or(0, Weak::strong_count) < 10 {
            std::thread::yield_now();
        }
        gate.notify_one();
        for flight in spawner.join_all(tasks) {
            assert_eq!(
                flight,
                Flight {
                    value: "bar",
                    shared: true
                }
            );
        }
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(group.lock().is_empty());
    });
}

/// Go: `TestForget`.
#[test]
fn what_is_forgotten_begins_anew() {
    let group = Group::new();
    let mut first = Box::pin(group.run("key", std::future::pending));
    assert!(polled(first.as_mut()).is_none());
    group.forget("key");
    let second = block_on(group.run("key", || async { 2 }));
    assert_eq!((second.value, second.shared), (2, false));
    // The first, which was forgotten, does not take a later one out.
    let mut third = Box::pin(group.run("key", || async {
        yield_now().await;
        3
    }));
    assert!(polled(third.as_mut()).is_none());
    drop(first);
    let joined = block_on(group.run("key", || async { unreachable!() }));
    assert_eq!((joined.value, joined.shared), (3, true));
}

/// Go: `TestForget`, where the first ends: it does not end what was begun after it was forgotten, which a third still shares.
#[test]
fn one_that_was_forgotten_ends_beside_the_next() {
    each_executor(|spawner| {
        let group = Arc::new(Group::new());
        let gates = [(); 2].map(|()| Arc::new(Notify::new()));
        let asks = |value: usize| {
            let (group, gate) = (group.clone(), gates[value - 1].clone());
            spawner.spawn(async move {
                let waits = move || async move {
                    gate.notified().await;
                    value
                };
                group.run("key", waits).await
            })
        };
        let first = asks(1);
        while group.lock().is_empty() {
            std::thread::yield_now();
        }
        group.forget("key");
        let second = asks(2);
        while group.lock().is_empty() {
            std::thread::yield_now();
        }
        gates[0].notify_one();
        let first = spawner.join_all(vec![first]);
        assert_eq!((first[0].value, first[0].shared), (1, false));
        let own = group.clone();
        let third = spawner.spawn(async move { own.run("key", || async { 3 }).await });
        while group.lock().get("key").map_or(0, Weak::strong_count) < 2 {
            std::thread::yield_now();
        }
        gates[1].notify_one();
        for flight in spawner.join_all(vec![second, third]) {
            assert_eq!((flight.value, flight.shared), (2, true));
        }
        assert!(group.lock().is_empty());
    });
}

/// Go: `TestDoChan`: in a task of its own, whose handle is the channel.
#[test]
fn it_runs_in_a_task_of_its_own() {
    each_executor(|spawner| {
        let group = Arc::new(Group::new());
        let flight = spawner.spawn(async move { group.run("key", || async { "bar" }).await });
        assert_eq!(spawner.join_all(vec![flight])[0].value, "bar");
    });
}

/// Go: `TestPanicDoChan`. Differs from Go: there the process ends; here whoever awaits the task hears of the panic, and
/// the key is free again.
#[test]
fn a_panic_in_a_task_of_its_own_is_that_of_the_task() {
    each_executor(|spawner| {
        let group = Arc::new(Group::<_, ()>::new());
        let own = group.clone();
        let panics = spawner.spawn(async move {
            let run = own.run("key", || async { std::panic::panic_any("in DoChan") });
            AssertUnwindSafe(run).catch_unwind().await
        });
        let panic = spawner.join_all(vec![panics]).remove(0).unwrap_err();
        assert_eq!(panic.downcast_ref(), Some(&"in DoChan"));
        assert!(!block_on(group.run("key", || async {})).shared);
    });
}

/// Go: `TestGoexitDo`: a task that ends in the middle takes nobody with it.
#[test]
fn a_task_that_is_aborted_in_it_holds_nobody_up() {
    let runtime = gmp_executor::Builder::new().max_procs(2).build().unwrap();
    let _watchdog = crate::test_kit::Watchdog::new();
    runtime.block_on(async {
        let group = Arc::new(Group::<_, ()>::new());
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let group = group.clone();
                gmp_executor::spawn(async move { group.run("key", std::future::pending).await })
            })
            .collect();
        while group.lock().get("key").map_or(0, Weak::strong_count) < 5 {
            gmp_executor::yield_now().await;
        }
        for task in tasks {
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        }
        assert!(group.lock().is_empty());
    });
}

/// Go: `TestPanicDo`, `TestPanicDoSharedByDoChan`.
#[test]
fn a_panic_reaches_all_who_wait() {
    let group = Group::<_, ()>::new();
    let ask = || {
        let run = group.run("key", || async {
            yield_now().await;
            panic!("on purpose")
        });
        AssertUnwindSafe(run).catch_unwind()
    };
    let all = block_on(join_all((0..5).map(|_| ask())));
    assert!(all.iter().all(Result::is_err));
    assert!(group.lock().is_empty());
}

#[test]
fn where_the_one_who_runs_is_dropped_another_goes_on() {
    let (group, steps) = (Group::new(), Arc::new(AtomicUsize::new(0)));
    let counted = steps.clone();
    let mut first = Box::pin(group.run("key", || async move {
        counted.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
        yield_now().await;
        counted.fetch_add(1, Ordering::Relaxed);
        1
    }));
    let mut second = Box::pin(group.run("key", || async { unreachable!() }));
    assert!(polled(first.as_mut()).is_none());
    assert!(polled(second.as_mut()).is_none());
    drop(first);
    assert_eq!(block_on(second).value, 1);
    assert_eq!(steps.load(Ordering::Relaxed), 2);
}

#[test]
fn where_all_are_dropped_nothing_is_left() {
    let group = Group::<_, ()>::new();
    let mut all: Vec<_> = (0..3)
        .map(|_| Box::pin(group.run("key", std::future::pending)))
        .collect();
    for run in &mut all {
        assert!(polled(run.as_mut()).is_none());
    }
    assert_eq!(group.lock().len(), 1);
    drop(all);
    assert!(group.lock().is_empty());
}

/// Go: `TestPanicDo`: the key is free at once, whoever waits yet.
#[test]
fn who_comes_after_a_panic_begins_anew() {
    let (group, gate) = (Group::new(), Arc::new(Notify::new()));
    let opened = gate.clone();
    let mut panics = Box::pin(group.run("key", || async move {
        opened.notified().await;
        panic!("on purpose")
    }));
    assert!(polled(panics.as_mut()).is_none());
    let mut unpolled = Box::pin(group.run("key", || async { 1 }));
    assert!(polled(unpolled.as_mut()).is_none());
    gate.notify_one();
    let panic = block_on(AssertUnwindSafe(panics).catch_unwind()).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    let anew = block_on(group.run("key", || async { 2 }));
    assert_eq!((anew.value, anew.shared), (2, false));
    // Who had joined gets the panic.
    let panic = block_on(AssertUnwindSafe(unpolled).catch_unwind()).unwrap_err();
    assert_eq!(panic.downcast_ref(), Some(&"on purpose"));
    assert!(group.lock().is_empty());
}
