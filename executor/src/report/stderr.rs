//! Warnings on standard error.

use std::fmt::Display;

use crate::hand_off::HandOff;

/// Whoever sets a hook speaks for the program: nothing else writes to its standard error.
pub(crate) const BESIDE_A_HOOK: bool = false;

/// Programs may block as they like, and nobody filters these lines.
pub(crate) const OF_BLOCKED: bool = false;

/// Warns.
pub(crate) fn warn(message: impl Display) {
    eprintln!("gmp: {message}");
}

/// Warns of a task that did not return from its poll.
pub(crate) fn warn_of_hand_off(hand_off: &HandOff) {
    warn(hand_off);
}
