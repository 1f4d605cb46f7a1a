//! What passes through a channel, in which order, and who waits for it.

use std::{
    pin::{Pin, pin},
    task::{Context, Poll},
    thread,
    time::Duration,
};

use super::{Wakes, block_on, now, poll};
use crate::{
    chan,
    chan::{SendError, TryRecvError, TrySendError},
    test_kit::{Watchdog, each_executor},
    unbounded,
};

#[test]
fn values_come_out_in_the_order_in_which_they_went_in() {
    let (tx, rx) = chan(3);
    for i in 0..3 {
        assert_eq!(now(tx.send(i)), Some(Ok(())));
    }
    assert_eq!(tx.try_send(3), Err(TrySendError::Full(3)));
    assert_eq!((tx.len(), rx.len(), rx.capacity()), (3, 3, Some(3)));
    for i in 0..3 {
        assert_eq!(now(rx.recv()), Some(Some(i)));
    }
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
}

#[test]
fn a_ring_goes_round() {
    let (tx, rx) = chan(5);
    let mut expected = 0;
    for i in 0..1000 {
        while tx.try_send(i).is_err() {
            assert_eq!(rx.try_recv(), Ok(expected));
            expected += 1;
        }
    }
    assert_eq!(expected, 995);
}

#[test]
fn unbounded_never_waits() {
    const VALUES: u32 = if cfg!(miri) { 100 } else { 10_000 };
    let (tx, rx) = unbounded();
    assert_eq!(tx.capacity(), None);
    for i in 0..VALUES {
        assert_eq!(now(tx.send(i)), Some(Ok(())));
    }
    for i in 0..VALUES {
        assert_eq!(rx.try_recv(), Ok(i));
    }
}

#[test]
fn a_rendezvous_needs_both() {
    let (tx, rx) = chan(0);
    assert_eq!(tx.try_send(1), Err(TrySendError::Full(1)));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));

    let mut send = pin!(tx.send(2));
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(2));
    assert_eq!(poll(send), Poll::Ready(Ok(())));

    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    assert_eq!(tx.try_send(3), Ok(()));
    assert_eq!(tx.try_send(4), Err(TrySendError::Full(4)));
    assert_eq!(poll(recv), Poll::Ready(Some(3)));
}

#[test]
fn who_waits_is_woken_once_by_who_hands_over() {
    let (tx, rx) = chan(0);
    let (wakes, waker) = Wakes::new();
    let mut cx = Context::from_waker(&waker);
    let mut recv = pin!(rx.recv());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    assert_eq!(wakes.count(), 0);
    tx.try_send(1).unwrap();
    assert_eq!(wakes.count(), 1);
    assert_eq!(recv.poll(&mut cx), Poll::Ready(Some(1)));
}

