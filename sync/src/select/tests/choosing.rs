//! Which arm happens, and that a waiting select is found.

use std::{
    pin::pin,
    task::{Context, Poll},
};

use super::{Wakes, block_on, now, poll};
use crate::chan;

#[test]
fn biased_takes_the_first_that_is_ready() {
    block_on(async {
        let (_, closed) = chan::<()>(0);
        for _ in 0..100 {
            let chosen = select! {
                biased;
                _ = std::future::pending::<()>() => 0,
                _ = closed.recv() => 1,
                _ = closed.recv() => 2,
            };
            assert_eq!(chosen, 1);
        }
    });
}

#[test]
#[cfg_attr(miri, ignore = "10,000 rounds")]
fn each_that_is_ready_is_taken_as_often() {
    const ROUNDS: usize = 10_000;
    block_on(async {
        let (_, closed) = chan::<()>(0);
        let (_open, never) = chan::<()>(0);
        let mut counts = [0_usize; 4];
        for _ in 0..ROUNDS {
            let chosen = select! {
                _ = closed.recv() => 0,
                _ = never.recv() => 1,
                _ = std::future::ready(()) => 2,
                _ = closed.recv() => 3,
            };
            counts[chosen] += 1;
        }
        assert_eq!(counts[1], 0);
        // A third each; seven standard deviations (47) are allowed.
        for chosen in [0, 2, 3] {
            assert!(counts[chosen].abs_diff(ROUNDS / 3) < 330, "{counts:?}");
        }
    });
}

#[test]
fn a_select_that_waits_is_found_in_each_channel() {
    for chosen in 0..3 {
        let (tx, rx) = chan::<i32>(0);
        let (other_tx, other_rx) = chan::<i32>(0);
        let (wakes, waker) = Wakes::new();
        let mut cx = Context::from_waker(&waker);
        let mut select = pin!(async {
            select! {
                value = rx.recv() => (0, value),
                sent = other_tx.send(7) => (1, sent.ok().map(|()| 7)),
                value = rx.recv() => (2, value),
            }
        });
        assert!(select.as_mut().poll(&mut cx).is_pending());
        assert!(select.as_mut().poll(&mut cx).is_pending());
        let expected = match chosen {
            0 => {
                tx.try_send(1).unwrap();
                Some(1)
            }
            1 => {
                assert_eq!(other_rx.try_recv(), Ok(7));
                Some(7)
            }
            _ => {
                tx.close();
                None
            }
        };
        // It is decided: nobody else finds it.
        assert_eq!(wakes.count(), 1);
        assert!(tx.try_send(2).is_err() && other_rx.try_recv().is_err());
        let Poll::Ready((arm, value)) = select.poll(&mut cx) else {
            panic!("it is decided")
        };
        assert_eq!((arm == 1, value), (chosen == 1, expected));
    }
}

#[test]
fn two_selects_meet() {
    for order in [false, true] {
        let (tx, rx) = chan::<i32>(0);
        let (_never_tx, never) = chan::<i32>(0);
        let mut receives = pin!(async {
            select! {
                value = never.recv() => value,
                value = rx.recv() => value,
            }
        });
        let mut sends = pin!(async {
            select! {
                _ = never.recv() => false,
                sent = tx.send(1) => sent.is_ok(),
            }
        });
        if order {
            assert!(poll(receives.as_mut()).is_pending());
            assert_eq!(poll(sends), Poll::Ready(true));
            assert_eq!(poll(receives), Poll::Ready(Some(1)));
        } else {
            assert!(poll(sends.as_mut()).is_pending());
            assert_eq!(poll(receives), Poll::Ready(Some(1)));
            assert_eq!(poll(sends), Poll::Ready(true));
        }
    }
}

/// Go: `TestSelfSelect`, runtime/chan_test.go.
#[test]
fn a_select_does_not_meet_itself() {
    for _ in 0..20 {
        let (tx, rx) = chan::<i32>(0);
        let mut select = pin!(async {
            select! {
                _ = tx.send(1) => "sent",
                Some(value) = rx.recv() => { assert_eq!(value, 2); "received" }
            }
        });
        assert!(poll(select.as_mut()).is_pending());
        assert!(poll(select.as_mut()).is_pending());
        tx.try_send(2).unwrap();
        assert_eq!(poll(select), Poll::Ready("received"));
        assert!(rx.try_recv().is_err());
    }
}

#[test]
fn a_closed_channel_that_does_not_match_leaves_the_others() {
    let (tx, rx) = chan::<i32>(0);
    let (other_tx, other) = chan::<i32>(0);
    let mut select = pin!(async {
        select! {
            Some(value) = rx.recv() => value,
            Some(value) = other.recv() => value,
            else => 0,
        }
    });
    assert!(poll(select.as_mut()).is_pending());
    // The close wins it; a sender that meets its other node meanwhile takes that out.
    drop(tx);
    assert!(other_tx.try_send(1).is_err());
    assert!(poll(select.as_mut()).is_pending());
    assert!(other_tx.try_send(2).is_ok());
    assert_eq!(poll(select), Poll::Ready(2));
}

#[test]
fn a_counterpart_that_came_while_the_select_was_decided_is_found_after_it() {
    let (tx, rx) = chan::<i32>(0);
    let (other_tx, other) = chan::<i32>(0);
    let mut select = pin!(async {
        select! {
            Some(value) = rx.recv() => value,
            Some(value) = other.recv() => value,
            else => 0,
        }
    });
    assert!(poll(select.as_mut()).is_pending());
    drop(tx);
    let mut send = pin!(other_tx.send(1));
    assert!(poll(send.as_mut()).is_pending());
    assert_eq!(poll(select), Poll::Ready(1));
    assert!(poll(send).is_ready());
}

#[test]
fn reserving_and_receiving_many_are_operations() {
    let (tx, rx) = chan(2);
    let mut values = Vec::new();
    {
        let mut select = pin!(async {
            select! {
                count = rx.recv_many(&mut values, 5) => assert_eq!(count, 1),
            }
        });
        assert!(poll(select.as_mut()).is_pending());
        tx.try_send(1).unwrap();
        assert!(poll(select).is_ready());
    }
    assert_eq!(values, [1]);

    tx.try_send(2).unwrap();
    tx.try_send(3).unwrap();
    let reserve = async {
        select! {
            permit = tx.reserve() => permit.unwrap().send(4),
        }
    };
    let mut reserve = pin!(reserve);
    assert!(poll(reserve.as_mut()).is_pending());
    assert_eq!(rx.try_recv(), Ok(2));
    assert!(poll(reserve).is_ready());
    assert_eq!((rx.try_recv(), rx.try_recv()), (Ok(3), Ok(4)));
}

#[test]
fn a_future_beside_operations_is_polled_and_heard() {
    let (_tx, rx) = chan::<i32>(0);
    let (mut polls, mut ready) = (0, false);
    let waker = std::cell::RefCell::new(None);
    let (wakes, own) = Wakes::new();
    let flag = std::cell::Cell::new(false);
    {
        let mut select = pin!(async {
            select! {
                _ = rx.recv() => {}
                _ = std::future::poll_fn(|cx| {
                    polls += 1;
                    *waker.borrow_mut() = Some(cx.waker().clone());
                    if flag.get() { Poll::Ready(()) } else { Poll::Pending }
                }) => ready = true,
            }
        });
        assert!(
            select
                .as_mut()
                .poll(&mut Context::from_waker(&own))
                .is_pending()
        );
        flag.set(true);
        waker.take().unwrap().wake();
        assert_eq!(wakes.count(), 1);
        assert!(now(select).is_some());
    }
    assert!(ready && polls == 2);
}
