use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::{FutureExt, channel::oneshot, executor::block_on};

use super::*;
use crate::test_kit::{each_executor, polled, yield_now};

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_initialiser_runs_and_all_get_its_value() {
    each_executor(|spawner| {
        let (cell, runs) = (Arc::new(OnceCell::new()), Arc::new(AtomicUsize::new(0)));
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let (cell, runs) = (cell.clone(), runs.clone());
                spawner.spawn(async move {
                    let init = || async {
                        yield_now().await;
                        runs.fetch_add(1, Ordering::SeqCst);
                        n
                    };
                    *cell.get_or_init(init).await
                })
            })
            .collect();
        let values = spawner.join_all(tasks);
        assert_eq!(runs.load(Ordering::SeqCst), 1);
        assert!(values.iter().all(|value| *value == values[0]));
    });
}

#[test]
fn where_one_is_dropped_fails_or_panics_the_next_tries() {
    let cell = OnceCell::new();
    let mut dropped = Box::pin(cell.get_or_init(std::future::pending::<u32>));
    assert!(polled(dropped.as_mut()).is_none());
    assert_eq!(cell.set(9).unwrap_err().0, 9);
    let (sender, receiver) = oneshot::channel::<u32>();
    let mut fails = pin!(cell.get_or_try_init(|| receiver));
    let mut panics = Box::pin(
        std::panic::AssertUnwindSafe(cell.get_or_init(|| async { panic!("on purpose") }))
            .catch_unwind(),
    );
    assert!(polled(fails.as_mut()).is_none());
    assert!(polled(panics.as_mut()).is_none());
    drop(dropped);
    assert!(polled(fails.as_mut()).is_none());
    drop(sender);
    assert!(polled(panics.as_mut()).is_none());
    assert!(polled(fails.as_mut()).unwrap().is_err());
    assert!(polled(panics.as_mut()).unwrap().is_err());
    assert_eq!(*block_on(cell.get_or_init(|| async { 3 })), 3);
    assert_eq!(cell.set(4).unwrap_err().0, 4);
}

#[test]
fn it_is_set_taken_and_set_again() {
    let mut cell = OnceCell::new();
    cell.set(1).unwrap();
    assert_eq!(cell.take(), Some(1));
    cell.set(2).unwrap();
    *cell.get_mut().unwrap() += 1;
    assert_eq!(cell.into_inner(), Some(3));
    assert_eq!(OnceCell::from(5).get(), Some(&5));
}
