//! Between the caches and the heap, one for each class: batches under a lock, and the spans that
//! they come from and return to.
//!
//! # How it works
//! A batch that a cache gives is kept whole, for the next cache that asks: that is one push and one pop. Only
//! the scavenger takes batches apart and gives their slots back to the spans, a few batches each time that it
//! takes the lock. New batches come from the fullest span that has free slots, so that nearly empty ones drain
//! and their pages can be released. (Go: `mcentral.go`, which sweeps instead)

use std::{collections::BTreeSet, io, ops::Bound, sync::Mutex};

use super::{
    class::{CLASSES, Class, UNIT},
    heap::{self, SlotIndex, SpanIndex},
    list::{self, FreeList},
    space,
};
use crate::shim::lock;

/// Batches that the scavenger takes apart before it lets others have the lock: 1,024 slots, 50 µs.
const BATCHES_AT_A_TIME: usize = 16;
/// Spans whose pages are released until then: each is a call of some microseconds.
const SPANS_AT_A_TIME: usize = 16;

static CENTRALS: [Central; CLASSES] = [const { Central::new() }; CLASSES];

/// The central of a class.
pub(super) fn of(class: Class) -> &'static Central {
    &CENTRALS[class.index()]
}

pub(crate) struct Central {
    shelves: Mutex<Shelves>,
}

struct Shelves {
    batches: Vec<FreeList>,
    /// Spans with free slots; the one with the fewest is the first.
    partial: BTreeSet<(u32, SpanIndex)>,
    released: usize,
}

/// How far the scavenger is with a class.
#[derive(Default)]
pub(super) struct Progress {
    /// Batches that are left to be taken apart; `None`: it has not looked.
    batches: Option<usize>,
    /// The last span that it looked at.
    span: Option<SpanIndex>,
}

impl Central {
    const fn new() -> Central {
        let shelves = Shelves {
            batches: Vec::new(),
            partial: BTreeSet::new(),
            released: 0,
        };
        Central {
            shelves: Mutex::new(shelves),
        }
    }

    /// A batch with at least one slot.
    ///
    /// # Errors
    /// If the system has no memory for another span.
    pub(super) fn take(&self, class: Class) -> io::Result<FreeList> {
        let mut shelves = lock(&self.shelves);
        match shelves.batches.pop() {
            Some(batch) => Ok(batch),
            None => shelves.gather(class, class.batch()),
        }
    }

    pub(super) fn put(&self, batch: FreeList) {
        lock(&self.shelves).batches.push(batch);
    }

    /// One slot, for a thread without a processor.
    ///
    /// # Errors
    /// If the system has no memory for another span.
    pub(super) fn take_one(&self, class: Class) -> io::Result<SlotIndex> {
        let mut shelves = lock(&self.shelves);
        if let Some(batch) = shelves.batches.last_mut() {
            let slot = batch.pop().expect("a batch on the shelf is not empty");
            if batch.len() == 0 {
                shelves.batches.pop();
            }
            return Ok(slot);
        }
        Ok(shelves
            .gather(class, 1)?
            .pop()
            .expect("gather finds at least one"))
    }

    pub(super) fn put_one(&self, class: Class, slot: SlotIndex) {
        let mut one = FreeList::EMPTY;
        one.push(slot);
        lock(&self.shelves).take_apart(class, one);
    }

    /// Takes some batches apart, of those that stood here when the pass came to the class; or releases the pages of some spans of
    /// which no slot is in use. Returns the bytes released. `None`: nothing is left.
    pub(super) fn release_some(&self, class: Class, progress: &mut Progress) -> Option<usize> {
        let mut shelves = lock(&self.shelves);
        let stood = shelves.batches.len();
        let left = progress.batches.get_or_insert(stood);
        if *left > 0 {
            *left = left.saturating_sub(BATCHES_AT_A_TIME);
            shelves.take_some_apart(class);
            return Some(0);
        }
        let all = class.slots() as u32;
        let from = match progress.span {
            Some(span) => Bound::Excluded((all, span)),
            None => Bound::Included((all, SpanIndex::FIRST)),
        };
        let empty = shelves.partial.range((from, Bound::Unbounded));
        let empty: Vec<SpanIndex> = empty
            .map(|&(_, span)| span)
            .filter(|span| !span.descriptor().released())
            .take(SPANS_AT_A_TIME)
            .collect();
        progress.span = Some(*empty.last()?);
        let released = empty.into_iter().map(|span| release(class, span)).sum();
        shelves.released += released;
        Some(released)
    }

