//! Warnings as `tracing` events.

use std::fmt::Display;

/// Warns. The subscriber is user code: outside of sections and locks.
pub(crate) fn warn(message: impl Display) {
    tracing::warn!(target: "gmp", "{message}");
}
