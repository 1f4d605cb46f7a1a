//! What does it cost to start a task that nobody waits for, to run it and to forget it?
//!
//! A task on the runtime spawns 100,000 tasks; each subtracts one from a counter, the last one wakes the spawner.
//!
//! # What it does not show
//! Tasks that wait: each of these ends at its first poll. Short queues: all 100,000 may stand in line at once. Large
//! futures: these hold nothing.

use std::io;

use super::About;
use crate::{child::Settings, latch::Latch, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About = About::throughput("spawn, run and forget a task");

const TASKS: usize = 100_000;

static DONE: Latch = Latch::new();

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<R, _>(settings, TASKS, round::<R>)
}

async fn round<R: Runtime>() {
    DONE.expect(TASKS);
    for _ in 0..TASKS {
        R::detach(async { DONE.count_down() });
    }
    DONE.wait().await;
}
