//! Models of what the parties of a channel do to each other. loom runs each in all ways in which the threads may take turns,
//! and with all values that their loads may yield; a model that returns has excluded the race that it is named after.
//!
//! Selects are biased here: loom repeats a run, and random orders would not.

use std::{
    pin::pin,
    task::{Context, Poll, Waker},
};

use loom::{future::block_on, thread};

use crate::{Receiver, Sender, chan, select};

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

fn end<T: Send + 'static>(thread: thread::JoinHandle<T>) -> T {
    thread.join().unwrap()
}

#[test]
fn lock_against_lock() {
    loom::model(|| {
        let lock = std::sync::Arc::new(super::lock::Lock::new(0));
        let other = lock.clone();
        let thread =
            thread::spawn(move || (0..2).for_each(|_| other.lock().with(|value| *value += 1)));
        (0..2).for_each(|_| lock.lock().with(|value| *value += 1));
        end(thread);
        assert_eq!(lock.lock().with(|value| *value), 4);
    });
}

#[test]
fn send_against_receive() {
    for capacity in [0, 1] {
        loom::model(move || {
            let (tx, rx) = chan(capacity);
            let sender = thread::spawn(move || block_on(tx.send(Box::new(1))).is_ok());
            assert_eq!(block_on(rx.recv()), Some(Box::new(1)));
            assert!(end(sender));
            assert_eq!(block_on(rx.recv()), None);
        });
    }
}

/// A value that was given to a receiver which is dropped meanwhile goes to the other.
#[test]
fn send_against_dropped_receive() {
    loom::model(|| {
        let (tx, rx) = chan(1);
        let sender = thread::spawn(move || {
            tx.try_send(1).unwrap();
            tx
        });
        {
            let mut recv = pin!(rx.recv());
            if let Poll::Ready(value) = poll_once(recv.as_mut()) {
                assert_eq!(value, Some(1));
                drop(end(sender));
                return;
            }
        }
        assert_eq!(block_on(rx.recv()), Some(1));
        drop(end(sender));
    });
}

/// Who polls again with another waker is woken by that one.
#[test]
fn send_against_another_waker() {
    loom::model(|| {
        let (tx, rx) = chan(0);
        let sender = thread::spawn(move || block_on(tx.send(1)).is_ok());
        let mut recv = Box::pin(rx.recv());
        let polled = poll_once(recv.as_mut());
        let value = match polled {
            Poll::Ready(value) => value,
            Poll::Pending => block_on(recv),
        };
        assert_eq!(value, Some(1));
        assert!(end(sender));
    });
}

#[test]
fn close_against_send_and_receive() {
    loom::model(|| {
        let (tx, rx) = chan(0);
        let closer = tx.clone();
        let sender = thread::spawn(move || block_on(tx.send(1)).is_ok());
        let closing = thread::spawn(move || closer.close());
        let received = block_on(rx.recv());
        assert_eq!(end(sender), received.is_some());
        assert!(end(closing));
    });
}

async fn first_of(a: &Receiver<u32>, b: &Receiver<u32>) -> Option<u32> {
    select! {
        biased;
        value = a.recv() => value,
        value = b.recv() => value,
    }
}

/// Two counterparts in two channels: one wins, and the other is found by the next select.
#[test]
fn two_sends_against_a_select() {
    loom::model(|| {
        let (a_tx, a) = chan(0);
        let (b_tx, b) = chan(0);
        let senders = [(a_tx, 1), (b_tx, 2)].map(|(tx, value): (Sender<u32>, _)| {
            thread::spawn(move || {
                let sent = block_on(tx.send(value)).is_ok();
                // The channel stays open.
                (tx, sent)
            })
        });
        let first = block_on(first_of(&a, &b)).unwrap();
        let second = block_on(first_of(&a, &b)).unwrap();
        assert_eq!(first + second, 3);
        assert!(senders.map(end).into_iter().all(|(_, sent)| sent));
    });
}

/// Two selects that are polled at the same moment are deaf to each other, and meet all the same.
#[test]
fn select_against_select() {
    loom::model(|| {
        let (a_tx, a) = chan(0);
        let (b_tx, b) = chan(0);
        let (other_a, other_b) = (a_tx.clone(), b_tx.clone());
        let sender = thread::spawn(move || {
            block_on(async {
                select! {
                    biased;
                    sent = b_tx.send(2) => sent.unwrap(),
                    sent = a_tx.send(1) => sent.unwrap(),
                }
            });
        });
        let value = block_on(first_of(&a, &b)).unwrap();
        assert!(value == 1 || value == 2);
        end(sender);
        assert!(a.try_recv().is_err() && b.try_recv().is_err());
        drop((other_a, other_b));
    });
}

/// A select is dropped as two counterparts come: what it was given is received by who comes next.
#[test]
fn send_against_dropped_select() {
    loom::model(|| {
        let (a_tx, a) = chan::<u32>(1);
        let (_b_tx, b) = chan::<u32>(1);
        let sender = thread::spawn(move || {
            a_tx.try_send(1).unwrap();
            a_tx
        });
        let polled = {
            let mut select = Box::pin(first_of(&a, &b));
            poll_once(select.as_mut())
        };
        let value = match polled {
            Poll::Ready(value) => value,
            Poll::Pending => block_on(a.recv()),
        };
        assert_eq!(value, Some(1));
        drop(end(sender));
    });
}

