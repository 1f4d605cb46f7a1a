//! What does a spawn cost when the queues are empty?
//!
//! Each task spawns the next one and ends, 100,000 deep; the last one wakes who started the chain.
//!
//! # What it does not show
//! Parallelism: never more than two tasks exist. With two processors a good runtime leaves the second one asleep.

use std::io;

use super::About;
use crate::{child::Settings, latch::Latch, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About = About::throughput("a task spawns the next one and ends");

const DEPTH: usize = 100_000;

static DONE: Latch = Latch::new();

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<R, _>(settings, DEPTH, round::<R>)
}

async fn round<R: Runtime>() {
    DONE.expect(1);
    R::detach(link::<R>(DEPTH - 1));
    DONE.wait().await;
}

#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` cannot say that it is `Send`, which it must for itself"
)]
fn link<R: Runtime>(left: usize) -> impl Future<Output = ()> + Send {
    async move {
        match left {
            0 => DONE.count_down(),
            _ => R::detach(link::<R>(left - 1)),
        }
    }
}
