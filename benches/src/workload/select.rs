//! What does it cost to wait for the first of two channels?
//!
//! A task selects over two channels, to which another one sends in turns. An operation is a message. Capacity 0 is a
//! rendezvous on gmp, Go and flume, and 1 on tokio and smol, which have nothing smaller. All choose at random if both
//! are ready.
//!
//! # What it does not show
//! Selects of many arms, or of arms that send. kanal is not here: its receives lose messages when a select drops them.

use std::io;

use super::About;
use crate::{child::Settings, kit::Selects, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About =
    About::throughput("receive from the first of two channels that has a message");

const MESSAGES: u64 = 10_000;

pub(super) fn run<C: Selects>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<C::Runtime, _>(settings, MESSAGES as usize, round::<C>)
}

async fn round<C: Selects>() {
    let (one, ones) = C::channel(0);
    let (other, others) = C::channel(0);
    let consumer = C::Runtime::spawn(consume::<C>(ones, others));
    // Both ends come back and are dropped here: a closed channel would be chosen.
    let senders = C::Runtime::spawn(alternate::<C>(one, other)).await;
    let sum = consumer.await;
    drop(senders);
    assert_eq!(sum, (0..MESSAGES).sum::<u64>(), "each message comes once");
}

async fn alternate<C: Selects>(one: C::Sender, other: C::Sender) -> (C::Sender, C::Sender) {
    for number in 0..MESSAGES {
        let sender = if number % 2 == 0 { &one } else { &other };
        C::send(sender, number).await;
    }
    (one, other)
}

async fn consume<C: Selects>(mut ones: C::Receiver, mut others: C::Receiver) -> u64 {
    let mut sum = 0;
    for _ in 0..MESSAGES {
        let message = C::recv_either(&mut ones, &mut others).await;
        sum += message.expect("the senders are still there");
    }
    sum
}
