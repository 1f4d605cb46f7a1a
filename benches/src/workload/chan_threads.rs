//! What does a message cost that goes from one thread to another, by the channels' blocking forms?
//!
//! As `chan`, with threads in the place of tasks: one producer and one consumer (`1x1`), or four of each (`4x4`). They are
//! started in each round, which is measured with the rest: a message in some hundred.
//!
//! # What it does not show
//! Processors: threads run where the system lets them. Several consumers on std's channels, which have one.

use std::{io, thread};

use super::{About, Driver};
use crate::{
    child::Settings,
    kit::{SharedThreadChannels, ThreadChannels},
    meter,
    metric::{CPU, Sample, WALL},
};

const fn about(question: &'static str) -> About {
    About {
        question,
        metrics: &[WALL, CPU],
        procs: &[2],
        driver: Driver::Child,
    }
}

pub(super) const ONE_TO_ONE_0: About = about("a message from one thread to another, unbuffered");
pub(super) const ONE_TO_ONE_100: About =
    about("a message from one thread to another, capacity 100");
pub(super) const FOUR_TO_FOUR_100: About =
    about("a message from one of 4 threads to one of 4 others, capacity 100");

const MESSAGES: u64 = 20_000;

pub(super) fn one_to_one<C: ThreadChannels, const CAPACITY: usize>(
    _: &Settings,
) -> io::Result<Sample> {
    measure(|| {
        let (sender, receiver) = C::channel(CAPACITY);
        round::<C, 1>([sender], [receiver]);
    })
}

pub(super) fn four_to_four<C: SharedThreadChannels, const CAPACITY: usize>(
    _: &Settings,
) -> io::Result<Sample> {
    measure(|| {
        let (sender, receiver) = C::channel(CAPACITY);
        round::<C, 4>(four(sender), four(receiver));
    })
}

fn measure(mut round: impl FnMut()) -> io::Result<Sample> {
    let rounds = meter::measure(MESSAGES as usize, || {
        round();
        async {}
    });
    Ok(futures_lite::future::block_on(rounds))
}

fn four<T: Clone>(one: T) -> [T; 4] {
    [one.clone(), one.clone(), one.clone(), one]
}

fn round<C: ThreadChannels, const PAIRS: usize>(
    senders: [C::Sender; PAIRS],
    receivers: [C::Receiver; PAIRS],
) {
    let share = MESSAGES / PAIRS as u64;
    let sum: u64 = thread::scope(|scope| {
        let consumers = receivers.map(|receiver| {
            scope.spawn(move || std::iter::from_fn(|| C::recv(&receiver)).sum::<u64>())
        });
        for sender in senders {
            scope.spawn(move || (0..share).for_each(|number| C::send(&sender, number)));
        }
        let sums = consumers.map(|consumer| consumer.join().expect("nobody panics"));
        sums.into_iter().sum()
    });
    assert_eq!(
        sum,
        PAIRS as u64 * (0..share).sum::<u64>(),
        "each message comes once"
    );
}
