//! What does it cost to hand a message to another task and to wait for its answer?
//!
//! Two tasks with a channel each way, of capacity 0 where there is such a thing (gmp, Go, flume, kanal), else of 1
//! (tokio, smol). An operation is a round trip: four channel operations and two changes of task.
//!
//! # What it does not show
//! Throughput: there is never more than one message. With two processors it shows most of all whether the runtime keeps
//! the pair together.

use std::io;

use super::About;
use crate::{child::Settings, kit::Channels, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About =
    About::throughput("a message to another task and its answer, a channel each way");

const ROUND_TRIPS: u64 = 10_000;

pub(super) fn run<C: Channels>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<C::Runtime, _>(settings, ROUND_TRIPS as usize, round::<C>)
}

async fn round<C: Channels>() {
    let (ball, balls) = C::channel(0);
    let (answer, answers) = C::channel(0);
    let other = C::Runtime::spawn(echo::<C>(balls, answer));
    C::Runtime::spawn(play::<C>(ball, answers)).await;
    other.await;
}

async fn play<C: Channels>(ball: C::Sender, mut answers: C::Receiver) {
    for number in 0..ROUND_TRIPS {
        C::send(&ball, number).await;
        assert_eq!(C::recv(&mut answers).await, Some(number), "it is echoed");
    }
}

async fn echo<C: Channels>(mut balls: C::Receiver, answer: C::Sender) {
    while let Some(number) = C::recv(&mut balls).await {
        C::send(&answer, number).await;
    }
}
