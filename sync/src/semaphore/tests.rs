//! After the cases of golang.org/x/sync's `semaphore/semaphore_test.go`, and more.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::pin,
};

use futures::{FutureExt, executor::block_on};

use super::*;
use crate::test_kit::{each_executor, polled, yield_now};

/// Go: `TestWeighted`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn never_more_than_there_are() {
    each_executor(|spawner| {
        let semaphore = Arc::new(Semaphore::new(10));
        let tasks: Vec<_> = (0..8)
            .map(|n| {
                let semaphore = semaphore.clone();
                spawner.spawn(async move {
                    for _ in 0..200 {
                        let permits = semaphore.acquire_many(n % 5 + 1).await.unwrap();
                        assert!(semaphore.available_permits() <= 10 - permits.num_permits());
                        yield_now().await;
                    }
                })
            })
            .collect();
        spawner.join_all(tasks);
        assert_eq!(semaphore.available_permits(), 10);
    });
}

/// Go: `TestWeightedPanic`: there, releasing more than was acquired; here that adds, up to the largest number.
#[test]
#[should_panic(expected = "at most usize::MAX / 4 permits")]
fn too_many_permits_are_a_panic() {
    Semaphore::new(1).add_permits(Semaphore::MAX_PERMITS);
}

/// Go: `TestWeightedTryAcquire`.
#[test]
fn trying_takes_what_is_free() {
    let semaphore = Semaphore::new(2);
    let first = semaphore.try_acquire().unwrap();
    let second = semaphore.try_acquire().unwrap();
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::NoPermits
    );
    drop((first, second));
    semaphore.try_acquire_many(2).unwrap().forget();
    assert_eq!(semaphore.available_permits(), 0);
}

/// Differs from Go, where one who wants more than there will ever be just waits for its context, outside of the queue
/// (`TestWeightedDoesntBlockIfTooBig`): here permits may be added, so it stands in the queue, and those behind it wait until it goes away.
#[test]
fn one_who_wants_too_much_blocks_until_it_goes_away() {
    let semaphore = Semaphore::new(2);
    {
        let mut too_big = Box::pin(semaphore.acquire_many(5));
        assert!(polled(too_big.as_mut()).is_none());
        assert!(semaphore.try_acquire().is_err());
    }
    assert_eq!(semaphore.available_permits(), 2);
    let mut absurd = Box::pin(semaphore.acquire_many(usize::MAX));
    assert!(polled(absurd.as_mut()).is_none());
}

/// Go: `TestLargeAcquireDoesntStarve`.
#[test]
fn one_who_wants_many_is_not_overtaken() {
    let semaphore = Semaphore::new(3);
    let held: Vec<_> = (0..3).map(|_| semaphore.try_acquire().unwrap()).collect();
    let mut many = pin!(semaphore.acquire_many(3));
    let mut one = pin!(semaphore.acquire());
    assert!(polled(many.as_mut()).is_none());
    assert!(polled(one.as_mut()).is_none());
    for permit in held {
        assert!(polled(many.as_mut()).is_none());
        drop(permit);
        assert!(polled(one.as_mut()).is_none());
        assert!(semaphore.try_acquire().is_err());
    }
    let many = polled(many.as_mut()).unwrap().unwrap();
    assert!(polled(one.as_mut()).is_none());
    drop(many);
    assert!(polled(one.as_mut()).is_some());
}

/// Go: `TestAllocCancelDoesntStarve`: the first in the queue goes away, those behind get what it had.
#[test]
fn one_who_gives_up_hands_on_what_it_had() {
    let semaphore = Semaphore::new(10);
    let held = semaphore.try_acquire_many(8).unwrap();
    let mut first = Box::pin(semaphore.acquire_many(5));
    let mut second = pin!(semaphore.acquire_many(2));
    assert!(polled(first.as_mut()).is_none());
    assert!(polled(second.as_mut()).is_none());
    drop(first);
    let second = polled(second.as_mut()).unwrap().unwrap();
    drop(held);
    assert_eq!(semaphore.available_permits(), 8);
    drop(second);
    assert_eq!(semaphore.available_permits(), 10);
}

