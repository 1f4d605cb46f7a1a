//! What does it cost to wait for many tasks as a group?
//!
//! A task spawns 10,000 tasks that do nothing into a group, then waits for all. An operation is one of those tasks.
//! tokio's is tokio-util's `TaskTracker`; smol has nothing of the kind.
//!
//! # What it does not show
//! The group alone: most of it is the spawn, which `spawn_detached` shows.

use std::io;

use super::About;
use crate::{child::Settings, kit::WaitGroups, meter, metric::Sample};

pub(super) const ABOUT: About =
    About::throughput("spawn a task into a group and wait for the group");

const TASKS: usize = 10_000;

pub(super) fn run<W: WaitGroups>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<W, _>(settings, TASKS, round::<W>)
}

async fn round<W: WaitGroups>() {
    let group = W::group();
    for _ in 0..TASKS {
        W::go(&group, async {});
    }
    W::wait(&group).await;
}
