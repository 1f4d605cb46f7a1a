//! All [`PollDesc`]s of the process: how a token finds its own.
//!
//! # How it works
//! Slots stand in blocks that are leaked, so a slot has one address and one index for ever (D1). Free ones are reused
//! last in, first out. Each poller keeps a copy of the list of blocks ([`Blocks`]), so that an event is posted
//! without the table's lock. Go: `pollCache`.
//!
//! The table is the process's, not the runtime's: a program that makes a thousand runtimes needs the slots of one.

use std::sync::{Arc, Mutex, MutexGuard};

use gmp_executor::waiter::Waiter;

use super::{Shared, desc::PollDesc, readiness::Flags};

/// Slots in a block: 16 KiB.
const BLOCK: usize = 256;

static TABLE: Mutex<Table> = Mutex::new(Table {
    blocks: Vec::new(),
    free: Vec::new(),
});

type Block = &'static [PollDesc];

struct Table {
    blocks: Vec<Block>,
    /// Indices.
    free: Vec<u32>,
}

fn table() -> MutexGuard<'static, Table> {
    TABLE
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Table {
    fn take(&mut self) -> &'static PollDesc {
        if self.free.is_empty() {
            self.carve();
        }
        let index = self.free.pop().expect("a block was carved") as usize;
        &self.blocks[index / BLOCK][index % BLOCK]
    }

    fn carve(&mut self) {
        let start = self.blocks.len() * BLOCK;
        let end = u32::try_from(start + BLOCK).expect("fewer than 2^32 sockets");
        let indices = start as u32..end;
        self.free.extend(indices.clone().rev());
        self.blocks
            .push(indices.map(PollDesc::new).collect::<Vec<_>>().leak());
    }
}

/// A slot for a socket of `poller`, with its index and generation.
pub(super) fn open(poller: Arc<Shared>, flags: Flags) -> (&'static PollDesc, u32, u32) {
    let desc = table().take();
    let (index, generation) = desc.open(poller, flags);
    (desc, index, generation)
}

pub(super) fn release(desc: &'static PollDesc) {
    if let Some(index) = desc.retire() {
        table().free.push(index);
    }
}

/// Closes all sockets of `poller`; returns who waited for them.
pub(super) fn close_all(poller: &Arc<Shared>) -> Vec<Waiter> {
    let blocks = table().blocks.clone();
    let mut woken = Vec::new();
    for desc in blocks.into_iter().flatten() {
        desc.close(poller, &mut woken);
    }
    woken
}

/// One poller's copy of the list of blocks.
pub(super) struct Blocks(Vec<Block>);

impl Blocks {
    pub(super) const fn new() -> Blocks {
        Blocks(Vec::new())
    }

    /// The slot of this index. Locks and allocates only when the table has grown.
    pub(super) fn find(&mut self, index: u32) -> Option<&'static PollDesc> {
        let index = index as usize;
        if index / BLOCK >= self.0.len() {
            self.0.extend_from_slice(&table().blocks[self.0.len()..]);
        }
        self.0.get(index / BLOCK).map(|block| &block[index % BLOCK])
    }
}
