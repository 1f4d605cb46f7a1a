//! What does it cost to lock a mutex for a moment?
//!
//! Tasks lock a mutex, add one to what is in it, and unlock it: one task (`alone`), or 100 of them (`contended`).
//!
//! # What it does not show
//! Locks that are held while their holder waits for something. Long queues: who holds the lock runs on, so as many
//! tasks contend at a time as there are processors, and the others wait to run. With one processor nobody contends,
//! which is why `contended` has two.

use std::{io, sync::Arc};

use super::About;
use crate::{child::Settings, kit::Locks, meter, metric::Sample};

pub(super) const ALONE: About = About::throughput("a task locks and unlocks a mutex");
pub(super) const CONTENDED: About = About {
    procs: &[2],
    ..About::throughput("100 tasks lock and unlock a mutex")
};

const TASKS: usize = 100;
/// By task.
const LOCKS: usize = 1000;
const LOCKS_ALONE: usize = 10_000;

pub(super) fn alone<L: Locks>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<L, _>(settings, LOCKS_ALONE, || async {
        let mutex = L::mutex(0);
        add::<L>(&mutex, LOCKS_ALONE).await;
        check::<L>(&mutex, LOCKS_ALONE).await;
    })
}

pub(super) fn contended<L: Locks>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<L, _>(settings, TASKS * LOCKS, contended_round::<L>)
}

async fn contended_round<L: Locks>() {
    let mutex = Arc::new(L::mutex(0));
    let task = || {
        let mutex = mutex.clone();
        async move { add::<L>(&mutex, LOCKS).await }
    };
    let handles: Vec<_> = (0..TASKS).map(|_| L::spawn(task())).collect();
    for handle in handles {
        handle.await;
    }
    check::<L>(&mutex, TASKS * LOCKS).await;
}

async fn add<L: Locks>(mutex: &L::Mutex, times: usize) {
    for _ in 0..times {
        *L::lock(mutex).await += 1;
    }
}

async fn check<L: Locks>(mutex: &L::Mutex, sum: usize) {
    let value = *L::lock(mutex).await;
    assert_eq!(value, sum as u64, "nobody adds while another one does");
}
