//! What does it cost to ask for something to be done that was done long ago?
//!
//! A task calls a `Once` 10,000 times; the first time initialises it. Where there are only cells that are initialised
//! once (tokio, smol) it is one of `()`.
//!
//! # What it does not show
//! The first call, and callers that wait for it.

use std::{hint::black_box, io};

use super::About;
use crate::{child::Settings, kit::Locks, meter, metric::Sample};

pub(super) const ABOUT: About = About::throughput("a call of a Once that is done");

const CALLS: usize = 10_000;

pub(super) fn run<L: Locks>(settings: &Settings) -> io::Result<Sample> {
    meter::throughput::<L, _>(settings, CALLS, round::<L>)
}

async fn round<L: Locks>() {
    let once = L::once();
    for _ in 0..CALLS {
        L::call(black_box(&once)).await;
    }
}
