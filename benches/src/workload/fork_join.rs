//! What does it cost to split work into tasks that are far too small?
//!
//! Fibonacci's 24th number by its definition: each node from 5 on spawns a task for each of its two summands and
//! awaits both. An operation is one such task; there are 35,420.
//!
//! # What it does not show
//! Whether splitting pays: the leaves do nothing. `fork_join_work` shows that.

use std::{hint::black_box, io};

use super::About;
use crate::{child::Settings, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About = About::throughput("spawn two tasks and await both, as a tree");

const NUMBER: u64 = 24;
const SMALLEST_SPLIT: u64 = 5;
const TASKS: usize = 35_420;

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<R, _>(settings, TASKS, round::<R>)
}

async fn round<R: Runtime>() {
    let number = fibonacci::<R>(black_box(NUMBER)).await;
    assert_eq!(number, 46_368, "the 24th Fibonacci number");
}

#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` cannot say that it is `Send`, which it must for itself"
)]
fn fibonacci<R: Runtime>(number: u64) -> impl Future<Output = u64> + Send {
    async move {
        if number < SMALLEST_SPLIT {
            return leaf(number);
        }
        let one = R::spawn(fibonacci::<R>(number - 1));
        let other = R::spawn(fibonacci::<R>(number - 2));
        one.await + other.await
    }
}

fn leaf(number: u64) -> u64 {
    match number {
        0 | 1 => number,
        _ => leaf(number - 1) + leaf(number - 2),
    }
}
