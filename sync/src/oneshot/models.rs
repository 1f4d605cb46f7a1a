//! Models of the flags against the cells that they guard.

use std::{pin::pin, task::Waker};

use loom::{future::block_on, model, thread};

use super::*;

fn poll_once<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

/// The receiver changes its waker while the sender sends.
#[test]
fn send_against_polls() {
    model(|| {
        let (sender, receiver) = channel();
        let sends = thread::spawn(move || sender.send(Box::new(1)).unwrap());
        let mut receiver = pin!(receiver);
        for _ in 0..2 {
            if let Poll::Ready(value) = poll_once(receiver.as_mut()) {
                assert_eq!(value, Ok(Box::new(1)));
                return sends.join().unwrap();
            }
        }
        assert_eq!(block_on(receiver), Ok(Box::new(1)));
        sends.join().unwrap();
    });
}

#[test]
fn drop_of_the_sender_against_polls() {
    model(|| {
        let (sender, receiver) = channel::<u32>();
        let drops = thread::spawn(move || drop(sender));
        let mut receiver = pin!(receiver);
        let _ = poll_once(receiver.as_mut()).is_ready()
            || block_on(receiver.as_mut()) == Err(RecvError(()));
        drops.join().unwrap();
    });
}

/// The sender watches, changes its waker, and sends while the receiver goes.
#[test]
fn drop_of_the_receiver_against_watching_and_sending() {
    model(|| {
        let (mut sender, receiver) = channel();
        let value = Arc::new(());
        let drops = thread::spawn(move || drop(receiver));
        for _ in 0..2 {
            let _ = poll_once(pin!(sender.closed()));
        }
        let _ = sender.send(value.clone());
        drops.join().unwrap();
        assert_eq!(Arc::strong_count(&value), 1);
    });
}

#[test]
fn drop_of_the_receiver_wakes_who_watches() {
    model(|| {
        let (mut sender, receiver) = channel::<u32>();
        let drops = thread::spawn(move || drop(receiver));
        block_on(sender.closed());
        assert_eq!(sender.send(1), Err(1));
        drops.join().unwrap();
    });
}
