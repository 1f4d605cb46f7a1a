//! Panics wherever user code runs: the process goes on, the other tasks run, and the handle tells.

mod tasks;
mod threads;
mod unjoined;
mod wakers;

use std::sync::{Arc, Barrier};

use gmp::Runtime;

/// All processors of the runtime still run tasks: as many tasks as processors meet while they are polled.
fn assert_alive(runtime: &Runtime, processors: usize) {
    let meeting = Arc::new(Barrier::new(processors));
    let tasks: Vec<_> = (0..processors)
        .map(|n| {
            let meeting = meeting.clone();
            runtime.spawn(async move {
                meeting.wait();
                n
            })
        })
        .collect();
    for (n, task) in tasks.into_iter().enumerate() {
        assert_eq!(runtime.block_on(task).unwrap(), n);
    }
}
