use std::pin::pin;

use futures::executor::block_on;

use super::*;
use crate::test_kit::{each_executor, polled, yield_now};

#[test]
fn a_change_is_seen_once() {
    let (sender, mut receiver) = channel(1);
    assert_eq!(receiver.has_changed(), Ok(false));
    assert!(polled(pin!(receiver.changed())).is_none());
    sender.send(2).unwrap();
    sender.send(3).unwrap();
    assert_eq!(receiver.has_changed(), Ok(true));
    assert_eq!(*receiver.borrow(), 3);
    let mut late = receiver.clone();
    block_on(receiver.changed()).unwrap();
    assert!(polled(pin!(receiver.changed())).is_none());
    assert_eq!(*late.borrow_and_update(), 3);
    assert_eq!(late.has_changed(), Ok(false));
    late.mark_changed();
    assert_eq!(late.has_changed(), Ok(true));
    late.mark_unchanged();
    assert_eq!(late.has_changed(), Ok(false));
    assert_eq!(sender.subscribe().has_changed(), Ok(false));
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn every_receiver_ends_with_the_last_value() {
    each_executor(|spawner| {
        let (sender, receiver) = channel(0);
        let tasks: Vec<_> = (0..4)
            .map(|_| {
                let mut receiver = receiver.clone();
                spawner.spawn(async move {
                    let mut last = 0;
                    while receiver.changed().await.is_ok() {
                        let value = *receiver.borrow_and_update();
                        assert!(value > last, "{value} after {last}");
                        last = value;
                    }
                    last
                })
            })
            .collect();
        let sends = spawner.spawn(async move {
            for n in 1..=200 {
                sender.send_replace(n);
                yield_now().await;
            }
        });
        spawner.join_all(vec![sends]);
        assert_eq!(spawner.join_all(tasks), [200; 4]);
    });
}

#[test]
fn the_last_value_is_seen_before_the_end() {
    let (sender, mut receiver) = channel(0);
    let other = sender.clone();
    sender.send(1).unwrap();
    drop((sender, other));
    assert_eq!(receiver.has_changed(), Ok(true));
    assert_eq!(block_on(receiver.changed()), Ok(()));
    assert_eq!(block_on(receiver.changed()), Err(RecvError(())));
    assert_eq!(receiver.has_changed(), Err(RecvError(())));
    assert_eq!(*receiver.borrow(), 1);
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn one_who_waits_is_woken_by_the_end() {
    each_executor(|spawner| {
        let (sender, mut receiver) = channel(0);
        let waits = spawner.spawn(async move { receiver.changed().await });
        drop(sender);
        assert_eq!(spawner.join_all(vec![waits]), [Err(RecvError(()))]);
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn waiting_for_a_value_passes_over_others() {
    each_executor(|spawner| {
        let (sender, mut receiver) = channel(0);
        let waits = spawner.spawn(async move {
            let waited = receiver.wait_for(|n| *n >= 3).await;
            waited.map(|n| *n)
        });
        for n in 1..=3 {
            sender.send_replace(n);
        }
        assert_eq!(spawner.join_all(vec![waits]), [Ok(3)]);
        let mut receiver = sender.subscribe();
        drop(sender);
        assert!(block_on(receiver.wait_for(|n| *n > 3)).is_err());
    });
}

#[test]
fn a_sender_learns_that_nobody_watches() {
    let (sender, receiver) = channel(0);
    let second = sender.subscribe();
    let mut closed = pin!(sender.closed());
    assert!(polled(closed.as_mut()).is_none());
    drop(receiver);
    assert!(polled(closed.as_mut()).is_none());
    drop(second);
    assert!(polled(closed).is_some());
    assert_eq!(sender.send(1), Err(SendError(1)));
    assert_eq!(sender.send_replace(2), 0);
    assert!(!sender.send_if_modified(|_| false));
    assert_eq!(*sender.borrow(), 2);
}
