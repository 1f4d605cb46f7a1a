use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::*;
use crate::test_kit::{each_executor, polled};

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn nobody_goes_on_before_all_are_there_and_one_leads() {
    each_executor(|spawner| {
        let barrier = Arc::new(Barrier::new(5));
        let there = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..5)
            .map(|_| {
                let (barrier, there) = (barrier.clone(), there.clone());
                spawner.spawn(async move {
                    let mut led = 0;
                    for round in 1..=20 {
                        there.fetch_add(1, Ordering::SeqCst);
                        led += usize::from(barrier.wait().await.is_leader());
                        assert!(there.load(Ordering::SeqCst) >= 5 * round);
                    }
                    led
                })
            })
            .collect();
        assert_eq!(spawner.join_all(tasks).into_iter().sum::<usize>(), 20);
    });
}

#[test]
fn one_who_goes_away_has_not_come() {
    let barrier = Barrier::new(2);
    let mut leaves = Box::pin(barrier.wait());
    assert!(polled(leaves.as_mut()).is_none());
    drop(leaves);
    let mut waits = pin!(barrier.wait());
    assert!(polled(waits.as_mut()).is_none());
    assert!(polled(pin!(barrier.wait())).unwrap().is_leader());
    assert!(!polled(waits.as_mut()).unwrap().is_leader());
}

#[test]
fn alone_there_is_nobody_to_wait_for() {
    for size in [0, 1] {
        let barrier = Barrier::new(size);
        assert!(polled(pin!(barrier.wait())).unwrap().is_leader());
    }
}
