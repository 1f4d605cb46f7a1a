//! The one place where the clock is read.

use std::time::Instant;

#[inline]
pub(crate) fn now() -> Instant {
    Instant::now()
}
