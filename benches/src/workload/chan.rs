//! What does a message cost that goes from one task to another through a channel?
//!
//! Producers send 10,000 numbers as fast as they can, consumers add up what they receive until the channel is closed:
//! one of each (`1x1`), or four of each at one channel (`4x4`). After the underscore stands the channel's capacity.
//! Capacity 0 is a rendezvous on gmp, Go, flume and kanal, and 1 on tokio and smol, which have nothing smaller.
//!
//! # What it does not show
//! Large messages: these have 8 bytes. Work between messages: with none, small channels are often full or empty, and
//! most of the time goes into parking and waking. Several receivers on tokio: its channels have one.

use std::io;

use super::About;
use crate::{
    child::Settings,
    kit::{Channels, SharedChannels},
    meter,
    metric::Sample,
    runtime::Runtime,
};

pub(super) const ONE_TO_ONE_0: About =
    About::throughput("a message from one task to another, unbuffered");
pub(super) const ONE_TO_ONE_10: About =
    About::throughput("a message from one task to another, capacity 10");
pub(super) const ONE_TO_ONE_100: About =
    About::throughput("a message from one task to another, capacity 100");
pub(super) const FOUR_TO_FOUR_0: About =
    About::throughput("a message from one of 4 tasks to one of 4 others, unbuffered");
pub(super) const FOUR_TO_FOUR_10: About =
    About::throughput("a message from one of 4 tasks to one of 4 others, capacity 10");
pub(super) const FOUR_TO_FOUR_100: About =
    About::throughput("a message from one of 4 tasks to one of 4 others, capacity 100");

const MESSAGES: u64 = 10_000;

pub(super) fn one_to_one<C: Channels, const CAPACITY: usize>(
    settings: &Settings,
) -> io::Result<Sample> {
    meter::throughput::<C::Runtime, _>(settings, MESSAGES as usize, || {
        let (sender, receiver) = C::channel(CAPACITY);
        round::<C, 1>([sender], [receiver])
    })
}

pub(super) fn four_to_four<C: SharedChannels, const CAPACITY: usize>(
    settings: &Settings,
) -> io::Result<Sample> {
    meter::throughput::<C::Runtime, _>(settings, MESSAGES as usize, || {
        let (sender, receiver) = C::channel(CAPACITY);
        round::<C, 4>(four(sender), four(receiver))
    })
}

fn four<T: Clone>(one: T) -> [T; 4] {
    [one.clone(), one.clone(), one.clone(), one]
}

async fn round<C: Channels, const PAIRS: usize>(
    senders: [C::Sender; PAIRS],
    receivers: [C::Receiver; PAIRS],
) {
    let share = MESSAGES / PAIRS as u64;
    let consumers = receivers.map(|receiver| C::Runtime::spawn(consume::<C>(receiver)));
    let producers = senders.map(|sender| C::Runtime::spawn(produce::<C>(sender, share)));
    for producer in producers {
        producer.await;
    }
    let mut sum = 0;
    for consumer in consumers {
        sum += consumer.await;
    }
    assert_eq!(
        sum,
        PAIRS as u64 * (0..share).sum::<u64>(),
        "each message comes once"
    );
}

async fn produce<C: Channels>(sender: C::Sender, messages: u64) {
    for number in 0..messages {
        C::send(&sender, number).await;
    }
}

async fn consume<C: Channels>(mut receiver: C::Receiver) -> u64 {
    let mut sum = 0;
    while let Some(number) = C::recv(&mut receiver).await {
        sum += number;
    }
    sum
}
