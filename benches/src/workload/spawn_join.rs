//! What does it cost to start a task and to get its result?
//!
//! A task on the runtime spawns 10,000 tasks, then awaits their handles in the order in which it made them.
//!
//! # What it does not show
//! Waiting for one task at a time: when the first handle is awaited, all tasks are there, and most have ended when
//! their handle's turn comes.

use std::{hint::black_box, io};

use super::About;
use crate::{child::Settings, meter, metric::Sample, runtime::Runtime};

pub(super) const ABOUT: About = About::throughput("spawn a task and await its result");

const TASKS: usize = 10_000;

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<R, _>(settings, TASKS, round::<R>)
}

async fn round<R: Runtime>() {
    let mut handles = Vec::with_capacity(TASKS);
    for number in 0..TASKS {
        handles.push(R::spawn(async move { number }));
    }
    for handle in handles {
        black_box(handle.await);
    }
}