#[test]
fn permits_given_to_a_future_that_is_dropped_come_back() {
    let semaphore = Semaphore::new(1);
    let held = semaphore.try_acquire().unwrap();
    let mut given = Box::pin(semaphore.acquire());
    assert!(polled(given.as_mut()).is_none());
    drop(held);
    assert_eq!(semaphore.available_permits(), 0);
    drop(given);
    assert_eq!(semaphore.available_permits(), 1);
}

#[test]
fn closing_ends_all_waits_and_keeps_permits_valid() {
    let semaphore = Semaphore::new(2);
    let held = semaphore.try_acquire().unwrap();
    let mut waits = pin!(semaphore.acquire_many(2));
    assert!(polled(waits.as_mut()).is_none());
    semaphore.close();
    assert!(polled(waits.as_mut()).unwrap().is_err());
    assert_eq!(semaphore.available_permits(), 1);
    drop(held);
    assert_eq!(semaphore.available_permits(), 2);
    assert_eq!(
        semaphore.try_acquire().unwrap_err(),
        TryAcquireError::Closed
    );
    assert!(block_on(semaphore.acquire()).is_err());
}

#[test]
fn permits_are_merged_and_split() {
    let semaphore = Arc::new(Semaphore::new(5));
    let mut all = block_on(semaphore.clone().acquire_many_owned(5)).unwrap();
    let two = all.split(2).unwrap();
    assert!(all.split(4).is_none());
    assert_eq!((all.num_permits(), two.num_permits()), (3, 2));
    all.merge(two);
    assert_eq!(semaphore.available_permits(), 0);
    drop(all);
    assert_eq!(semaphore.available_permits(), 5);
    assert!(semaphore.clone().acquire_owned().now_or_never().is_some());
}

/// Go: `TestWeightedAcquire`: there a context with a time limit; here a wait that is polled once.
#[test]
fn acquiring_takes_what_is_free_and_waits_for_the_rest() {
    let semaphore = Semaphore::new(2);
    let takes = |n| {
        let taken = polled(pin!(semaphore.acquire_many(n)))?;
        taken.unwrap().forget();
        Some(())
    };
    assert!(takes(1).is_some());
    assert!(takes(1).is_some());
    assert!(takes(1).is_none());
    semaphore.add_permits(2);
    assert!(takes(1).is_some());
    assert!(takes(1).is_some());
    assert!(takes(1).is_none());
    assert_eq!(semaphore.available_permits(), 0);
}

/// Go: `TestWeightedAcquireCanceled`: the context is done before there are enough permits, and none is lost; nothing is acquired
/// with a context that is done, though it need not wait.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_wait_that_a_context_ends_keeps_no_permits() {
    use crate::{Context, ContextError};
    each_executor(|spawner| {
        for _ in 0..20 {
            let semaphore = Arc::new(Semaphore::new(2));
            let (context, cancel) = Context::background().with_cancel();
            let held = semaphore.clone().try_acquire_owned().unwrap();
            let others = semaphore.clone();
            let ends = spawner.spawn(async move {
                while others.try_acquire().is_ok() {
                    yield_now().await;
                }
                cancel.cancel();
                drop(held);
            });
            let waits = semaphore.clone();
            let ended = spawner.spawn(async move {
                let both = context.run(waits.acquire_many(2)).await.map(drop);
                assert_eq!(both, Err(ContextError::Canceled));
                context.run(waits.acquire()).await.map(drop)
            });
            spawner.join_all(vec![ends]);
            assert_eq!(spawner.join_all(vec![ended]), [Err(ContextError::Canceled)]);
            assert_eq!(semaphore.available_permits(), 2);
        }
    });
}

#[test]
fn too_many_permits_lose_nobody_who_waits() {
    let semaphore = Semaphore::new(0);
    let mut waits = pin!(semaphore.acquire());
    assert!(polled(waits.as_mut()).is_none());
    let added = AssertUnwindSafe(|| semaphore.add_permits(Semaphore::MAX_PERMITS + 1));
    assert!(catch_unwind(added).is_err());
    // Nothing was given, and nobody was taken out of the queue.
    assert!(polled(waits.as_mut()).is_none());
    semaphore.add_permits(1);
    assert!(polled(waits.as_mut()).is_some());
    assert_eq!(semaphore.available_permits(), 1);
}
