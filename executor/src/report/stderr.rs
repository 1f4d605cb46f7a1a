//! Warnings on standard error.

use std::fmt::Display;

/// Warns.
pub(crate) fn warn(message: impl Display) {
    eprintln!("gmp: {message}");
}
