//! A processor's cache: free slots at hand, exchanged with central in whole batches.
//!
//! Two magazines a class, as in Bonwick and Adams, *Magazines and Vmem* (2001): with one, a task
//! that is spawned and freed at a batch's edge would go to central each time.
//! (Go: `mcache.go`, which holds a span instead of a batch)

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use super::{
    central,
    class::{CLASSES, Class},
    heap::SlotIndex,
    list::FreeList,
};

#[derive(Default)]
struct Magazines {
    active: FreeList,
    spare: FreeList,
}

/// What a cache has done, of each class. Written by its processor, read by `mem_stats`.
pub(crate) struct Counts {
    classes: Box<[Count]>,
}

#[derive(Default)]
struct Count {
    /// Slots taken.
    taken: AtomicU64,
    /// How often central was asked for a batch.
    misses: AtomicU64,
}

/// The free slots of one processor.
pub(crate) struct Cache {
    classes: Box<[Magazines]>,
    counts: Arc<Counts>,
}

impl Cache {
    pub(crate) fn new() -> Cache {
        let counts = Counts {
            classes: (0..CLASSES).map(|_| Count::default()).collect(),
        };
        let classes = (0..CLASSES).map(|_| Magazines::default()).collect();
        Cache {
            classes,
            counts: Arc::new(counts),
        }
    }

    pub(crate) fn counts(&self) -> Arc<Counts> {
        self.counts.clone()
    }

    /// Takes a free slot.
    ///
    /// # Errors
    /// If the system has no memory for another span.
    #[inline(always)]
    pub(crate) fn allocate(&mut self, class: Class) -> io::Result<SlotIndex> {
        let magazines = &mut self.classes[class.index()];
        let count = &self.counts.classes[class.index()];
        add_one(&count.taken);
        match magazines.active.pop() {
            Some(slot) => Ok(slot),
            None => magazines.refill(class, count),
        }
    }

    /// Puts a free slot back, whichever processor it was taken on.
    #[inline(always)]
    pub(crate) fn release(&mut self, class: Class, slot: SlotIndex) {
        let magazines = &mut self.classes[class.index()];
        if magazines.active.len() >= class.batch() {
            magazines.make_room(class);
        }
        magazines.active.push(slot);
    }

    /// Gives everything back to central.
    pub(crate) fn flush(&mut self) {
        for (index, magazines) in self.classes.iter_mut().enumerate() {
            let class = Class::from_index(index);
            for list in [&mut magazines.active, &mut magazines.spare] {
                if list.len() > 0 {
                    central::of(class).put(std::mem::take(list));
                }
            }
        }
    }
}

impl Counts {
    /// Adds what was taken and missed of each class to `sum`.
    pub(crate) fn add_to(&self, sum: &mut dyn FnMut(Class, u64, u64)) {
        for (index, count) in self.classes.iter().enumerate() {
            let taken = count.taken.load(Ordering::Relaxed);
            sum(
                Class::from_index(index),
                taken,
                count.misses.load(Ordering::Relaxed),
            );
        }
    }
}

/// Adds one to a counter that only this thread writes: no read-modify-write is needed.
#[inline(always)]
fn add_one(counter: &AtomicU64) {
    counter.store(
        counter.load(Ordering::Relaxed).wrapping_add(1),
        Ordering::Relaxed,
    );
}

impl Magazines {
    #[cold]
    #[inline(never)]
    fn refill(&mut self, class: Class, count: &Count) -> io::Result<SlotIndex> {
        std::mem::swap(&mut self.active, &mut self.spare);
        if self.active.len() == 0 {
            add_one(&count.misses);
            self.active = central::of(class).take(class)?;
        }
        Ok(self.active.pop().expect("central gives at least one slot"))
    }

    #[cold]
    #[inline(never)]
    fn make_room(&mut self, class: Class) {
        std::mem::swap(&mut self.active, &mut self.spare);
        if self.active.len() > 0 {
            central::of(class).put(std::mem::take(&mut self.active));
        }
    }
}
