//! What does a time-out cost that never fires?
//!
//! A task makes a sleep of one hour, polls it once and drops it. `alone` is with no other timer in the process, where
//! some runtimes tell their driver's thread of each; `beside` has one that ends earlier.
//!
//! # What it does not show
//! Many timers at once: there are never more than two, so the depth of a heap costs nothing. Other threads: with two
//! processors one of them has nothing to do but to wait for the timers.

use std::{
    future::poll_fn,
    io,
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
    time::Duration,
};

use super::About;
use crate::{child::Settings, meter, metric::Sample, runtime::Runtime};

pub(super) const ALONE: About = About::throughput("make a sleep, poll it once, drop it");
pub(super) const BESIDE: About =
    About::throughput("the same, with another timer that ends earlier");

#[derive(Clone, Copy, PartialEq)]
enum Company {
    None,
    EarlierTimer,
}

const TIMERS: usize = 10_000;
const AN_HOUR: Duration = Duration::from_secs(3600);
const EARLIER: Duration = Duration::from_secs(1800);

pub(super) fn alone<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    run::<R>(settings, Company::None)
}

pub(super) fn beside<R: Runtime>(settings: &Settings) -> io::Result<Sample> {
    run::<R>(settings, Company::EarlierTimer)
}

fn run<R: Runtime>(settings: &Settings, company: Company) -> io::Result<Sample> {
    let has_company = AtomicBool::new(company == Company::None);
    meter::throughput::<R, _>(settings, TIMERS, move || {
        // In the first round, which warms up: here is the first moment inside the runtime.
        if !has_company.swap(true, Ordering::Relaxed) {
            R::detach(R::sleep(EARLIER));
        }
        round::<R>()
    })
}

async fn round<R: Runtime>() {
    for _ in 0..TIMERS {
        poll_once(R::sleep(AN_HOUR)).await;
    }
}

async fn poll_once(future: impl Future<Output = ()>) {
    let mut future = pin!(future);
    poll_fn(|context| {
        assert!(
            future.as_mut().poll(context).is_pending(),
            "an hour has not passed"
        );
        Poll::Ready(())
    })
    .await;
}
