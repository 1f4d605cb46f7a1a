//! Counts the operations of one phase: a progress bar while it runs, figures at its end.
//!
//! # How it works
//! The lanes call [`Meter::count`] once an operation. The bar is there where standard error is a terminal, and makes way
//! for a line at the end of the phase.
//!
//! # Not done here
//! What an operation is, and what the server used for it.

use std::{
    collections::BTreeMap,
    error::Error,
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use nix::errno::Errno;
use serde::Serialize;

use crate::supervisor::Supervisor;

#[cfg(test)]
mod tests;

/// Three significant digits: a latency of 10 ms is good to 10 µs.
const DIGITS: u8 = 3;

/// An hour in microseconds, which is more than an operation may take.
const MOST_MICROS: u64 = 3_600_000_000;

pub(crate) struct Meter {
    phase: &'static str,
    total: usize,
    /// Draws itself on a terminal and counts in any case.
    bar: ProgressBar,
    started: Instant,
    tally: Mutex<Tally>,
}

struct Tally {
    /// In microseconds.
    latency: Histogram<u64>,
    failed: BTreeMap<String, u64>,
}

/// What one phase has come to.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    pub(crate) phase: &'static str,
    pub(crate) asked: usize,
    pub(crate) done: u64,
    /// How often each kind of error came, by its name in the C library where it has one.
    pub(crate) failed: BTreeMap<String, u64>,
    pub(crate) seconds: f64,
    pub(crate) per_second: f64,
    pub(crate) p50_us: u64,
    pub(crate) p99_us: u64,
    pub(crate) p999_us: u64,
    pub(crate) max_us: u64,
}

impl Figures {
    pub(crate) fn failures(&self) -> u64 {
        self.failed.values().sum()
    }
}

impl Meter {
    /// A phase of `total` operations begins.
    pub(crate) fn start(supervisor: &Supervisor, phase: &'static str, total: usize) -> Arc<Meter> {
        let style = ProgressStyle::with_template(
            "{prefix:>9} {wide_bar} {human_pos}/{human_len} {elapsed}",
        );
        let bar = ProgressBar::new(total as u64)
            .with_style(style.expect("the template is right"))
            .with_prefix(phase);
        let latency = Histogram::new_with_max(MOST_MICROS, DIGITS).expect("both are in range");
        let tally = Mutex::new(Tally {
            latency,
            failed: BTreeMap::new(),
        });
        let meter = Arc::new(Meter {
            phase,
            total,
            bar,
            started: Instant::now(),
            tally,
        });
        supervisor.enter_phase(&meter);
        meter
    }

    /// Counts one operation that began at `begun` and has ended now.
    pub(crate) fn count<T>(&self, begun: Instant, outcome: &io::Result<T>) {
        let micros = begun.elapsed().as_micros();
        let mut tally = self.tally();
        match outcome {
            Ok(_) => tally
                .latency
                .saturating_record(u64::try_from(micros).unwrap_or(u64::MAX)),
            Err(error) => *tally.failed.entry(name(error)).or_default() += 1,
        }
        drop(tally);
        self.bar.inc(1);
    }

    /// Progress in something that is neither done nor failed, such as time.
    pub(crate) fn advance(&self, steps: u64) {
        self.bar.inc(steps);
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// The phase is over.
    pub(crate) fn finish(&self) -> Figures {
        let elapsed = self.elapsed();
        let position = self.clear_bar();
        let tally = self.tally();
        let done = tally.latency.len();
        let figures = Figures {
            phase: self.phase,
            asked: self.total,
            done,
            failed: tally.failed.clone(),
            seconds: elapsed.as_secs_f64(),
            per_second: done as f64 / elapsed.as_secs_f64(),
            p50_us: tally.latency.value_at_quantile(0.5),
            p99_us: tally.latency.value_at_quantile(0.99),
            p999_us: tally.latency.value_at_quantile(0.999),
            max_us: tally.latency.max(),
        };
        eprintln!("{:>9} {position} in {:.2} s", self.phase, figures.seconds);
        figures
    }

    /// The phase will not be finished. Says how far it has come.
    pub(crate) fn abandon(&self) -> String {
        format!(" in the phase {:?}, after {}", self.phase, self.clear_bar())
    }

    /// How far the phase has come, in words. A cleared bar does not know any more.
    fn clear_bar(&self) -> String {
        let (position, total) = (self.bar.position(), self.total as u64);
        self.bar.finish_and_clear();
        format!("{} of {}", HumanCount(position), HumanCount(total))
    }

    fn tally(&self) -> MutexGuard<'_, Tally> {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of the system's error if there is one at the bottom of `error`, such as `ECONNRESET`, or else its words.
fn name(error: &(dyn Error + 'static)) -> String {
    let mut causes = std::iter::successors(Some(error), |&error| error.source());
    let code = causes.find_map(|cause| cause.downcast_ref::<io::Error>()?.raw_os_error());
    code.map_or_else(
        || error.to_string(),
        |code| format!("{:?}", Errno::from_raw(code)),
    )
}
