//! What std says.

use std::{num::NonZero, thread};

/// What limits the number of CPUs.
#[derive(Clone, Debug)]
pub(crate) struct Limits(());

impl Limits {
    pub(crate) fn find() -> Limits {
        Limits(())
    }

    /// As many processors as there should be now, at least 1.
    pub(crate) fn processors(&mut self) -> usize {
        thread::available_parallelism().map_or(1, NonZero::get)
    }
}
