//! Go's own cases of `select`, rewritten: runtime/chan_test.go (Go 1.27) and
//! test/chan/{doubleselect,select,select3,select6,select7,sieve2}.go; select2.go is in `costs`, select4.go, select5.go and select8.go are in
//! `evaluation`. A nil channel is a guard that is false.

use std::{pin::pin, task::Poll};

use super::{now, poll};
use crate::{
    Receiver, Sender, chan,
    test_kit::{each_executor, yield_now},
};

/// `TestNonblockSelectRace` and `TestNonblockSelectRace2`: from the moment at which the other task starts one of two channels
/// is always ready, so it never finds none.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn default_sees_one_moment() {
    each_executor(|on| {
        for round in 0..500 {
            let (tx1, rx1) = chan(1);
            let (tx2, rx2) = chan(1);
            tx1.try_send(1).unwrap();
            let (other1, other2) = (rx1.clone(), rx2);
            let looks = on.spawn(async move {
                select! {
                    _ = other1.recv() => true,
                    _ = other2.recv() => true,
                    default => false,
                }
            });
            if round % 2 == 0 {
                let _ = tx2.try_send(1);
            } else {
                tx2.close();
            }
            let _ = rx1.try_recv();
            assert!(on.run(looks), "no channel was ready");
        }
    });
}

/// `TestSelfSelect`: two tasks that send and receive in one select, on one channel.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn selects_that_send_and_receive_on_one_channel() {
    each_executor(|on| {
        for capacity in [0, 10] {
            let (tx, rx) = chan(capacity);
            let tasks = (0..2)
                .map(|own| {
                    let (tx, rx) = (tx.clone(), rx.clone());
                    on.spawn(async move {
                        for i in 0..1000 {
                            let received = if own == 0 || i % 2 == 0 {
                                select! {
                                    _ = tx.send(own) => None,
                                    value = rx.recv() => value,
                                }
                            } else {
                                select! {
                                    value = rx.recv() => value,
                                    _ = tx.send(own) => None,
                                }
                            };
                            assert!(capacity > 0 || received != Some(own), "from itself");
                        }
                    })
                })
                .collect();
            on.join_all(tasks);
        }
    });
}

/// `TestSelectStress`: senders, receivers, and selects of each kind, on four channels.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn ten_tasks_on_four_channels() {
    const VALUES: usize = 1_000;
    each_executor(|on| {
        let (tx, rx): (Vec<_>, Vec<_>) = [0, 0, 2, 3].map(chan::<usize>).into_iter().unzip();
        let mut tasks = Vec::new();
        for (tx, rx) in tx.iter().cloned().zip(rx.iter().cloned()) {
            tasks.push(on.spawn(async move {
                for i in 0..VALUES {
                    tx.send(i).await.unwrap();
                }
            }));
            tasks.push(on.spawn(async move {
                for _ in 0..VALUES {
                    rx.recv().await.unwrap();
                }
            }));
        }
        let sends = async move {
            let mut n = [0; 4];
            for _ in 0..4 * VALUES {
                let chosen = select! {
                    sent = tx[3].send(0), if n[3] < VALUES => sent.map(|()| 3),
                    sent = tx[2].send(0), if n[2] < VALUES => sent.map(|()| 2),
                    sent = tx[0].send(0), if n[0] < VALUES => sent.map(|()| 0),
                    sent = tx[1].send(0), if n[1] < VALUES => sent.map(|()| 1),
                };
                n[chosen.unwrap()] += 1;
            }
            assert_eq!(n, [VALUES; 4]);
        };
        let receives = async move {
            let mut n = [0; 4];
            for _ in 0..4 * VALUES {
                let chosen = select! {
                    Some(_) = rx[0].recv(), if n[0] < VALUES => 0,
                    Some(_) = rx[1].recv(), if n[1] < VALUES => 1,
                    Some(_) = rx[2].recv(), if n[2] < VALUES => 2,
                    Some(_) = rx[3].recv(), if n[3] < VALUES => 3,
                };
                n[chosen] += 1;
            }
            assert_eq!(n, [VALUES; 4]);
        };
        tasks.push(on.spawn(sends));
        tasks.push(on.spawn(receives));
        on.join_all(tasks);
    });
}

