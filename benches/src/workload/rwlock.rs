//! What does it cost to lock for reading what nobody writes?
//!
//! 100 tasks lock a reader-writer lock for reading, look at what is in it, and unlock it. With one processor nothing but
//! the instructions counts; with several all of them write to the lock's own words.
//!
//! # What it does not show
//! Writers: there are none, and who is preferred costs nothing.

use std::{hint::black_box, io, sync::Arc};

use super::About;
use crate::{child::Settings, kit::Locks, meter, metric::Sample};

pub(super) const ABOUT: About = About::throughput("100 tasks lock for reading what nobody writes");

const TASKS: usize = 100;
const READS: usize = 1000;

pub(super) fn run<L: Locks>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<L, _>(settings, TASKS * READS, round::<L>)
}

async fn round<L: Locks>() {
    let lock = Arc::new(L::rw_lock(1));
    let task = || {
        let lock = lock.clone();
        async move { read::<L>(&lock).await }
    };
    let handles: Vec<_> = (0..TASKS).map(|_| L::spawn(task())).collect();
    for handle in handles {
        handle.await;
    }
}

async fn read<L: Locks>(lock: &L::RwLock) {
    for _ in 0..READS {
        black_box(*L::read_lock(lock).await);
    }
}
