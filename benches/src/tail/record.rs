//! How late one probe was, each time.

use std::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use crate::statistics::quantile;

#[cfg(test)]
mod tests;

#[derive(Default)]
pub(super) struct Record(Mutex<State>);

#[derive(Default)]
struct State {
    /// Microseconds.
    samples: Vec<f64>,
    /// When what the probe waits for now should come.
    due: Option<Instant>,
}

/// What is told of all samples, microseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Lateness {
    pub(super) median: f64,
    pub(super) p99: f64,
    pub(super) most: f64,
    pub(super) number: usize,
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics")
    }

    /// What was before is forgotten. A probe that does not wait now is late from now on, until it says for what.
    pub(super) fn begin(&self, now: Instant) {
        let mut state = self.lock();
        state.samples.clear();
        state.due.get_or_insert(now);
    }

    /// The probe waits for what should come at `due`.
    pub(super) fn wait(&self, due: Instant) {
        self.lock().due = Some(due);
    }

    /// It has come.
    pub(super) fn came(&self) {
        self.came_at(Instant::now());
    }

    fn came_at(&self, now: Instant) {
        let mut state = self.lock();
        if let Some(due) = state.due.take() {
            state.samples.push(late(due, now));
        }
    }

    pub(super) fn end(&self) -> Lateness {
        self.end_at(Instant::now())
    }

    /// What should have come and has not is as late as it is.
    fn end_at(&self, now: Instant) -> Lateness {
        let mut state = self.lock();
        if let Some(due) = state.due.take().filter(|due| *due < now) {
            state.samples.push(late(due, now));
        }
        let samples = &mut state.samples;
        Lateness {
            median: quantile(samples, 0.5),
            p99: quantile(samples, 0.99),
            most: quantile(samples, 1.0),
            number: samples.len(),
        }
    }
}

fn late(due: Instant, now: Instant) -> f64 {
    now.saturating_duration_since(due).as_nanos() as f64 / 1e3
}