/// `TestSelectFairness`: two channels that are always ready, beside two that never are, are taken as often.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn fairness() {
    const TRIALS: usize = 10_000;
    each_executor(|on| {
        let (tx1, rx1) = chan(TRIALS + 1);
        let (tx2, rx2) = chan(TRIALS + 1);
        for _ in 0..=TRIALS {
            tx1.try_send(0).unwrap();
            tx2.try_send(1).unwrap();
        }
        let (_tx3, rx3) = chan(0);
        let (_tx4, rx4) = chan(0);
        let (out, values) = chan::<usize>(0);
        let (done, is_done) = chan::<()>(0);
        let task = on.spawn(async move {
            loop {
                let value = select! {
                    value = rx3.recv() => value,
                    value = rx4.recv() => value,
                    value = rx1.recv() => value,
                    value = rx2.recv() => value,
                };
                select! {
                    _ = out.send(value.unwrap()) => {}
                    _ = is_done.recv() => return,
                }
            }
        });
        let counts = on.run(async move {
            let mut counts = [0_usize; 2];
            for _ in 0..TRIALS {
                counts[values.recv().await.unwrap()] += 1;
            }
            drop(done);
            task.await;
            counts
        });
        // Ten standard deviations, as in Go.
        assert!(counts[0].abs_diff(TRIALS / 2) < 500, "{counts:?}");
    });
}

/// `TestPseudoRandomSend`: a select of two sends on one channel sends both values now and then.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn random_sends() {
    const VALUES: usize = 100;
    each_executor(|on| {
        for capacity in [0, VALUES] {
            let (tx, rx) = chan(capacity);
            let receiver = on.spawn(async move {
                let mut ones = 0;
                for _ in 0..VALUES {
                    yield_now().await;
                    ones += rx.recv().await.unwrap();
                }
                ones
            });
            let ones: usize = on.run(async move {
                for _ in 0..VALUES {
                    select! {
                        _ = tx.send(1) => {}
                        _ = tx.send(0) => {}
                    }
                }
                receiver.await
            });
            assert!((VALUES / 10..VALUES * 9 / 10).contains(&ones), "{ones}");
        }
    });
}

/// `TestSelectDuplicateChannel`: a select stands twice in one queue, and leaves it without harm to who stands behind.
#[test]
fn a_channel_twice_in_a_select() {
    let (c_tx, c) = chan(0);
    let (d_tx, d) = chan(0);
    let mut a = pin!(async {
        select! {
            _ = c.recv() => 'c',
            _ = c.recv() => 'c',
            _ = d.recv() => 'd',
        }
    });
    assert!(poll(a.as_mut()).is_pending());
    let mut b = pin!(c.recv());
    assert!(poll(b.as_mut()).is_pending());
    d_tx.try_send(7).unwrap();
    assert_eq!(poll(a), Poll::Ready('d'));
    c_tx.try_send(8).unwrap();
    assert_eq!(poll(b), Poll::Ready(Some(8)));
}

/// doubleselect.go: of four sends one happens, so no value arrives twice.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn no_two_arms_happen() {
    const VALUES: usize = 5_000;
    async fn forward(from: Receiver<usize>, to: Sender<usize>) {
        while let Some(value) = from.recv().await {
            to.send(value).await.unwrap();
        }
    }
    each_executor(|on| {
        let (txs, rxs): (Vec<_>, Vec<_>) = [0; 4].map(chan).into_iter().unzip();
        let (out, values) = chan(0);
        for rx in rxs {
            on.spawn(forward(rx, out.clone())).forget();
        }
        drop(out);
        on.spawn(async move {
            for i in 0..VALUES {
                select! {
                    sent = txs[0].send(i) => sent.unwrap(),
                    sent = txs[1].send(i) => sent.unwrap(),
                    sent = txs[2].send(i) => sent.unwrap(),
                    sent = txs[3].send(i) => sent.unwrap(),
                }
            }
        })
        .forget();
        let seen = on.run(async move {
            let mut seen = vec![0; VALUES];
            while let Some(value) = values.recv().await {
                seen[value] += 1;
            }
            seen
        });
        assert!(seen.iter().all(|&count| count == 1));
    });
}

/// select.go: both sends happen once each; what is sent is evaluated in each round, also for a nil channel.
#[test]
fn sends_with_default_until_none_is_left() {
    let mut counter = 0;
    let mut shift = 0;
    let mut send = |a: Option<&Sender<u32>>, b: Option<&Sender<u32>>| {
        let (unused, _rx) = chan(1);
        let (mut a_open, mut b_open) = (a.is_some(), b.is_some());
        let mut sent = 0;
        loop {
            let mut value = || {
                counter += 1;
                1 << shift
            };
            select! {
                _ = a.unwrap_or(&unused).send(value()), if a_open => a_open = false,
                _ = b.unwrap_or(&unused).send(value()), if b_open => b_open = false,
                default => return sent,
            }
            sent += 1;
            shift += 1;
        }
    };
    let (a_tx, a) = chan(1);
    let (b_tx, b) = chan(1);
    assert_eq!(send(Some(&a_tx), Some(&b_tx)), 2);
    assert_eq!(a.try_recv().unwrap() | b.try_recv().unwrap(), 3);
    assert_eq!(send(Some(&a_tx), None), 1);
    assert_eq!(counter, 10);
}