    /// Bytes of free slots outside of caches, and bytes whose pages were released.
    pub(super) fn idle(&self, class: Class) -> (usize, usize) {
        let shelves = lock(&self.shelves);
        let shelved: usize = shelves.batches.iter().map(FreeList::len).sum();
        let in_spans: usize = shelves.partial.iter().map(|&(free, _)| free as usize).sum();
        ((shelved + in_spans) * class.size(), shelves.released)
    }
}

impl Shelves {
    fn gather(&mut self, class: Class, want: usize) -> io::Result<FreeList> {
        let mut batch = FreeList::EMPTY;
        while batch.len() < want {
            let Some(&(free, span)) = self.partial.first() else {
                if batch.len() > 0 {
                    break;
                }
                let span = heap::grow(class)?;
                self.partial.insert((class.slots() as u32, span));
                continue;
            };
            self.partial.remove(&(free, span));
            if span.descriptor().released() {
                span.descriptor().set_released(false);
                self.released -= class.span_units() * UNIT;
            }
            let left = cut(class, span, want - batch.len(), &mut batch);
            if left > 0 {
                self.partial.insert((left, span));
            }
        }
        Ok(batch)
    }

    fn take_some_apart(&mut self, class: Class) {
        for _ in 0..BATCHES_AT_A_TIME {
            let Some(batch) = self.batches.pop() else {
                return;
            };
            self.take_apart(class, batch);
        }
    }

    /// Gives the slots back to their spans. Slots of one span often stand together: the set is
    /// touched once for each such run.
    fn take_apart(&mut self, class: Class, mut batch: FreeList) {
        let mut run: Option<(SpanIndex, FreeList)> = None;
        while let Some(slot) = batch.pop() {
            let span = slot.span();
            match &mut run {
                Some((same, list)) if *same == span => list.push(slot),
                _ => {
                    self.give_back(class, run.take());
                    let mut list = FreeList::from_first(span.descriptor().free_list());
                    list.push(slot);
                    run = Some((span, list));
                }
            }
        }
        self.give_back(class, run);
    }

    fn give_back(&mut self, class: Class, run: Option<(SpanIndex, FreeList)>) {
        let Some((span, list)) = run else { return };
        let descriptor = span.descriptor();
        debug_assert_eq!(descriptor.class(), class);
        descriptor.set_free_list(list.first());
        let before = descriptor.free();
        let free = before + list.pushed();
        descriptor.set_free(free);
        self.partial.remove(&(before, span));
        self.partial.insert((free, span));
    }
}

/// Moves up to `want` slots of `span` to `batch`, freed ones before fresh ones. Returns how many
/// are left free.
fn cut(class: Class, span: SpanIndex, want: usize, batch: &mut FreeList) -> u32 {
    let descriptor = span.descriptor();
    let mut free_list = FreeList::from_first(descriptor.free_list());
    let before = batch.len();
    while batch.len() - before < want {
        let Some(slot) = free_list.pop().or_else(|| carve(class, span)) else {
            break;
        };
        batch.push(slot);
    }
    descriptor.set_free_list(free_list.first());
    let left = descriptor.free() - (batch.len() - before) as u32;
    descriptor.set_free(left);
    left
}

/// The next fresh slot of a span, with a generation that no slot at its place ever had (S2).
fn carve(class: Class, span: SpanIndex) -> Option<SlotIndex> {
    let descriptor = span.descriptor();
    let carved = descriptor.carved();
    if carved as usize == class.slots() {
        return None;
    }
    let slot = span.slot(class, carved);
    list::set_generation(slot, descriptor.floor());
    descriptor.set_carved(carved + 1);
    Some(slot)
}

/// Drops the pages of a span without a slot in use: its slots are to be carved anew.
fn release(class: Class, span: SpanIndex) -> usize {
    let descriptor = span.descriptor();
    let carved = descriptor.carved();
    if descriptor.released() || carved == 0 {
        return 0;
    }
    let slots = (0..carved).map(|n| span.slot(class, n));
    let highest = slots.map(list::generation).max().unwrap_or(0);
    // A floor at the limit would make slots that are exhausted at once: leave such a span alone.
    if highest >= u32::MAX - 1 {
        return 0;
    }
    let bytes = class.span_units() * UNIT;
    descriptor.set_carved(0);
    descriptor.set_free_list(0);
    descriptor.raise_floor(highest + 1);
    // SAFETY: every slot of the span is free and under this central's lock; who still reads a
    // state word reads a zero, a generation that no name has.
    if !unsafe { space::release(span.start(), bytes) } {
        return 0;
    }
    descriptor.set_released(true);
    bytes
}
