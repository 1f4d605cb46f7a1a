//! Work that is counted, and how much of it this machine does in a second.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{statistics::Summary, work::Pace};

#[cfg(test)]
mod tests;

/// How long the machine's rate is measured, as often as [`TRIES`] says.
const CALIBRATED: Duration = Duration::from_millis(50);
const TRIES: usize = 5;

/// What all hogs have counted.
#[derive(Default)]
pub(super) struct Count(Mutex<Vec<Arc<Counter>>>);

/// One hog's counter, in cache lines of its own.
#[derive(Default)]
#[repr(align(128))]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add_one(&self) {
        // Only this counter's hog writes it.
        self.0.store(self.0.load(Relaxed) + 1, Relaxed);
    }
}

impl Count {
    pub(super) fn counter(&self) -> Arc<Counter> {
        let counter = Arc::new(Counter::default());
        self.0.lock().expect("nobody panics").push(counter.clone());
        counter
    }

    pub(super) fn total(&self) -> u64 {
        let counters = self.0.lock().expect("nobody panics");
        counters.iter().map(|counter| counter.0.load(Relaxed)).sum()
    }
}

/// Units of work in a second, by as many plain threads as there are processors.
pub(super) struct Rate(f64);

impl Rate {
    /// The median of several: the highest is more than the machine keeps up for seconds.
    pub(super) fn measure(pace: Pace, threads: usize) -> Rate {
        let tries: Vec<_> = (0..TRIES).map(|_| try_once(pace, threads)).collect();
        Rate(Summary::of(&tries).expect("some tries").median)
    }

    /// So many units in so many seconds, in per cent of what is possible.
    pub(super) fn share(&self, units: u64, seconds: f64) -> f64 {
        100.0 * units as f64 / (self.0 * seconds)
    }
}

fn try_once(pace: Pace, threads: usize) -> f64 {
    let over = AtomicBool::new(false);
    let count = Count::default();
    thread::scope(|scope| {
        for _ in 0..threads {
            let counter = count.counter();
            scope.spawn(|| {
                let counter = counter;
                while !over.load(Relaxed) {
                    pace.work(1);
                    counter.add_one();
                }
            });
        }
        let (before, start) = (count.total(), Instant::now());
        thread::sleep(CALIBRATED);
        let done = count.total() - before;
        let rate = done as f64 / start.elapsed().as_secs_f64();
        over.store(true, Relaxed);
        rate
    })
}