#[test]
fn the_waker_of_the_last_poll_is_woken() {
    let (tx, rx) = chan(0);
    let (first, first_waker) = Wakes::new();
    let (last, last_waker) = Wakes::new();
    let mut recv = pin!(rx.recv());
    for waker in [&first_waker, &last_waker, &last_waker] {
        assert!(
            recv.as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
    }
    tx.try_send(1).unwrap();
    assert_eq!((first.count(), last.count()), (0, 1));
}

#[test]
fn receivers_are_served_in_order() {
    let (tx, rx) = chan(0);
    let mut recvs: Vec<_> = (0..5).map(|_| Box::pin(rx.recv())).collect();
    for recv in &mut recvs {
        assert!(poll(recv.as_mut()).is_pending());
    }
    for i in 0..5 {
        tx.try_send(i).unwrap();
    }
    for (i, recv) in recvs.into_iter().enumerate() {
        assert_eq!(now(recv), Some(Some(i)));
    }
}

/// Takes those away that are ready, and says how many they were.
fn ready(sends: &mut Vec<Pin<Box<chan::Send<'_, usize>>>>) -> usize {
    let before = sends.len();
    sends.retain_mut(|send| poll(send.as_mut()).is_pending());
    before - sends.len()
}

#[test]
fn senders_are_served_in_order_and_move_up_into_the_buffer() {
    for capacity in [0, 1, 2] {
        let (tx, rx) = chan(capacity);
        let mut sends: Vec<_> = (0..5).map(|i| Box::pin(tx.send(i))).collect();
        assert_eq!(ready(&mut sends), capacity);
        for i in 0..5 {
            assert_eq!(rx.try_recv(), Ok(i));
            assert_eq!(ready(&mut sends), usize::from(i + capacity < 5));
        }
    }
}

#[test]
fn many_are_received_at_once() {
    for capacity in [0, 3, 100] {
        let (tx, rx) = chan(capacity);
        let mut sends: Vec<_> = (0..50).map(|i| Box::pin(tx.send(i))).collect();
        for send in &mut sends {
            let _ = poll(send.as_mut());
        }
        let mut values = vec![99];
        assert_eq!(now(rx.recv_many(&mut values, 0)), Some(0));
        assert_eq!(now(rx.recv_many(&mut values, 40)), Some(40));
        assert_eq!(now(rx.recv_many(&mut values, 40)), Some(10));
        assert_eq!(now(rx.recv_many(&mut values, 40)), None);
        assert!(values[1..].iter().copied().eq(0..50), "{values:?}");
    }
}

#[test]
fn a_sender_in_one_thread_and_a_receiver_in_another() {
    const VALUES: u32 = if cfg!(miri) { 50 } else { 10_000 };
    for capacity in [0, 1, 7] {
        let (tx, rx) = chan(capacity);
        let sender = thread::spawn(move || {
            for i in 0..VALUES {
                block_on(tx.send(i)).unwrap();
            }
        });
        for i in 0..VALUES {
            assert_eq!(block_on(rx.recv()), Some(i));
        }
        assert_eq!(block_on(rx.recv()), None);
        sender.join().unwrap();
    }
}

#[test]
fn every_value_is_received_once_among_many_threads() {
    const THREADS: usize = 4;
    const VALUES: usize = if cfg!(miri) { 20 } else { 3_000 };
    for capacity in [0, 3] {
        let (tx, rx) = chan(capacity);
        let senders: Vec<_> = (0..THREADS)
            .map(|thread| {
                let tx = tx.clone();
                thread::spawn(move || {
                    for i in 0..VALUES {
                        block_on(tx.send(thread * VALUES + i)).unwrap();
                    }
                })
            })
            .collect();
        drop(tx);
        let receivers: Vec<_> = (0..THREADS)
            .map(|_| {
                let rx = rx.clone();
                thread::spawn(move || {
                    std::iter::from_fn(|| block_on(rx.recv())).collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().for_each(|it| it.join().unwrap());
        let mut all = Vec::new();
        for receiver in receivers {
            all.extend(receiver.join().unwrap());
        }
        all.sort_unstable();
        assert!(all.into_iter().eq(0..THREADS * VALUES));
    }
}

#[test]
fn a_slot_keeps_its_value_until_it_is_sent() {
    let (tx, rx) = chan(0);
    let mut slot = Some(1);
    {
        let mut send = pin!(tx.send_from(&mut slot));
        assert!(poll(send.as_mut()).is_pending());
        assert!(poll(send.as_mut()).is_pending());
    }
    assert_eq!(slot, Some(1));
    assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));

    let mut recv = pin!(rx.recv());
    assert!(poll(recv.as_mut()).is_pending());
    assert_eq!(now(tx.send_from(&mut slot)), Some(Ok(())));
    assert_eq!(slot, None);
    assert_eq!(poll(recv), Poll::Ready(Some(1)));

    // Nothing to send.
    assert_eq!(now(tx.send_from(&mut slot)), None);

    slot = Some(2);
    rx.close();
    assert_eq!(now(tx.send_from(&mut slot)), Some(Err(SendError(()))));
    assert_eq!(slot, Some(2));
}

#[test]
fn values_without_size_and_large_ones() {
    let (tx, rx) = unbounded();
    (0..100).for_each(|_| tx.try_send(()).unwrap());
    assert_eq!(std::iter::from_fn(|| rx.try_recv().ok()).count(), 100);

    let (tx, rx) = chan(2);
    tx.try_send([7_u64; 1000]).unwrap();
    assert_eq!(rx.try_recv(), Ok([7; 1000]));
}

#[test]
fn a_great_capacity_costs_nothing_by_itself() {
    let (tx, rx) = chan::<[u8; 1 << 20]>(usize::MAX);
    assert_eq!(tx.capacity(), Some(usize::MAX - 1));
    assert!(rx.is_empty());
}

/// What a channel of capacity 1 with a parked receiver takes, but for the task's header: the shared core behind its counts,
/// and the future that waits (120 bytes are 128 for malloc). The buffer is not there before the first value.
#[test]
fn a_channel_is_small() {
    let (tx, rx) = chan::<u64>(1);
    let waits = async move { rx.recv().await };
    let core = 2 * size_of::<usize>() + size_of_val(&*tx.core);
    let future = size_of_val(&waits);
    assert!(core <= 120 && future <= 112, "core {core}, future {future}");
    assert_eq!(tx.core.with(|state| state.buffer_capacity()), 0);
}

/// Without a gmp runtime a thread watches the time.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_send_with_a_limit_works_anywhere() {
    let _watchdog = Watchdog::new();
    each_executor(|spawner| {
        let (tx, rx) = chan(0);
        let waits = tx.clone();
        let late = spawner.run(async move {
            let short = Duration::from_millis(2);
            waits.send_timeout(1, short).await.unwrap_err()
        });
        assert!(late.is_timeout());
        assert_eq!(late.into_inner(), 1);
        let (waits, received) = spawner.run(async move {
            let sends = tx.send_timeout(2, Duration::MAX);
            futures::future::join(sends, rx.recv()).await
        });
        assert!(waits.is_ok());
        assert_eq!(received, Some(2));
    });
}
