#![doc = include_str!("README.md")]

mod cache;
mod central;
mod class;
mod heap;
mod list;
mod space;
mod span;
mod stats;
#[cfg(test)]
#[allow(
    clippy::multiple_unsafe_ops_per_block,
    reason = "a test's pointer arithmetic"
)]
mod tests;

pub(crate) use cache::{Cache, Counts};
pub(crate) use class::Class;
pub(crate) use heap::{SlotIndex, reserve, spans};
pub(crate) use list::LINK_OFFSET;
pub(crate) use stats::read as stats;
pub use stats::{ClassStats, MemStats};

/// Takes a free slot without a processor: under central's lock.
///
/// # Errors
/// If the system has no memory for another span.
pub(crate) fn allocate(class: Class) -> std::io::Result<SlotIndex> {
    central::of(class).take_one(class)
}

/// Puts a free slot back without a processor.
pub(crate) fn release(class: Class, slot: SlotIndex) {
    central::of(class).put_one(class, slot);
}

/// Releases the pages of all empty spans. Returns how many bytes went back to the system.
pub(crate) fn scavenge() -> usize {
    let mut pass = Scavenge::default();
    std::iter::from_fn(|| pass.step()).sum()
}

/// The same, part by part, for who has other things to do.
#[derive(Default)]
pub(crate) struct Scavenge {
    class: usize,
    progress: central::Progress,
}

impl Scavenge {
    /// Some 0.1 ms of it. Returns the bytes released. `None`: it is done.
    pub(crate) fn step(&mut self) -> Option<usize> {
        while self.class < class::CLASSES {
            let class = Class::from_index(self.class);
            let released = central::of(class).release_some(class, &mut self.progress);
            if released.is_some() {
                return released;
            }
            self.class += 1;
            self.progress = central::Progress::default();
        }
        None
    }
}

/// The carved slots of all spans.
pub(crate) fn slots() -> impl Iterator<Item = SlotIndex> {
    spans().flat_map(|(span, class)| {
        let carved = span.descriptor().carved();
        (0..carved).map(move |n| span.slot(class, n))
    })
}
