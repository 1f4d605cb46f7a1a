//! After the cases of Go's `sync/once_test.go` and `sync/oncefunc_test.go`, and more.

use std::{
    panic::AssertUnwindSafe,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::Poll,
};

use futures::{FutureExt, executor::block_on};

use super::*;
use crate::test_kit::{each_executor, polled, yield_now};

/// Go: `TestOnce`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn it_is_done_once_and_before_anybody_goes_on() {
    each_executor(|spawner| {
        let (once, runs) = (Arc::new(Once::new()), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..10)
            .map(|_| {
                let (once, runs) = (once.clone(), runs.clone());
                spawner.spawn(async move {
                    once.call_once(|| async {
                        yield_now().await;
                        runs.fetch_add(1, Ordering::SeqCst);
                    })
                    .await;
                    assert_eq!(runs.load(Ordering::SeqCst), 1);
                    assert!(once.is_completed());
                })
            })
            .collect();
        spawner.join_all(tasks);
    });
}

/// Go: `TestOncePanic`.
#[test]
fn what_panics_counts_as_done() {
    let once = Once::new();
    let panics = AssertUnwindSafe(once.call_once(|| async { panic!("on purpose") }));
    assert!(block_on(panics.catch_unwind()).is_err());
    block_on(once.call_once(|| async { unreachable!() }));
}

#[test]
fn what_is_dropped_is_not_done() {
    let once = Once::new();
    let mut dropped = Box::pin(once.call_once(std::future::pending));
    assert!(polled(dropped.as_mut()).is_none());
    drop(dropped);
    assert!(!once.is_completed());
    block_on(once.call_once(|| async {}));
    assert!(once.is_completed());
}

