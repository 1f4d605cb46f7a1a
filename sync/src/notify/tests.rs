use std::pin::pin;

use super::*;
use crate::test_kit::{each_executor, polled};

#[test]
fn one_notification_is_kept_where_nobody_waits() {
    let notify = Notify::new();
    notify.notify_one();
    notify.notify_one();
    assert!(polled(pin!(notify.notified())).is_some());
    assert!(polled(pin!(notify.notified())).is_none());
}

#[test]
fn notifications_go_to_those_who_wait_in_their_order() {
    let notify = Notify::new();
    let (mut one, mut two) = (pin!(notify.notified()), pin!(notify.notified()));
    assert!(polled(two.as_mut()).is_none());
    assert!(polled(one.as_mut()).is_none());
    notify.notify_one();
    assert!(polled(one.as_mut()).is_none());
    assert!(polled(two.as_mut()).is_some());
    notify.notify_one();
    assert!(polled(one.as_mut()).is_some());
}

#[test]
fn all_are_notified_who_were_made_before() {
    let notify = Notify::new();
    let (mut polled_before, mut made_before) = (pin!(notify.notified()), pin!(notify.notified()));
    assert!(polled(polled_before.as_mut()).is_none());
    notify.notify_waiters();
    let mut made_after = pin!(notify.notified());
    assert!(polled(polled_before).is_some());
    assert!(polled(made_before.as_mut()).is_some());
    assert!(polled(made_after.as_mut()).is_none());
}

#[test]
fn one_who_is_notified_and_dropped_hands_it_on() {
    let notify = Notify::new();
    let mut dropped = Box::pin(notify.notified());
    let mut waits = pin!(notify.notified());
    assert!(polled(dropped.as_mut()).is_none());
    assert!(polled(waits.as_mut()).is_none());
    notify.notify_one();
    drop(dropped);
    assert!(polled(waits.as_mut()).is_some());

    // What was told to all is not handed on.
    let mut dropped = Box::pin(notify.notified());
    assert!(polled(dropped.as_mut()).is_none());
    notify.notify_waiters();
    drop(dropped);
    assert!(polled(pin!(notify.notified())).is_none());
}

#[test]
fn one_who_is_enabled_is_notified_though_it_was_not_polled() {
    let notify = Arc::new(Notify::new());
    let mut enabled = pin!(notify.clone().notified_owned());
    assert!(!enabled.as_mut().enable());
    notify.notify_one();
    assert!(polled(pin!(notify.notified())).is_none());
    assert!(polled(enabled).is_some());
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn tasks_hand_a_token_around() {
    each_executor(|spawner| {
        let rooms: Vec<_> = (0..4).map(|_| Arc::new(Notify::new())).collect();
        let tasks: Vec<_> = (0..4)
            .map(|n| {
                let (mine, next) = (rooms[n].clone(), rooms[(n + 1) % 4].clone());
                spawner.spawn(async move {
                    for _ in 0..200 {
                        mine.notified().await;
                        next.notify_one();
                    }
                })
            })
            .collect();
        rooms[0].notify_one();
        spawner.join_all(tasks);
    });
}
