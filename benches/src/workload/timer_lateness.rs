//! How late do sleepers wake, and what does a timer that fires cost?
//!
//! 10,000 tasks sleep once each, for 1 to 100 ms, spread evenly: about 100 timers fire in a millisecond. CPU is all that
//! the process used, by timer, with the spawn and the join.
//!
//! # What it does not show
//! Lateness beside work: nothing else runs here. Of two processors one waits, so two are no better than one.

use std::{
    io,
    time::{Duration, Instant},
};

use super::{About, Driver};
use crate::{
    child::Settings,
    meter::Reading,
    metric::{CPU, LATENESS_MEDIAN, LATENESS_P99, Sample},
    runtime::Runtime,
    statistics::quantile,
};

pub(super) const ABOUT: About = About {
    question: "10,000 sleeps of 1 to 100 ms: how late, at what cost",
    metrics: &[LATENESS_MEDIAN, LATENESS_P99, CPU],
    procs: &[1, 2],
    driver: Driver::Child,
};

const TIMERS: u32 = 10_000;
const SHORTEST: Duration = Duration::from_millis(1);
const SPREAD: Duration = Duration::from_millis(99);

pub(super) fn run<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    let runtime = R::new(settings.procs)?;
    Ok(runtime.run(async {
        round::<R>().await;
        let start = Reading::now();
        let mut lateness = round::<R>().await;
        start
            .per_operation(TIMERS as usize)
            .with(LATENESS_MEDIAN, quantile(&mut lateness, 0.5))
            .with(LATENESS_P99, quantile(&mut lateness, 0.99))
    }))
}

/// The lateness of each, in microseconds.
async fn round<R: Runtime>() -> Vec<f64> {
    let handles: Vec<_> = (0..TIMERS)
        .map(|number| R::spawn(sleeper::<R>(number)))
        .collect();
    let mut lateness = Vec::with_capacity(handles.len());
    for handle in handles {
        lateness.push(handle.await);
    }
    lateness
}

async fn sleeper<R: Runtime>(number: u32) -> f64 {
    // A prime, so that neighbours in the order of spawning are none in time.
    let place = number.wrapping_mul(7919) % TIMERS;
    let asked = SHORTEST + SPREAD * place / TIMERS;
    let start = Instant::now();
    R::sleep(asked).await;
    (start.elapsed().as_nanos() as f64 - asked.as_nanos() as f64) / 1e3
}