/// The close of one channel wins a select whose pattern it does not match, as a sender comes to the other.
#[test]
fn close_against_send_to_the_other_arm() {
    loom::model(|| {
        let (a_tx, a) = chan::<u32>(0);
        let (b_tx, b) = chan::<u32>(0);
        let closer = thread::spawn(move || drop(a_tx));
        let sender = thread::spawn(move || {
            let sent = block_on(b_tx.send(2)).is_ok();
            (b_tx, sent)
        });
        let value = block_on(async {
            select! {
                biased;
                Some(value) = a.recv() => value,
                Some(value) = b.recv() => value,
            }
        });
        assert_eq!(value, 2);
        end(closer);
        assert!(end(sender).1);
    });
}

/// One of two channels is always ready, so a select that does not wait finds one, however the value moves between its looks.
#[test]
fn default_against_a_value_that_moves() {
    let mut model = loom::model::Builder::new();
    // It looks at each twice, and the value must move before and after each.
    model.preemption_bound = Some(6);
    model.check(|| {
        let (a_tx, a) = chan(1);
        let (b_tx, b) = chan(1);
        a_tx.try_send(1).unwrap();
        let (other_a, other_b) = (a.clone(), b.clone());
        let looks = thread::spawn(move || {
            select! {
                biased;
                _ = other_b.recv() => true,
                _ = other_a.recv() => true,
                default => false,
            }
        });
        b_tx.try_send(2).unwrap();
        // The other may have taken it.
        if a.try_recv().is_ok() && a_tx.try_send(3).is_ok() && b.try_recv().is_ok() {
            b_tx.try_send(4).unwrap();
            let _ = a.try_recv();
        }
        assert!(end(looks));
    });
}

/// Two who send and one who receives: whoever is parked moves up.
#[test]
fn two_sends_against_receives() {
    loom::model(|| {
        let (tx, rx) = chan(1);
        let senders = [1, 2].map(|value| {
            let tx = tx.clone();
            thread::spawn(move || block_on(tx.send(value)).is_ok())
        });
        let first = block_on(rx.recv()).unwrap();
        // There is room for the other, though nobody receives.
        assert!(senders.map(end).into_iter().all(|sent| sent));
        assert_eq!(first + block_on(rx.recv()).unwrap(), 3);
        drop(tx);
        assert_eq!(block_on(rx.recv()), None);
    });
}

/// A place that was reserved before the close is filled, and received, before the end.
#[test]
fn reserve_and_close_against_receive() {
    loom::model(|| {
        let (tx, rx) = chan(1);
        let closer = tx.clone();
        let reserves = thread::spawn(move || match block_on(tx.reserve()) {
            Ok(permit) => {
                permit.send(1);
                true
            }
            Err(_) => false,
        });
        let closes = thread::spawn(move || closer.close());
        let received = block_on(rx.recv());
        assert_eq!(end(reserves), received.is_some());
        assert_eq!(block_on(rx.recv()), None);
        assert!(end(closes));
    });
}

/// A place that is given up is the next one's.
#[test]
fn a_permit_that_is_dropped_against_reserve_and_receive() {
    loom::model(|| {
        let (tx, rx) = chan(1);
        let gives_up = tx.clone();
        let gives_up = thread::spawn(move || drop(block_on(gives_up.reserve())));
        let sends = thread::spawn(move || block_on(tx.reserve()).unwrap().send(1));
        assert_eq!(block_on(rx.recv()), Some(1));
        assert_eq!(block_on(rx.recv()), None);
        end(gives_up);
        end(sends);
    });
}

/// Many are received at once while two send: each once, and those who waited for room go on.
#[test]
fn two_sends_against_receiving_many() {
    loom::model(|| {
        let (tx, rx) = chan(1);
        let senders = [1, 2].map(|value| {
            let tx = tx.clone();
            thread::spawn(move || block_on(tx.send(value)).is_ok())
        });
        drop(tx);
        let mut values = Vec::new();
        while block_on(rx.recv_many(&mut values, 2)) > 0 {}
        values.sort_unstable();
        assert_eq!(values, [1, 2]);
        assert!(senders.map(end).into_iter().all(|sent| sent));
    });
}

/// Of two who receive one goes: what it was given is the other's.
#[test]
fn send_against_a_dropped_receive_and_another() {
    loom::model(|| {
        let (tx, rx) = chan(0);
        let other = rx.clone();
        let receives = thread::spawn(move || block_on(other.recv()));
        let sender = thread::spawn(move || (block_on(tx.send(1)).is_ok(), tx));
        let got_it = match poll_once(pin!(rx.recv())) {
            Poll::Ready(value) => value,
            Poll::Pending => None,
        };
        // The other hears of the end where this one was served.
        let (sent, tx) = end(sender);
        assert!(sent);
        drop(tx);
        assert_eq!([got_it, end(receives)].iter().flatten().count(), 1);
    });
}
