//! Futures and ends that go at every step: no value is lost, none comes twice, each is dropped once.

use std::{
    mem,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
};

use super::{Drops, Wakes, now, poll};
use crate::{chan, chan::Recv};

#[test]
fn a_value_that_was_given_and_not_seen_goes_to_the_next_who_waits() {
    let (tx, rx) = chan(0);
    let (wakes, waker) = Wakes::new();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut first = Box::pin(rx.recv());
    let mut second = pin!(rx.recv());
    assert!(poll(first.as_mut()).is_pending());
    assert!(second.as_mut().poll(&mut cx).is_pending());
    tx.try_send(1).unwrap();
    assert_eq!(wakes.count(), 0);
    drop(first);
    assert_eq!(wakes.count(), 1);
    assert_eq!(poll(second), Poll::Ready(Some(1)));
}

#[test]
fn a_value_that_was_given_and_not_seen_goes_to_the_front() {
    for capacity in [0, 1, 2] {
        let (tx, rx) = chan(capacity);
        let mut recv = Box::pin(rx.recv());
        assert!(poll(recv.as_mut()).is_pending());
        for i in 0..=capacity {
            tx.try_send(i).unwrap();
        }
        assert!(tx.try_send(9).is_err());
        drop(recv);
        // One more than the capacity.
        assert_eq!(rx.len(), capacity + 1);
        let mut late = pin!(tx.send(capacity + 1));
        assert!(poll(late.as_mut()).is_pending());
        for i in 0..=capacity + 1 {
            assert_eq!(rx.try_recv(), Ok(i));
        }
        assert_eq!(poll(late), Poll::Ready(Ok(())));
    }
}

#[test]
fn a_value_that_goes_back_to_a_closed_channel_is_received() {
    let (tx, rx) = chan(0);
    let mut first = Box::pin(rx.recv());
    let mut second = pin!(rx.recv());
    assert!(poll(first.as_mut()).is_pending());
    assert!(poll(second.as_mut()).is_pending());
    tx.try_send(1).unwrap();
    tx.close();
    drop(first);
    assert_eq!(poll(second), Poll::Ready(Some(1)));
    assert_eq!(now(rx.recv()), Some(None));
}

#[test]
fn a_send_that_is_dropped_was_not_sent() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    {
        let mut send = pin!(tx.send(drops.value(1)));
        assert!(poll(send.as_mut()).is_pending());
    }
    assert_eq!(drops.count(), 1);
    assert!(rx.try_recv().is_err());
    // One that was never polled.
    drop(tx.send(drops.value(2)));
    assert_eq!(drops.count(), 2);
}

#[test]
fn a_send_that_was_taken_and_not_seen_was_sent() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    let mut send = Box::pin(tx.send(drops.value(1)));
    assert!(poll(send.as_mut()).is_pending());
    let value = rx.try_recv().unwrap();
    drop(send);
    assert_eq!(drops.count(), 0);
    drop(value);
    assert_eq!(drops.count(), 1);
}

#[test]
fn those_in_the_middle_of_a_list_leave_it() {
    let (tx, rx) = chan(0);
    let mut sends: Vec<_> = (0..5).map(|i| Some(Box::pin(tx.send(i)))).collect();
    for send in sends.iter_mut().flatten() {
        assert!(poll(send.as_mut()).is_pending());
    }
    for gone in [2, 0, 4] {
        sends[gone] = None;
    }
    assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(rx.try_recv(), Ok(3));
    assert!(rx.try_recv().is_err());
}

