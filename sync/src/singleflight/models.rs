//! Models of who shares a run.

use std::{
    future::poll_fn,
    task::{Context, Poll, Waker},
};

use loom::{
    future::block_on,
    model,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
};

use super::*;

/// Runs never overlap, whoever asks; and nothing is left.
#[test]
fn three_who_ask() {
    model(|| {
        let shared = Arc::new((Group::new(), AtomicUsize::new(0)));
        let ask = |shared: Arc<(Group<u8, u32>, AtomicUsize)>| {
            let counted = shared.clone();
            let make = || async move {
                assert_eq!(counted.1.fetch_add(1, Ordering::Relaxed), 0);
                counted.1.fetch_sub(1, Ordering::Relaxed);
                7
            };
            assert_eq!(block_on(shared.0.run(1, make)).value, 7);
        };
        let others = [(); 2].map(|()| {
            let shared = shared.clone();
            thread::spawn(move || ask(shared))
        });
        ask(shared.clone());
        others.into_iter().for_each(|other| other.join().unwrap());
        assert!(shared.0.lock().is_empty());
    });
}

/// One that was forgotten and goes does not end the next of its key: who asks then shares that, as long as it runs.
#[test]
fn one_that_was_forgotten_goes_against_the_next_and_who_asks() {
    model(|| {
        let (group, active) = (
            Arc::new(Group::<u8, u32>::new()),
            Arc::new(AtomicUsize::new(0)),
        );
        let ask = |value: u32| {
            let (group, active) = (group.clone(), active.clone());
            Box::pin(async move {
                let make = || async move {
                    if value == 1 {
                        std::future::pending::<()>().await;
                    }
                    assert_eq!(active.fetch_add(1, Ordering::Relaxed), 0);
                    yield_once().await;
                    active.fetch_sub(1, Ordering::Relaxed);
                    value
                };
                group.run(1, make).await.value
            })
        };
        let mut cx = Context::from_waker(Waker::noop());
        let mut forgotten = ask(1);
        assert!(forgotten.as_mut().poll(&mut cx).is_pending());
        group.forget(&1);
        let mut next = ask(2);
        assert!(next.as_mut().poll(&mut cx).is_pending());
        let goes = thread::spawn(move || drop(forgotten));
        let next = thread::spawn(move || block_on(next));
        assert!(block_on(ask(3)) >= 2);
        assert_eq!(next.join().unwrap(), 2);
        goes.join().unwrap();
        assert!(group.lock().is_empty());
    });
}

fn yield_once() -> impl Future<Output = ()> {
    let mut yielded = false;
    poll_fn(move |cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
}
