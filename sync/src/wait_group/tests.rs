//! After the cases of Go's `sync/waitgroup_test.go`.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::{FutureExt, executor::block_on};

use super::*;
use crate::test_kit::Watchdog;

fn on_gmp<F: Future>(case: impl Fn() -> F) {
    let _watchdog = Watchdog::new();
    for processors in [1, 2, 8] {
        let runtime = gmp_executor::Builder::new()
            .max_procs(processors)
            .build()
            .unwrap();
        runtime.block_on(case());
    }
}

/// Go: `TestWaitGroup`: two groups, each waiting for the other's tasks, several rounds.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn tasks_and_waiters_meet_in_every_round() {
    on_gmp(|| async {
        let (first, second) = (WaitGroup::new(), WaitGroup::new());
        for _ in 0..8 {
            first.add(16);
            second.add(16);
            let handles: Vec<_> = (0..16)
                .map(|_| {
                    let (first, second) = (first.clone(), second.clone());
                    gmp_executor::spawn(async move {
                        first.done();
                        second.wait().await;
                    })
                })
                .collect();
            first.wait().await;
            (0..16).for_each(|_| second.done());
            for handle in handles {
                handle.await.unwrap();
            }
        }
    });
}

/// Go: `TestWaitGroupMisuse`.
#[test]
#[should_panic(expected = "more often than add")]
fn more_done_than_add_is_a_panic() {
    let group = WaitGroup::new();
    group.add(1);
    group.done();
    group.done();
}

/// Go: `TestWaitGroupGo`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn go_counts_a_task_until_it_ends() {
    on_gmp(|| async {
        let (group, sum) = (WaitGroup::new(), Arc::new(AtomicUsize::new(0)));
        for n in 0..100 {
            let sum = sum.clone();
            drop(group.go(async move { sum.fetch_add(n, Ordering::Relaxed) }));
        }
        group.wait().await;
        assert_eq!(sum.load(Ordering::Relaxed), 4950);
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_task_that_panics_or_is_aborted_is_done() {
    on_gmp(|| async {
        let group = WaitGroup::new();
        let panics = group.go(async { panic!("on purpose") });
        let never = group.go(std::future::pending::<()>());
        never.abort();
        group.wait().await;
        assert!(panics.await.unwrap_err().is_panic());
        assert!(never.await.unwrap_err().is_cancelled());
    });
}

#[test]
fn an_empty_group_does_not_wait() {
    assert_eq!(WaitGroup::new().wait().now_or_never(), Some(()));
}

#[test]
fn a_dropped_wait_leaves_no_waiter() {
    let group = WaitGroup::new();
    group.add(1);
    assert!(group.wait().now_or_never().is_none());
    assert!(group.core.list.lock().is_empty());
    group.done();
    block_on(group.wait());
}

#[test]
fn a_wait_ends_with_its_round_though_the_next_has_begun() {
    let group = WaitGroup::new();
    group.add(1);
    let mut wait = std::pin::pin!(group.wait());
    assert!(wait.as_mut().now_or_never().is_none());
    group.done();
    group.add(1);
    let mut next = std::pin::pin!(group.wait());
    assert!(next.as_mut().now_or_never().is_none());
    assert!(wait.now_or_never().is_some());
    assert!(next.as_mut().now_or_never().is_none());
    group.done();
    assert!(next.now_or_never().is_some());
}

/// Go: `TestWaitGroupRace`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn two_are_done_while_one_waits() {
    crate::test_kit::each_executor(|spawner| {
        for _ in 0..200 {
            let (group, sum) = (WaitGroup::new(), Arc::new(AtomicUsize::new(0)));
            group.add(2);
            for _ in 0..2 {
                let (group, sum) = (group.clone(), sum.clone());
                spawner
                    .spawn(async move {
                        sum.fetch_add(1, Ordering::Relaxed);
                        group.done();
                    })
                    .forget();
            }
            block_on(group.wait());
            assert_eq!(sum.load(Ordering::Relaxed), 2);
        }
    });
}

#[test]
#[should_panic(expected = "with 1 under way that is more than u32::MAX")]
fn too_many_under_way_is_a_panic() {
    let group = WaitGroup::new();
    group.add(1);
    group.add(u32::MAX as usize);
}
