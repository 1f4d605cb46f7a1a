//! The live tasks, found by walking the spans (S6). Nothing is stopped, nothing is locked; a task is
//! never polled to be looked at.

use std::{
    panic::Location,
    sync::atomic::{Ordering, fence},
};

use super::{
    header::{self, Header, Waits},
    label::Label,
    name::Name,
    state::Snapshot,
};
use crate::slab::{self, SlotIndex};

/// A live task as it stood at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) name: Name,
    pub(crate) state: Snapshot,
    pub(crate) runtime: u16,
    pub(crate) label: Label,
    pub(crate) spawned_at: Option<&'static Location<'static>>,
    pub(crate) waits: Waits,
}

/// All live tasks of the process. One that is spawned or ends meanwhile may be missed.
pub(crate) fn tasks() -> impl Iterator<Item = Seen> {
    slab::slots().filter_map(look)
}

/// The task of that name, if it lives.
pub(crate) fn seen(name: Name) -> Option<Seen> {
    look(header::slot(name)).filter(|seen| seen.name == name)
}

fn look(slot: SlotIndex) -> Option<Seen> {
    let header = Header::of(slot);
    let state = header.state.load();
    if !state.is_live() {
        return None;
    }
    let seen = Seen {
        name: Name::new(slot.get(), state.generation()),
        state,
        runtime: header.runtime(),
        label: header.label(),
        spawned_at: header.spawned_at(),
        waits: header.waits(),
    };
    // Ordering: pairs with the release fence in `Header::fill`.
    fence(Ordering::Acquire);
    (header.state.load_relaxed().generation() == state.generation()).then_some(seen)
}
