//! How much faster do two processors finish a tree of tasks whose leaves take a microsecond each?
//!
//! The tree of `fork_join`; each of its 17,711 leaves works for 1 µs. An operation is a leaf. The speed-up is the wall
//! time with one processor through that with several, of the same round.
//!
//! # What it does not show
//! How a runtime finds *unequal* work: left and right differ by one level only. It needs two free processors: on a busy
//! machine it shows the machine.

use std::io;

use super::About;
use crate::{
    child::Settings,
    meter,
    metric::{CPU, SPEED_UP, Sample, WALL},
    runtime::Runtime,
    work::Pace,
};

pub(super) const ABOUT: About = About {
    metrics: &[WALL, CPU, SPEED_UP],
    ..About::throughput("a tree of tasks with 1 us of work in each leaf: speed-up by processors")
};

const LEVELS: u32 = 24;
const SMALLEST_SPLIT: u32 = 5;
const LEAVES: usize = 17_711;

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    let pace = settings.pace;
    meter::throughput::<R, _>(settings, LEAVES, move || round::<R>(pace))
}

async fn round<R: Runtime>(pace: Pace) {
    let leaves = tree::<R>(LEVELS, pace).await;
    assert_eq!(leaves, LEAVES, "each leaf has been worked on");
}

#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` cannot say that it is `Send`, which it must for itself"
)]
fn tree<R: Runtime>(levels: u32, pace: Pace) -> impl Future<Output = usize> + Send {
    async move {
        if levels < SMALLEST_SPLIT {
            pace.work(1);
            return 1;
        }
        let one = R::spawn(tree::<R>(levels - 1, pace));
        let other = R::spawn(tree::<R>(levels - 2, pace));
        one.await + other.await
    }
}
