//! Unix but not Linux: mio's own time-out, and a transfer tells nothing but what it moved.

use std::{
    io,
    time::{Duration, Instant},
};

use gmp_executor::poller;
use mio::{Registry, Token};

use super::readiness::Found;

/// mio's selectors on `poll(2)` would go on asking for a closed descriptor.
pub(super) const CLOSE_DEREGISTERS: bool = false;

/// Some selectors arm a socket again only when a call on it has blocked, so a short transfer must be followed by one.
#[inline]
pub(crate) fn found(_done: usize, _offered: impl Iterator<Item = usize>) -> Found {
    Found::More
}

/// Ends a wait at a point in time, up to a millisecond late: by the time-out of the wait itself.
#[derive(Debug)]
pub(super) struct Alarm;

impl Alarm {
    pub(super) fn new(_registry: &Registry, _token: Token) -> io::Result<Alarm> {
        Ok(Alarm)
    }

    /// The time-out that a wait until `until` is to have.
    pub(super) fn set(&mut self, until: Option<Instant>) -> io::Result<Option<Duration>> {
        Ok(until.map(|until| until.saturating_duration_since(poller::now())))
    }

    /// Never: there is no such event.
    pub(super) fn went_off(&mut self) {}
}
