//! What does it cost to cancel many at once?
//!
//! A context has 100,000 children, which nobody waits for; it is cancelled. An operation is one child. Making them is not
//! measured.
//!
//! # What it does not show
//! Deep trees, and tasks that are woken by it.

use std::{hint::black_box, io};

use super::{About, Driver};
use crate::{
    child::Settings,
    kit::Contexts,
    meter::Reading,
    metric::{CPU, Sample, WALL},
};

pub(super) const ABOUT: About = About {
    question: "cancel one of the 100,000 children of a context, by cancelling it",
    metrics: &[WALL, CPU],
    procs: &[1],
    driver: Driver::Child,
};

const CHILDREN: usize = 100_000;

pub(super) fn run<C: Contexts>(settings: &Settings) -> io::Result<Sample> {
    Ok(C::new(settings.procs)?.run(async {
        round::<C>();
        round::<C>()
    }))
}

fn round<C: Contexts>() -> Sample {
    let root = C::root();
    let children: Vec<_> = (0..CHILDREN).map(|_| C::child(&root)).collect();
    let start = Reading::now();
    C::cancel(&root);
    let sample = start.per_operation(CHILDREN);
    let all = black_box(children).iter().all(C::is_cancelled);
    assert!(all, "who is below is cancelled too");
    sample
}
