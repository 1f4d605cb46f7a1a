//! The last of several alarms.

use super::Alarm;

/// The latest of the alarms that are set one after another, each when the one before has rung, perhaps by another thread.
///
/// An alarm rings as soon as it is set, so whoever sets it may be late to put it here: the next one may be here already, and
/// must stay. Hence alarms have numbers.
#[derive(Default)]
pub(crate) struct Latest {
    number: u64,
    alarm: Option<Alarm>,
}

impl Latest {
    /// Keeps `alarm` unless a later one is here. What is over, to be dropped outside of locks.
    pub(crate) fn keep(&mut self, number: u64, alarm: Alarm) -> Option<Alarm> {
        if number < self.number {
            return Some(alarm);
        }
        self.number = number;
        self.alarm.replace(alarm)
    }

    /// One is set.
    pub(crate) fn is_set(&self) -> bool {
        self.alarm.is_some()
    }
}
