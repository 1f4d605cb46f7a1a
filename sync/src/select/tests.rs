//! These use the macro by its path in this crate, as the macro's own code names it.

mod choosing;
mod costs;
mod dynamic;
mod evaluation;
mod golang;
mod grammar;
mod losing;
mod model;

pub(crate) use crate::chan::tests::{Drops, Wakes, block_on, now, poll};