/// Go: `TestOnceFunc`, `TestOnceValue`: nothing runs before the first call, and once after many.
#[test]
fn a_value_is_made_when_it_is_asked_for_and_once() {
    let runs = AtomicUsize::new(0);
    let value = OnceValue::new(async {
        runs.fetch_add(1, Ordering::Relaxed);
        String::from("value")
    });
    assert_eq!(runs.load(Ordering::Relaxed), 0);
    for _ in 0..3 {
        assert_eq!(block_on(value.get()), "value");
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

/// Go: `TestOnceFuncPanic`, `TestOnceValuePanic`.
#[test]
fn a_panic_comes_again_at_each_call() {
    let runs = AtomicUsize::new(0);
    let once: OnceFunc<_> = OnceValue::new(async {
        runs.fetch_add(1, Ordering::Relaxed);
        panic!("on purpose");
    });
    for _ in 0..2 {
        let panics: Result<&(), _> = block_on(AssertUnwindSafe(once.get()).catch_unwind());
        panics.unwrap_err();
    }
    assert_eq!(runs.load(Ordering::Relaxed), 1);
}

#[test]
fn another_who_asks_goes_on_where_the_future_stood() {
    let steps = AtomicUsize::new(0);
    let value = OnceValue::new(async {
        steps.fetch_add(1, Ordering::Relaxed);
        yield_now().await;
        steps.fetch_add(1, Ordering::Relaxed);
        7
    });
    let mut dropped = Box::pin(value.get());
    assert!(polled(dropped.as_mut()).is_none());
    // Also where the first is there, and nobody polls it.
    assert_eq!(*block_on(value.get()), 7);
    drop(dropped);
    assert_eq!(steps.load(Ordering::Relaxed), 2);
}

/// Go: `TestOnceXGC`: what it needed to run is gone when it has run, though the value is there.
#[test]
fn what_has_run_is_dropped() {
    let needed = Arc::new(());
    let held = needed.clone();
    let value = OnceValue::new(async move {
        let _held = held;
        1
    });
    assert_eq!(Arc::strong_count(&needed), 2);
    for _ in 0..2 {
        assert_eq!(*block_on(value.get()), 1);
        assert_eq!(Arc::strong_count(&needed), 1);
    }
}

/// Go: `TestOnceXGC`, where it panics: what the future held is free, also while others wait.
#[test]
fn what_panicked_is_dropped_at_once() {
    let held = Arc::new(());
    let theirs = held.clone();
    let mut polls = 0;
    let once = OnceValue::new(poll_fn(move |_| {
        let _ = &theirs;
        polls += 1;
        assert_eq!(polls, 1, "on purpose");
        Poll::<()>::Pending
    }));
    let mut waits = Box::pin(once.get());
    assert!(polled(waits.as_mut()).is_none());
    let panics: Result<&(), _> = block_on(AssertUnwindSafe(once.get()).catch_unwind());
    panics.unwrap_err();
    assert_eq!(Arc::strong_count(&held), 1);
    drop(waits);
}

/// Go: `TestOnceFuncPanic`: it is the same panic each time.
#[test]
fn the_panic_of_later_calls_says_what_the_first_one_said() {
    let said = |fail: fn()| {
        let once: OnceFunc<_> = OnceValue::new(async move { fail() });
        [(); 2].map(|()| {
            let panics: Result<&(), _> = block_on(AssertUnwindSafe(once.get()).catch_unwind());
            let panic = panics.unwrap_err();
            let text = panic.downcast_ref::<&str>().map(ToString::to_string);
            text.or_else(|| panic.downcast_ref::<String>().cloned())
        })
    };
    let text = || Some(String::from("on purpose 7"));
    assert_eq!(said(|| panic!("on purpose 7")), [text(), text()]);
    assert_eq!(said(|| panic!("on purpose {}", 3 + 4)), [text(), text()]);
    let [first, later] = said(|| std::panic::panic_any(7));
    assert_eq!(first, None);
    assert_eq!(later.as_deref(), Some("the future of a OnceValue panicked"));
}

/// Go: `TestOnceValues`: a tuple is a value like others.
#[test]
fn two_values_are_made_at_once() {
    let runs = AtomicUsize::new(0);
    let values = OnceValue::new(async {
        let run = runs.fetch_add(1, Ordering::Relaxed) + 1;
        (run, run + 1)
    });
    for _ in 0..10 {
        assert_eq!(*block_on(values.get()), (1, 2));
    }
}

/// Go: `TestOnceFunc`, `TestOnceValue`, `TestOnceValues`: a call after the first allocates nothing.
#[test]
fn calls_after_the_first_allocate_nothing() {
    let once: OnceFunc<_> = OnceValue::new(async {});
    let values = OnceValue::new(async { (1, String::from("two")) });
    let both = || {
        block_on(once.get());
        block_on(values.get());
    };
    both();
    let ((), calls, _) = crate::test_kit::allocations::counted(|| (0..10).for_each(|_| both()));
    assert_eq!(calls, 0);
}

/// What a call panics with.
fn panic_of<F: Future>(once: &OnceValue<F>) -> Box<dyn std::any::Any + Send> {
    match block_on(AssertUnwindSafe(once.get()).catch_unwind()) {
        Ok(_) => panic!("it returned"),
        Err(panic) => panic,
    }
}

/// Go: `TestOnceFuncPanic`, `TestOnceValuePanic`, `TestOnceValuesPanic`: the first call panics with the value that the function
/// panicked with. (In Go all calls do.)
#[test]
fn the_first_panic_is_that_of_the_function() {
    let once: OnceFunc<_> = OnceValue::new(async { std::panic::panic_any("x") });
    assert_eq!(panic_of(&once).downcast_ref(), Some(&"x"));
    let values = OnceValue::new(async {
        if true {
            std::panic::panic_any("x");
        }
        (1, 2)
    });
    assert_eq!(panic_of(&values).downcast_ref(), Some(&"x"));
}

/// Go: `TestOnceFuncGoexit`: a task that is aborted in the middle is none that has run; the function is begun once all the same.
#[test]
fn a_task_that_is_aborted_in_it_does_not_begin_it_twice() {
    each_executor(|spawner| {
        let begun = Arc::new(AtomicUsize::new(0));
        let counts = begun.clone();
        let once = Arc::new(OnceValue::new(async move {
            counts.fetch_add(1, Ordering::SeqCst);
            yield_now().await;
        }));
        let own = once.clone();
        let aborted = spawner.spawn(async move {
            let mut get = std::pin::pin!(own.get());
            let _ = polled(get.as_mut());
        });
        spawner.run(aborted);
        spawner.run(async move {
            once.get().await;
        });
        assert_eq!(begun.load(Ordering::SeqCst), 1);
    });
}

/// Go: `TestOnceXGC`, where the function panics.
#[test]
fn what_has_panicked_is_dropped() {
    let needed = Arc::new(());
    let held = needed.clone();
    let once: OnceFunc<_> = OnceValue::new(async move {
        let _held = held;
        panic!("test panic");
    });
    assert_eq!(Arc::strong_count(&needed), 2);
    for _ in 0..2 {
        panic_of(&once);
        assert_eq!(Arc::strong_count(&needed), 1);
    }
}
