//! The number of processors: changed by the program while all kinds of tasks run, and by the system.

#[cfg(target_os = "linux")]
mod alarms;
#[cfg(target_os = "linux")]
mod caps;
mod ends;
mod following;
mod resizing;
mod stress;

use std::{
    collections::HashSet,
    sync::{Arc, Mutex},
    thread::{self, ThreadId},
};

use gmp::Runtime;

/// How many threads take part in running many tasks that yield. The processor that they begin on does not rest in between.
fn threads_that_run(runtime: &Runtime) -> usize {
    let round = runtime.spawn(async {
        let seen: Arc<Mutex<HashSet<ThreadId>>> = Arc::default();
        let tasks: Vec<_> = (0..64)
            .map(|_| {
                let seen = seen.clone();
                gmp::spawn(async move {
                    for _ in 0..20 {
                        seen.lock().unwrap().insert(thread::current().id());
                        gmp::yield_now().await;
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        seen.lock().unwrap().len()
    });
    runtime.block_on(round).unwrap()
}

/// Waits until one thread runs all, time after time: with more processors that happens by chance now and then.
fn wait_for_one_thread(runtime: &Runtime) {
    let mut in_a_row = 0;
    while in_a_row < 20 {
        in_a_row = if threads_that_run(runtime) == 1 {
            in_a_row + 1
        } else {
            0
        };
    }
}