/// select3.go: what waits and what does not.
#[test]
fn what_waits() {
    let (_, closed) = chan::<i32>(0);
    let (open_tx, open) = chan::<i32>(0);
    let (buffered_tx, buffered) = chan(1);

    assert!(
        now(async {
            select! { _ = open.recv() => {} }
        })
        .is_none()
    );
    assert!(
        now(async {
            select! { _ = open_tx.send(1) => {} }
        })
        .is_none()
    );
    assert!(
        now(async {
            select! { _ = open.recv() => {}, _ = open_tx.send(1) => {} }
        })
        .is_none()
    );
    select! { _ = open.recv() => unreachable!(), default => {} }
    select! { _ = closed.recv(), if false => unreachable!(), default => {} }
    select! { _ = open_tx.send(7) => unreachable!(), default => {} }
    select! { sent = buffered_tx.send(7) => sent.unwrap(), default => unreachable!() }
    select! { value = buffered.recv() => assert_eq!(value, Some(7)), default => unreachable!() }
    for _ in 0..10 {
        assert_eq!(
            now(async {
                select! { value = closed.recv() => value }
            }),
            Some(None)
        );
    }
    drop(open);
    // Where Go panics: an error.
    assert!(
        now(async {
            select! { sent = open_tx.send(7) => sent.is_err() }
        })
        .unwrap()
    );
}

/// select6.go: a select that leaves the end of a queue does not hide those who come after it.
#[test]
fn leaving_the_end_of_a_queue() {
    let (tx1, rx1) = chan(0);
    let (tx2, rx2) = chan(0);
    let mut first = pin!(rx1.recv());
    assert!(poll(first.as_mut()).is_pending());
    let mut second = pin!(async {
        select! {
            _ = rx1.recv() => unreachable!("nobody sent for it"),
            _ = rx2.recv() => {}
        }
        rx1.recv().await
    });
    assert!(poll(second.as_mut()).is_pending());
    tx2.try_send(true).unwrap();
    assert!(poll(second.as_mut()).is_pending());
    tx1.try_send(true).unwrap();
    tx1.try_send(false).unwrap();
    assert_eq!(poll(first), Poll::Ready(Some(true)));
    assert_eq!(poll(second), Poll::Ready(Some(false)));
}

/// select7.go: every way to send meets every way to receive.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn all_ways_to_send_and_receive_meet() {
    async fn receive(way: usize, rx: Receiver<i32>) {
        let (_tx, other) = chan::<i32>(0);
        let value = match way {
            0 => rx.recv().await,
            1 => select! { value = rx.recv() => value },
            _ => select! { value = rx.recv() => value, value = other.recv() => value },
        };
        assert_eq!(value, Some(1));
    }
    async fn send(way: usize, tx: Sender<i32>) {
        let (other, _rx) = chan(0);
        let sent = match way {
            0 => tx.send(1).await,
            1 => select! { sent = tx.send(1) => sent },
            _ => select! { sent = tx.send(1) => sent, sent = other.send(1) => sent },
        };
        assert!(sent.is_ok());
    }
    each_executor(|on| {
        for ways in 0..9 {
            let (tx, rx) = chan(0);
            let receiver = on.spawn(receive(ways % 3, rx));
            on.run(async move {
                yield_now().await;
                send(ways / 3, tx).await;
                receiver.await;
            });
        }
    });
}

/// sieve2.go, the part that is not sieve1.go: a task between two channels, with a buffer that grows, so that who sends never waits
/// for who receives. Its send is an arm only while there is something to send.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_proxy_takes_whatever_comes() {
    const VALUES: usize = 2_000;
    async fn proxy(values: Receiver<usize>, out: Sender<usize>) {
        let mut buffer = std::collections::VecDeque::new();
        let (mut open, mut first) = (true, None);
        while open || first.is_some() {
            select! {
                value = values.recv(), if open => match value {
                    Some(value) => buffer.push_back(value),
                    None => open = false,
                },
                sent = out.send_from(&mut first), if first.is_some() => sent.unwrap(),
            }
            first = first.or_else(|| buffer.pop_front());
        }
    }
    each_executor(|on| {
        let (tx, values) = chan(10);
        let (out, rx) = chan(0);
        let between = on.spawn(proxy(values, out));
        // All are sent before one is received.
        on.run(async move {
            for value in 0..VALUES {
                tx.send(value).await.unwrap();
            }
        });
        let received = on.run(async move {
            let mut all = Vec::new();
            while let Some(value) = rx.recv().await {
                all.push(value);
            }
            all
        });
        assert!(received.into_iter().eq(0..VALUES));
        on.run(between);
    });
}
