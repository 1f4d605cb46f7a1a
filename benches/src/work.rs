//! Work that takes a known time: a chain of dependent steps, as many as this machine does in a microsecond.
//!
//! # How it works
//! The program calibrates once and tells each child, the Go twin too, so that all do the same number of the same steps.
//! A loop that looks at the clock until the time is up would be the obvious code; it would also count the time in
//! which its thread does not run at all as work, and so make a busy machine look like a parallel one.

use std::{
    hint::black_box,
    num::NonZeroU32,
    time::{Duration, Instant},
};

/// How many steps take a microsecond.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Pace(pub(crate) NonZeroU32);

impl Pace {
    /// The fastest of several measurements: all that disturbs one makes it slower.
    pub(crate) fn calibrate() -> Self {
        const STEPS: u32 = 100_000;
        let time = || {
            let start = Instant::now();
            steps(STEPS);
            start.elapsed()
        };
        let fastest = (0..50).map(|_| time()).min().unwrap_or(Duration::MAX);
        let a_microsecond = f64::from(STEPS) / (fastest.as_nanos() as f64 / 1e3);
        Self(NonZeroU32::new(a_microsecond as u32).unwrap_or(NonZeroU32::MIN))
    }

    pub(crate) fn work(self, microseconds: u32) {
        steps(self.0.get().saturating_mul(microseconds));
    }
}

/// Marsaglia's xorshift: each step needs the one before, so that no processor does two at once. `go/meter.go` has
/// the same loop.
#[inline(never)]
fn steps(number: u32) {
    let mut state = black_box(0x9E37_79B9_7F4A_7C15_u64);
    for _ in 0..number {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
    }
    black_box(state);
}
