//! If a task spawns 1 ms of work and then works for 1 ms itself, does another processor take the work meanwhile?
//!
//! An operation is spawn, work, join. 1.0 ms is perfect, 2.0 ms means that nobody came.
//!
//! # What it does not show
//! What waking somebody costs where it does not pay: `chained_spawn` and `fork_join` with two processors show that. It
//! needs two free processors.

use std::io;

use super::About;
use crate::{child::Settings, meter, metric::Sample, runtime::Runtime, work::Pace};

pub(super) const ABOUT: About = About {
    procs: &[2],
    ..About::throughput("spawn 1 ms of work, work 1 ms, join")
};

const MICROSECONDS: u32 = 1000;

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    let pace = settings.pace;
    meter::throughput::<R, _>(settings, 1, move || round::<R>(pace))
}

async fn round<R: Runtime>(pace: Pace) {
    let handle = R::spawn(async move { pace.work(MICROSECONDS) });
    pace.work(MICROSECONDS);
    handle.await;
}
