//! Channels between threads.

use std::sync::mpsc;

use super::{Flume, Kanal, ThreadChannels};
use crate::runtime::Gmp;

impl ThreadChannels for Gmp {
    type Sender = gmp::Sender<u64>;
    type Receiver = gmp::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        gmp::chan(capacity)
    }

    fn send(sender: &Self::Sender, message: u64) {
        sender.send_blocking(message).expect("a receiver is there");
    }

    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv_blocking()
    }
}

pub(crate) struct Crossbeam;

impl ThreadChannels for Crossbeam {
    type Sender = crossbeam_channel::Sender<u64>;
    type Receiver = crossbeam_channel::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        crossbeam_channel::bounded(capacity)
    }

    fn send(sender: &Self::Sender, message: u64) {
        sender.send(message).expect("a receiver is there");
    }

    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

/// std's `mpsc`.
pub(crate) struct Std;

impl ThreadChannels for Std {
    type Sender = mpsc::SyncSender<u64>;
    type Receiver = mpsc::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        mpsc::sync_channel(capacity)
    }

    fn send(sender: &Self::Sender, message: u64) {
        sender.send(message).expect("a receiver is there");
    }

    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

impl ThreadChannels for Flume {
    type Sender = flume::Sender<u64>;
    type Receiver = flume::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        flume::bounded(capacity)
    }

    fn send(sender: &Self::Sender, message: u64) {
        sender.send(message).expect("a receiver is there");
    }

    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}

impl ThreadChannels for Kanal {
    type Sender = kanal::Sender<u64>;
    type Receiver = kanal::Receiver<u64>;

    fn channel(capacity: usize) -> (Self::Sender, Self::Receiver) {
        kanal::bounded(capacity)
    }

    fn send(sender: &Self::Sender, message: u64) {
        sender.send(message).expect("a receiver is there");
    }

    fn recv(receiver: &Self::Receiver) -> Option<u64> {
        receiver.recv().ok()
    }
}
