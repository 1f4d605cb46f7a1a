//! Streams and sinks.

use futures::{SinkExt, StreamExt, stream};

use super::{Drops, block_on, now};
use crate::{chan, chan::SendError};

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