#[test]
#[cfg_attr(miri, ignore = "it leaks on purpose")]
fn futures_that_are_forgotten_leave_a_sound_channel() {
    let drops = Drops::default();
    let (tx, rx) = chan(0);
    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    mem::forget(recv);
    // It waits on, and gets a value that nobody will see.
    assert!(tx.try_send(drops.value(1)).is_ok());
    assert!(tx.try_send(drops.value(2)).is_err());

    let mut send = Box::pin(tx.send(drops.value(3)));
    assert!(poll(send.as_mut()).is_pending());
    mem::forget(send);
    let mut slot = Some(drops.value(4));
    let mut send = Box::pin(tx.send_from(&mut slot));
    assert!(poll(send.as_mut()).is_pending());
    mem::forget(send);
    assert!(slot.is_none());
    drop(slot);
    // What was to be sent is sent, wherever the slot is now.
    assert_eq!(rx.try_recv().unwrap().0, 3);
    assert_eq!(rx.try_recv().unwrap().0, 4);

    let mut recv = Box::pin(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    mem::forget(recv);
    drop((tx, rx));
    assert_eq!(drops.count(), 3);
}

#[test]
#[cfg_attr(miri, ignore = "it leaks on purpose")]
fn ends_that_are_forgotten_keep_the_channel_open() {
    let (tx, rx) = chan::<u8>(1);
    mem::forget(tx.clone());
    drop(tx);
    assert!(!rx.is_closed());
    assert_eq!(now(rx.recv()), None);
}

/// A value whose drop uses its own channel: dropped under the lock it would stand still.
struct Reenters(crate::Sender<Option<Reenters>>);

impl Drop for Reenters {
    fn drop(&mut self) {
        let _ = self.0.try_send(None);
        let _ = self.0.len();
    }
}

#[test]
fn values_are_dropped_outside_of_the_lock() {
    let (tx, rx) = chan(3);
    assert!(tx.try_send(Some(Reenters(tx.clone()))).is_ok());
    assert!(tx.try_send(Some(Reenters(tx.clone()))).is_ok());
    drop(rx.try_recv());
    {
        let mut send = pin!(tx.send(Some(Reenters(tx.clone()))));
        let _ = poll(send.as_mut());
    }
    drop(rx);
    assert!(tx.is_closed());
}

/// A waker that uses the channel when it is cloned, woken and dropped.
#[test]
fn wakers_are_used_outside_of_the_lock() {
    use std::{
        sync::Arc,
        task::{Context, Wake, Waker},
    };

    struct Uses(crate::Sender<u8>);
    impl Wake for Uses {
        fn wake(self: Arc<Self>) {
            let _ = self.0.len();
        }
    }
    impl Drop for Uses {
        fn drop(&mut self) {
            let _ = self.0.len();
        }
    }

    let (tx, rx) = chan(0);
    for _ in 0..3 {
        let waker = Waker::from(Arc::new(Uses(tx.clone())));
        let mut recv = Box::pin(rx.recv());
        assert!(
            recv.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(waker);
        // Exchanged for another.
        let waker = Waker::from(Arc::new(Uses(tx.clone())));
        assert!(
            recv.as_mut()
                .poll(&mut Context::from_waker(&waker))
                .is_pending()
        );
        drop(waker);
        tx.try_send(1).unwrap();
        assert_eq!(now(recv), Some(Some(1)));
    }
    let waker = Waker::from(Arc::new(Uses(tx.clone())));
    let mut recv = Box::pin(rx.recv());
    assert!(
        recv.as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_pending()
    );
    drop(waker);
    drop(recv);
}

/// Polls with a waker of its own, then ends it in some way. How often the waker is left.
fn wakers_left<F: Future>(waiting: F, end: impl FnOnce(Pin<Box<F>>)) -> usize {
    let (wakes, waker) = Wakes::new();
    let mut waiting = Box::pin(waiting);
    let polled = waiting.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    drop(waker);
    assert_eq!(Arc::strong_count(&wakes), 2, "it waits");
    end(waiting);
    Arc::strong_count(&wakes) - 1
}

#[test]
fn nothing_is_left_of_a_waker_however_the_wait_ends() {
    let (tx, rx) = chan(0);
    assert_eq!(wakers_left(rx.recv(), drop), 0, "dropped");
    assert_eq!(wakers_left(tx.send(0), drop), 0, "dropped");
    let taken = |_| assert_eq!(rx.try_recv(), Ok(1));
    assert_eq!(wakers_left(tx.send(1), taken), 0, "taken");
    let given = |mut waiting: Pin<Box<Recv<'_, i32>>>| {
        tx.try_send(2).unwrap();
        assert_eq!(poll(waiting.as_mut()), Poll::Ready(Some(2)));
    };
    assert_eq!(wakers_left(rx.recv(), given), 0, "given");
    let moved = |mut waiting: Pin<Box<Recv<'_, i32>>>| {
        assert!(poll(waiting.as_mut()).is_pending());
    };
    assert_eq!(
        wakers_left(rx.recv(), moved),
        0,
        "polled with another waker"
    );
    let closed = |_| assert!(tx.close());
    assert_eq!(wakers_left(rx.recv(), closed), 0, "closed");
}
