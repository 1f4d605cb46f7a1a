//! kanal's channels on gmp's runtime. A receive of its own that is dropped may take a message with it (the `Drop` of
//! its `ReceiveFuture`), so there is nothing that selects (I1).

use kanal::{AsyncReceiver, AsyncSender};

use super::Channels;
use crate::runtime::Gmp;

pub(crate) struct Kanal;

impl Channels for Kanal {
    type Runtime = Gmp;
    type Sender = AsyncSender<u64>;
    type Receiver = AsyncReceiver<u64>;

    fn channel(capacity: usize) -> (AsyncSender<u64>, AsyncReceiver<u64>) {
        kanal::bounded_async(capacity)
    }

    async fn send(sender: &AsyncSender<u64>, message: u64) {
        sender.send(message).await.expect("a receiver is there");
    }

    async fn recv(receiver: &mut AsyncReceiver<u64>) -> Option<u64> {
        receiver.recv().await.ok()
    }
}
