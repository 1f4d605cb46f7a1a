//! Models of the version against the list of those who wait for a change.

use loom::{future::block_on, model, thread};

use super::*;

#[test]
fn a_change_against_two_receivers() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let mut other = receiver.clone();
        let other = thread::spawn(move || {
            block_on(other.changed()).unwrap();
            *other.borrow()
        });
        let sends = thread::spawn(move || {
            sender.send(1).unwrap();
            sender
        });
        block_on(receiver.changed()).unwrap();
        assert_eq!(*receiver.borrow(), 1);
        assert_eq!(other.join().unwrap(), 1);
        drop(sends.join().unwrap());
    });
}

/// The last value is seen before the end, by each.
#[test]
fn a_change_and_the_end_against_two_receivers() {
    model(|| {
        let (sender, mut receiver) = channel(0);
        let mut other = receiver.clone();
        let other = thread::spawn(move || {
            block_on(other.changed()).unwrap();
            block_on(other.changed()).unwrap_err();
        });
        let sends = thread::spawn(move || sender.send(1).unwrap());
        block_on(receiver.changed()).unwrap();
        assert_eq!(*receiver.borrow(), 1);
        block_on(receiver.changed()).unwrap_err();
        other.join().unwrap();
        sends.join().unwrap();
    });
}

/// Who only looks never takes the end for the answer before the last value was seen.
#[test]
fn a_change_and_the_end_against_two_looks() {
    model(|| {
        let (sender, receiver) = channel(0);
        let other = receiver.clone();
        let other = thread::spawn(move || other.has_changed().is_ok());
        let sends = thread::spawn(move || sender.send(1).is_ok());
        assert!(receiver.has_changed().is_ok());
        assert!(other.join().unwrap());
        assert!(sends.join().unwrap());
    });
}
