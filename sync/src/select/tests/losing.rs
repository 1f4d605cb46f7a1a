//! What becomes of the arms that do not happen, and of a select that is dropped.

use std::{mem, pin::pin, task::Poll};

use super::{Drops, block_on, now, poll};
use crate::chan;

#[test]
fn a_send_that_loses_was_not_sent() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    block_on(async {
        select! {
            _ = tx.send(drops.value(1)) => unreachable!("nobody receives"),
            _ = std::future::ready(()) => {}
        }
    });
    assert_eq!(drops.count(), 1);
    assert!(rx.try_recv().is_err());
}

#[test]
fn a_slot_that_loses_keeps_its_value() {
    let (tx, rx) = chan(0);
    let (cancel, cancelled) = chan::<()>(0);
    let mut slot = Some(String::from("kept"));
    for _ in 0..3 {
        {
            let mut select = pin!(async {
                select! {
                    sent = tx.send_from(&mut slot) => sent.is_ok(),
                    _ = cancelled.recv() => false,
                }
            });
            assert!(poll(select.as_mut()).is_pending());
            cancel.try_send(()).unwrap();
            // It is decided: the value cannot be taken any more.
            assert!(rx.try_recv().is_err());
            assert_eq!(poll(select), Poll::Ready(false));
        }
        assert_eq!(slot.as_deref(), Some("kept"));
    }
    let peeked = select! {
        _ = tx.send_from(&mut slot) => true,
        default => false,
    };
    assert!(!peeked && slot.is_some());
    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    block_on(async {
        select! {
            sent = tx.send_from(&mut slot) => assert_eq!(sent, Ok(())),
            _ = cancelled.recv() => unreachable!(),
        }
    });
    assert_eq!((slot, now(recv)), (None, Some(Some("kept".into()))));
}

#[test]
fn a_select_that_is_dropped_after_it_was_decided_gives_the_value_back() {
    let (tx, rx) = chan(0);
    let (_never_tx, never) = chan::<i32>(0);
    let mut select = Box::pin(async {
        select! {
            value = never.recv() => value,
            value = rx.recv() => value,
        }
    });
    assert!(poll(select.as_mut()).is_pending());
    tx.try_send(1).unwrap();
    drop(select);
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_select_that_is_dropped_while_it_waits_leaves_nothing() {
    let (tx, rx) = chan::<i32>(0);
    let mut select = Box::pin(async {
        select! {
            _ = tx.send(1) => {}
            _ = rx.recv() => {}
        }
    });
    assert!(poll(select.as_mut()).is_pending());
    drop(select);
    assert!(tx.try_send(1).is_err());
    assert!(rx.try_recv().is_err());
}

#[test]
#[cfg_attr(miri, ignore = "it leaks on purpose")]
fn a_select_that_is_forgotten_takes_part_once() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    let (other_tx, other) = chan(0);
    let mut select = Box::pin(async {
        select! {
            _ = rx.recv() => {}
            _ = other.recv() => {}
        }
    });
    assert!(poll(select.as_mut()).is_pending());
    mem::forget(select);
    assert!(tx.try_send(drops.value(1)).is_ok());
    assert!(tx.try_send(drops.value(2)).is_err());
    assert!(other_tx.try_send(drops.value(3)).is_err());
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_select_whose_arm_panics_leaves_sound_channels() {
    let (tx, rx) = chan::<i32>(0);
    let mut select = Box::pin(async {
        select! {
            biased;
            value = rx.recv() => value,
            _ = async { panic!("expected") } => None,
        }
    });
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| poll(select.as_mut())));
    assert!(panicked.is_err());
    assert!(tx.try_send(1).is_err());
    drop(select);
    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    tx.try_send(2).unwrap();
    assert_eq!(poll(recv), Poll::Ready(Some(2)));
}

#[test]
fn a_loop_beside_another_future_loses_nothing() {
    const VALUES: usize = if cfg!(miri) { 20 } else { 1000 };
    // Polled by hand: each round a select begins, and is dropped or decided.
    let (tx, rx) = chan(0);
    let (tick, ticks) = chan::<()>(1);
    let mut received = Vec::new();
    let consumer = async {
        loop {
            select! {
                value = rx.recv() => match value {
                    Some(value) => received.push(value),
                    None => break,
                },
                _ = ticks.recv() => {}
            }
        }
    };
    let producer = async {
        for i in 0..VALUES {
            let mut slot = Some(i);
            while slot.is_some() {
                select! {
                    sent = tx.send_from(&mut slot) => sent.unwrap(),
                    _ = tick.send(()) => {}
                }
            }
        }
        tx.close();
    };
    block_on(futures::future::join(consumer, producer));
    assert!(received.into_iter().eq(0..VALUES));
}
