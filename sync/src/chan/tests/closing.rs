//! Who is told of a close, and what is received after it.

use std::{pin::pin, task::Poll};

use super::{Drops, now, poll};
use crate::{
    chan,
    chan::{SendError, TryRecvError, TrySendError},
};

#[test]
fn what_was_buffered_is_received_after_the_close() {
    for by_sender in [true, false] {
        let (tx, rx) = chan(2);
        tx.try_send(1).unwrap();
        tx.try_send(2).unwrap();
        assert!(if by_sender { tx.close() } else { rx.close() });
        assert!(!tx.close() && !rx.close());
        assert!(tx.is_closed() && rx.is_closed());
        assert_eq!(now(tx.send(3)), Some(Err(SendError(3))));
        assert_eq!(tx.try_send(4), Err(TrySendError::Closed(4)));
        assert_eq!(now(rx.recv()), Some(Some(1)));
        assert_eq!(now(rx.recv()), Some(Some(2)));
        assert_eq!(now(rx.recv()), Some(None));
        assert_eq!(rx.try_recv(), Err(TryRecvError::Closed));
    }
}

#[test]
fn the_last_sender_closes() {
    let (tx, rx) = chan::<u8>(1);
    let other = tx.clone();
    drop(tx);
    assert!(!rx.is_closed());
    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    drop(other);
    assert!(rx.is_closed());
    assert_eq!(poll(recv), Poll::Ready(None));
}

#[test]
fn the_last_receiver_closes_and_drops_what_is_buffered() {
    let drops = Drops::default();
    let (tx, rx) = chan(2);
    tx.try_send(drops.value(1)).unwrap();
    tx.try_send(drops.value(2)).unwrap();
    let other = rx.clone();
    drop(rx);
    assert_eq!((tx.is_closed(), drops.count()), (false, 0));
    let mut send = pin!(tx.send(drops.value(3)));
    assert!(poll(send.as_mut()).is_pending());
    drop(other);
    assert_eq!(drops.count(), 2);
    let Poll::Ready(Err(SendError(value))) = poll(send) else {
        panic!("it is closed")
    };
    assert_eq!((value.0, tx.len()), (3, 0));
    assert!(now(tx.send(value)).unwrap().is_err());
    assert_eq!(drops.count(), 3);
}

#[test]
fn all_who_wait_are_told() {
    // More than are woken in one section.
    const WAITERS: usize = 100;
    let (tx, rx) = chan::<usize>(0);
    let mut recvs: Vec<_> = (0..WAITERS).map(|_| Box::pin(rx.recv())).collect();
    recvs
        .iter_mut()
        .for_each(|it| assert!(poll(it.as_mut()).is_pending()));
    tx.close();
    recvs
        .into_iter()
        .for_each(|it| assert_eq!(now(it), Some(None)));

    let (tx, rx) = chan(0);
    let mut sends: Vec<_> = (0..WAITERS).map(|i| Box::pin(tx.send(i))).collect();
    sends
        .iter_mut()
        .for_each(|it| assert!(poll(it.as_mut()).is_pending()));
    rx.close();
    for (i, send) in sends.into_iter().enumerate() {
        assert_eq!(now(send), Some(Err(SendError(i))));
    }
    assert_eq!(now(rx.recv()), Some(None));
}
