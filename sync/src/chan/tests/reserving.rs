//! Places that are kept for values which come later.

use std::{pin::pin, task::Poll};

use super::{Drops, now, poll};
use crate::{
    chan,
    chan::{SendError, TryRecvError, TrySendError},
};

#[test]
fn a_place_is_kept_until_it_is_used_or_dropped() {
    let (tx, rx) = chan(2);
    let used = now(tx.reserve()).unwrap().unwrap();
    let dropped = tx.try_reserve().unwrap();
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Full(()));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
    drop(dropped);
    assert_eq!(tx.try_send(2), Ok(()));
    used.send(3);
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(2), Ok(3)));
}

#[test]
fn those_who_wait_to_reserve_and_to_send_stand_in_one_queue() {
    let (tx, rx) = chan(1);
    tx.try_send(0).unwrap();
    let mut reserve = pin!(tx.reserve());
    let mut send = pin!(tx.send(2));
    assert!(poll(reserve.as_mut()).is_pending());
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    assert!(poll(send.as_mut()).is_pending());
    let Poll::Ready(Ok(permit)) = poll(reserve) else {
        panic!("it has a place")
    };
    permit.send(1);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll(send), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
}

#[test]
fn a_place_that_was_given_and_not_seen_goes_to_the_next() {
    let (tx, rx) = chan(1);
    tx.try_send(0).unwrap();
    let mut reserve = Box::pin(tx.reserve());
    let mut send = pin!(tx.send(1));
    assert!(poll(reserve.as_mut()).is_pending());
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(0));
    drop(reserve);
    assert_eq!(poll(send), Poll::Ready(Ok(())));
    assert_eq!(rx.try_recv(), Ok(1));
}

#[test]
fn a_receiver_takes_from_a_parked_sender_while_all_places_are_reserved() {
    let (tx, rx) = chan(1);
    let permit = tx.try_reserve().unwrap();
    let mut reserve = pin!(tx.reserve());
    let mut send = pin!(tx.send(1));
    assert!(poll(reserve.as_mut()).is_pending());
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(poll(send), Poll::Ready(Ok(())));
    // A receiver that waits gets the value at once; the place is free then.
    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    permit.send(2);
    assert_eq!(poll(recv), Poll::Ready(Some(2)));
    assert!(poll(reserve).is_ready());
}

#[test]
fn a_place_outlives_the_close() {
    let (tx, rx) = chan(2);
    let (used, dropped) = (tx.try_reserve().unwrap(), tx.try_reserve().unwrap());
    let mut waiting = pin!(tx.reserve());
    assert!(poll(waiting.as_mut()).is_pending());
    tx.close();
    assert!(matches!(poll(waiting), Poll::Ready(Err(SendError(())))));
    assert_eq!(tx.try_reserve().unwrap_err(), TrySendError::Closed(()));
    let mut first = pin!(rx.recv());
    let mut second = pin!(rx.recv());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    used.send(1);
    assert_eq!(poll(first), Poll::Ready(Some(1)));
    assert!(poll(second.as_mut()).is_pending());
    drop(dropped);
    assert_eq!(poll(second), Poll::Ready(None));
}

#[test]
fn the_last_use_of_a_place_tells_the_end_too() {
    let (tx, rx) = chan(1);
    let permit = tx.try_reserve().unwrap();
    let mut first = pin!(rx.recv());
    let mut second = pin!(rx.recv());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    tx.close();
    permit.send(1);
    assert_eq!(poll(first), Poll::Ready(Some(1)));
    assert_eq!(poll(second), Poll::Ready(None));
}

#[test]
fn a_value_for_a_place_that_nobody_receives_is_dropped() {
    let drops = Drops::default();
    let (tx, rx) = chan(1);
    let permit = tx.try_reserve().unwrap();
    drop(rx);
    permit.send(drops.value(1));
    assert_eq!(drops.count(), 1);
}

#[test]
#[should_panic(expected = "a channel of capacity 0 has no place to reserve")]
fn a_rendezvous_cannot_be_reserved() {
    let (tx, _rx) = chan::<u8>(0);
    drop(tx.reserve());
}
