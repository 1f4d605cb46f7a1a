//! Models of what each receiver gets, and of when a message goes.

use loom::{future::block_on, model, thread};

use super::*;

/// Each receiver gets the message, then the end; the message is gone when all have it.
#[test]
fn a_message_and_the_end_against_two_receivers() {
    model(|| {
        let (sender, mut receiver) = channel(1);
        let mut other = sender.subscribe();
        let message = Arc::new(());
        let sent = message.clone();
        let other = thread::spawn(move || {
            block_on(other.recv()).unwrap();
            assert_eq!(block_on(other.recv()), Err(RecvError::Closed));
        });
        let sends = thread::spawn(move || sender.send(sent).unwrap());
        block_on(receiver.recv()).unwrap();
        assert_eq!(block_on(receiver.recv()), Err(RecvError::Closed));
        other.join().unwrap();
        assert_eq!(sends.join().unwrap(), 2);
        assert_eq!(Arc::strong_count(&message), 1);
    });
}

/// A receiver that goes takes its share of what it has not seen along.
#[test]
fn a_message_against_a_receiver_that_goes_and_another() {
    model(|| {
        let (sender, mut receiver) = channel(2);
        let goes = sender.subscribe();
        let message = Arc::new(());
        let sent = message.clone();
        let goes = thread::spawn(move || drop(goes));
        let sends = thread::spawn(move || {
            sender.send(sent).unwrap();
            sender
        });
        block_on(receiver.recv()).unwrap();
        goes.join().unwrap();
        let sender = sends.join().unwrap();
        assert_eq!(Arc::strong_count(&message), 1);
        drop(sender);
    });
}
