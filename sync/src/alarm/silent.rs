//! Alarms in models: loom has no clock, so none ever rings.

use std::{task::Waker, time::Instant};

mod latest;

pub(crate) use self::latest::Latest;

pub(crate) struct Alarm;

impl Alarm {
    pub(crate) fn set(_: Instant, _: Waker) -> Alarm {
        Alarm
    }
}
