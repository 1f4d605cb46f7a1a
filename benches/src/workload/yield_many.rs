//! What does it cost to go from one task to the next?
//!
//! 1,000 tasks yield 1,000 times each. An operation is a yield; the spawns are a thousandth of it.
//!
//! # What it does not show
//! Wakes from elsewhere: a yield may use a path of its own. Cold tasks: a thousand of these stay in the cache.

use std::io;

use super::About;
use crate::{child::Settings, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About = About::throughput("a thousand tasks take turns");

const TASKS: usize = 1000;
const YIELDS: usize = 1000;

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<R, _>(settings, TASKS * YIELDS, round::<R>)
}

async fn round<R: Runtime>() {
    let task = || async {
        for _ in 0..YIELDS {
            R::yield_now().await;
        }
    };
    let handles: Vec<_> = (0..TASKS).map(|_| R::spawn(task())).collect();
    for handle in handles {
        handle.await;
    }
}
