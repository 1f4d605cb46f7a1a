//! Visits of the machines to what crates keep for each processor: see [`gate`](super::gate).

use super::{gate::Word, machine::Machine, section, table};
use crate::shim::lock;

/// Runs `f` with the number of the processor that this thread holds, and keeps meanwhile, if the gate is open.
#[inline(always)]
pub(crate) fn enter<R>(gate: &Word, f: impl FnOnce(usize) -> R) -> Option<R> {
    section::visit(|section| gate.is_open().then(|| f(section.processor().place)))?
}

/// Closes the gate, and waits until nobody is inside.
pub(crate) fn close(gate: &Word) {
    let inside = section::machine().is_some_and(|machine| machine.depth.is_visiting());
    assert!(!inside, "a gate is closed by one who is inside of a gate");
    gate.close(|| machines().map(|machine| &machine.depth));
}

/// All machines whose threads live. One that is missing gets into a roster later, under a lock that was this thread's before.
fn machines() -> impl Iterator<Item = &'static Machine> {
    let schedulers = table::all().into_iter();
    schedulers.flat_map(|scheduler| lock(&scheduler.roster).clone())
}

/// The number of the processor that this thread holds at the moment.
pub(crate) fn processor_number() -> Option<usize> {
    section::processor().map(|processor| processor.place)
}
