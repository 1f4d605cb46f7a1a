//! What of the netpoller is modelled: all that does not ask the kernel.

pub(crate) mod desc;
mod interrupt;
#[cfg(test)]
mod models;
pub(crate) mod readiness;

pub(crate) use self::readiness::{Direction, Flags, Found};

/// Models post their events by themselves.
pub(crate) struct Shared;
