//! Nothing is told without the feature `tracing`.

use std::{io, time::Duration};

/// An acceptor pauses for lack of descriptors or memory.
pub(super) fn short_of_resources(_error: &io::Error, _pause: Duration) {}
