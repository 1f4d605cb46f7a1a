//! flume's channels on gmp's runtime. Its own `Selector` blocks a thread: a task uses its runtime's.

use flume::{Receiver, Sender};
use gmp::sync::select;

use super::{Channels, Selects};
use crate::runtime::Gmp;

pub(crate) struct Flume;

impl Channels for Flume {
    type Runtime = Gmp;
    type Sender = Sender<u64>;
    type Receiver = Receiver<u64>;

    fn channel(capacity: usize) -> (Sender<u64>, Receiver<u64>) {
        flume::bounded(capacity)
    }

    async fn send(sender: &Sender<u64>, message: u64) {
        let sent = sender.send_async(message).await;
        sent.expect("a receiver is there");
    }

    async fn recv(receiver: &mut Receiver<u64>) -> Option<u64> {
        receiver.recv_async().await.ok()
    }
}

impl Selects for Flume {
    async fn recv_either(one: &mut Receiver<u64>, other: &mut Receiver<u64>) -> Option<u64> {
        let received = select! {
            received = one.recv_async() => received,
            received = other.recv_async() => received,
        };
        received.ok()
    }
}
