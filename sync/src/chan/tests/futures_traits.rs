//! Streams and sinks.

use std::{
    pin::pin,
    task::{Context, Poll},
};

use futures::{SinkExt, StreamExt, stream};

use super::{Drops, Wakes, block_on, now};
use crate::{chan, chan::SendError, select};

#[test]
fn a_receiver_is_a_stream() {
    let (tx, mut rx) = chan(2);
    assert_eq!(now(rx.next()), None);
    tx.try_send(1).unwrap();
    tx.try_send(2).unwrap();
    assert_eq!(now(rx.next()), Some(Some(1)));
    tx.try_send(3).unwrap();
    drop(tx);
    assert_eq!(block_on(rx.collect::<Vec<_>>()), [2, 3]);
}

#[test]
fn a_stream_that_is_dropped_gives_back_what_it_was_given() {
    let (tx, mut rx) = chan(0);
    let other = rx.clone();
    assert_eq!(now(rx.next()), None);
    tx.try_send(1).unwrap();
    drop(rx);
    assert_eq!(other.try_recv(), Ok(1));
}

#[test]
fn a_sender_is_a_sink() {
    let (mut tx, rx) = chan(1);
    // The second has no room, and is kept.
    assert_eq!(now(tx.feed(1)), Some(Ok(())));
    assert_eq!(now(tx.feed(2)), Some(Ok(())));
    assert_eq!(now(tx.feed(3)), None);
    assert_eq!(now(tx.flush()), None);
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(now(tx.flush()), Some(Ok(())));
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(now(tx.send(4)), Some(Ok(())));
    assert_eq!(now(tx.feed(5)), Some(Ok(())));
    rx.close();
    assert_eq!(now(SinkExt::close(&mut tx)), Some(Err(SendError(5))));
    assert_eq!(now(tx.feed(6)), Some(Err(SendError(6))));
}

#[test]
fn a_sink_that_is_dropped_drops_its_item() {
    let drops = Drops::default();
    let (mut tx, rx) = chan(0);
    assert!(now(tx.feed(drops.value(1))).is_some());
    assert!(now(tx.flush()).is_none());
    drop(tx);
    assert_eq!(drops.count(), 1);
    assert!(rx.try_recv().is_err());
}

#[test]
fn a_stream_is_forwarded() {
    let (tx, rx) = chan(0);
    let sending = async move {
        let mut values = stream::iter(0..100).map(Ok);
        let mut tx = tx;
        tx.send_all(&mut values).await.unwrap();
    };
    let (values, ()) = block_on(futures::future::join(rx.collect::<Vec<_>>(), sending));
    assert!(values.into_iter().eq(0..100));
}

/// A `next` that was dropped leaves its receiver registered; what is sent then is anybody's.
#[test]
fn a_next_that_was_dropped_takes_nothing() {
    for capacity in [0, 1, 2] {
        let (tx, mut rx) = chan(capacity);
        assert_eq!(now(rx.next()), None);
        tx.try_send(1).unwrap();
        assert_eq!(now(rx.recv()), Some(Some(1)), "recv, {capacity}");
        assert_eq!(now(rx.next()), None);
        tx.try_send(2).unwrap();
        assert_eq!(rx.try_recv(), Ok(2), "try_recv, {capacity}");
        assert_eq!(now(rx.next()), None);
        tx.try_send(3).unwrap();
        assert_eq!(rx.clone().try_recv(), Ok(3), "a clone, {capacity}");
        assert_eq!(now(rx.next()), None);
        tx.try_send(4).unwrap();
        assert_eq!(rx.len(), 1);
        assert_eq!(now(rx.next()), Some(Some(4)), "the next, {capacity}");
    }
}

#[test]
fn a_next_that_was_dropped_delays_nobody_who_waits() {
    let (tx, rx) = chan(0);
    let (mut first, mut second, mut third) = (rx.clone(), rx.clone(), rx.clone());
    // Nobody polls the first any more.
    assert_eq!(now(first.next()), None);
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    assert!(second.poll_next_unpin(&mut cx).is_pending());
    assert!(third.poll_next_unpin(&mut cx).is_pending());
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    // It goes to who waits by `recv`, though that one came last.
    tx.try_send(1).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(recv.poll(&mut cx), Poll::Ready(Some(1)));
    // The streams are all told, and the first who looks has it.
    tx.try_send(2).unwrap();
    assert_eq!(wakes.count(), 3);
    assert_eq!(second.poll_next_unpin(&mut cx), Poll::Ready(Some(2)));
    assert!(third.poll_next_unpin(&mut cx).is_pending());
    // A reserved place, and a value that is given back.
    let (tx, mut rx) = chan(1);
    let permit = tx.try_reserve().unwrap();
    assert!(rx.poll_next_unpin(&mut cx).is_pending());
    permit.send(3);
    assert_eq!(wakes.count(), 4);
    assert_eq!(rx.poll_next_unpin(&mut cx), Poll::Ready(Some(3)));
    let other = rx.clone();
    let mut recv = Box::pin(other.recv());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    assert!(rx.poll_next_unpin(&mut cx).is_pending());
    tx.try_send(4).unwrap();
    assert_eq!(wakes.count(), 5);
    drop(recv);
    assert_eq!(wakes.count(), 6);
    assert_eq!(rx.poll_next_unpin(&mut cx), Poll::Ready(Some(4)));
    assert!(rx.poll_next_unpin(&mut cx).is_pending());
    drop(tx);
    assert_eq!(wakes.count(), 7);
    assert_eq!(rx.poll_next_unpin(&mut cx), Poll::Ready(None));
}

/// A select that receives from one channel by its stream and loses leaves it registered too.
#[test]
fn a_stream_that_lost_a_select_takes_nothing() {
    let (tx, mut rx) = chan(0);
    let (other_tx, other) = chan(1);
    other_tx.try_send(0).unwrap();
    block_on(async {
        select! {
            biased;
            _ = rx.next() => unreachable!(),
            _ = other.recv() => {}
        }
    });
    tx.try_send(1).unwrap();
    assert_eq!(now(rx.recv()), Some(Some(1)));
}
