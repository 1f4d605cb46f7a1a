//! What the slab holds, as Go's `runtime.ReadMemStats` would tell it.

use super::{
    central,
    class::{CLASSES, Class},
    heap,
};

/// Memory of tasks in this process, of all runtimes together. All sizes in bytes.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MemStats {
    /// Spans that size classes have taken from the address space.
    pub spans: usize,
    /// What those spans span.
    pub reserved: usize,
    /// Slots that are in use, or at hand in a processor's cache.
    pub in_use: usize,
    /// Free slots and slots never used, whose pages may be resident.
    pub idle: usize,
    /// Pages that were given back to the system.
    pub released: usize,
    /// The size classes that have spans.
    pub classes: Vec<ClassStats>,
}

/// One size class.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct ClassStats {
    /// Bytes of a slot: a header of 48, then the future.
    pub slot_size: usize,
    /// What the class's spans span.
    pub reserved: usize,
    /// Free slots and slots never used.
    pub idle: usize,
    /// Pages that were given back to the system.
    pub released: usize,
    /// Slots that processors took from their caches.
    pub cache_hits: u64,
    /// How often a cache had to ask for another batch.
    pub cache_misses: u64,
}

/// Reads the figures; `caches` tells what each class of a processor's cache took and missed.
pub(crate) fn read(caches: impl FnOnce(&mut dyn FnMut(Class, u64, u64))) -> MemStats {
    let mut counts = [(0, 0); CLASSES];
    caches(&mut |class, taken, misses| {
        counts[class.index()].0 += taken;
        counts[class.index()].1 += misses;
    });
    let mut stats = MemStats {
        spans: heap::spans().count(),
        ..MemStats::default()
    };
    for (index, reserved) in heap::bytes_by_class().into_iter().enumerate() {
        if reserved > 0 {
            let class = Class::from_index(index);
            stats.add(class_stats(class, reserved, counts[index]));
        }
    }
    stats
}

fn class_stats(class: Class, reserved: usize, (taken, misses): (u64, u64)) -> ClassStats {
    let (free, released) = central::of(class).idle(class);
    ClassStats {
        slot_size: class.size(),
        reserved,
        idle: free.saturating_sub(released),
        released,
        cache_hits: taken.saturating_sub(misses),
        cache_misses: misses,
    }
}

impl MemStats {
    fn add(&mut self, class: ClassStats) {
        self.reserved += class.reserved;
        self.idle += class.idle;
        self.released += class.released;
        self.in_use = self.reserved.saturating_sub(self.idle + self.released);
        self.classes.push(class);
    }
}
