//! What one processor has put back.

use std::{
    cell::UnsafeCell,
    sync::{OnceLock, PoisonError},
    thread,
};

use crate::shim::{AtomicUsize, Mutex, MutexGuard, Ordering};

/// How many are taken from another's list at a time, at most.
const BATCH: usize = 16;

/// Shards in the first block, and how many blocks there may be, each twice as large as the one before: room for
/// half a million processors beyond those of the system.
const SMALLEST: usize = 8;
const BLOCKS: usize = 16;

/// On cache lines of its own: two, since processors fetch pairs.
#[repr(align(128))]
pub(super) struct Shard<T> {
    /// U1.
    private: UnsafeCell<Option<T>>,
    pub(super) list: List<T>,
}

// SAFETY: the private place is touched by one thread at a time (U1), which is why things must be `Send`; the list is
// under a lock.
unsafe impl<T: Send> Sync for Shard<T> {}

impl<T> Shard<T> {
    fn new() -> Shard<T> {
        Shard {
            private: UnsafeCell::new(None),
            list: List::new(),
        }
    }

    /// # Safety
    /// U1.
    #[inline(always)]
    pub(super) unsafe fn take_private(&self) -> Option<T> {
        // SAFETY: U1, by the caller; U2: nothing else borrows it.
        unsafe { &mut *self.private.get() }.take()
    }

    /// # Safety
    /// U1.
    #[cfg(test)]
    pub(super) unsafe fn has_private(&self) -> bool {
        // SAFETY: U1, by the caller; U2: nothing else borrows it.
        unsafe { &*self.private.get() }.is_some()
    }

    /// Takes the thing, unless the place is taken.
    ///
    /// # Safety
    /// U1.
    #[inline(always)]
    pub(super) unsafe fn put_private(&self, thing: &mut Option<T>) {
        // SAFETY: U1, by the caller; U2: nothing else borrows it.
        let private = unsafe { &mut *self.private.get() };
        if private.is_none() {
            *private = thing.take();
        }
    }
}

/// Things that wait for anybody.
pub(super) struct List<T> {
    /// How many there are, for who has not taken the lock.
    count: AtomicUsize,
    things: Mutex<Things<T>>,
}

struct Things<T> {
    fresh: Vec<T>,
    victims: Vec<T>,
}

impl<T> List<T> {
    pub(super) fn new() -> List<T> {
        List {
            count: AtomicUsize::new(0),
            things: Mutex::new(Things {
                fresh: Vec::new(),
                victims: Vec::new(),
            }),
        }
    }

    /// No user code in `change` (U2).
    fn change<R>(&self, change: impl FnOnce(&mut Things<T>) -> R) -> R {
        // Nothing panics while it is held.
        let lock: MutexGuard<'_, _> = self.things.lock().unwrap_or_else(PoisonError::into_inner);
        let mut things = lock;
        let result = change(&mut things);
        let count = things.fresh.len() + things.victims.len();
        self.count.store(count, Ordering::Relaxed);
        result
    }

    fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    pub(super) fn put(&self, thing: T) {
        self.change(|things| things.fresh.push(thing));
    }

    pub(super) fn take(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        self.change(|things| things.fresh.pop())
    }

    pub(super) fn take_victim(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        self.change(|things| things.victims.pop())
    }

    /// Takes one, and half of the others for `thief`.
    pub(super) fn steal(&self, thief: &List<T>) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let mut stolen = self.change(|things| {
            let half = things.fresh.len().div_ceil(2).min(BATCH);
            things.fresh.split_off(things.fresh.len() - half)
        });
        let thing = stolen.pop();
        if !stolen.is_empty() {
            thief.change(|things| things.fresh.append(&mut stolen));
        }
        thing
    }

    /// The victims go to `dead`; what is fresh becomes victim, and `private` too. True: something is left.
    pub(super) fn age(&self, private: Option<T>, dead: &mut Vec<T>) -> bool {
        self.change(|things| {
            dead.append(&mut things.victims);
            std::mem::swap(&mut things.victims, &mut things.fresh);
            things.victims.extend(private);
            !things.victims.is_empty()
        })
    }
}

/// The shards by the numbers of their processors: as many as the system has are there from the beginning, others are made
/// when their processor first uses the pool. A block has room for them, and is made with the first of its own.
pub(super) struct Shards<T> {
    first: Box<[Shard<T>]>,
    blocks: [OnceLock<Block<T>>; BLOCKS],
}

type Block<T> = Box<[OnceLock<Box<Shard<T>>>]>;

/// Which block, and where in it.
fn place(number: usize) -> (usize, usize) {
    let block = (number / SMALLEST + 1).ilog2() as usize;
    (block, number - SMALLEST * ((1 << block) - 1))
}

impl<T> Shards<T> {
    pub(super) fn new() -> Shards<T> {
        let processors = if cfg!(gmp_loom) {
            0
        } else {
            thread::available_parallelism().map_or(1, usize::from)
        };
        Shards {
            first: (0..processors).map(|_| Shard::new()).collect(),
            blocks: [const { OnceLock::new() }; BLOCKS],
        }
    }

    /// That of the processor, if it was made.
    #[inline(always)]
    pub(super) fn get(&self, number: usize) -> Option<&Shard<T>> {
        self.first.get(number).or_else(|| self.get_more(number))
    }

    #[cold]
    fn get_more(&self, number: usize) -> Option<&Shard<T>> {
        let (block, at) = place(number - self.first.len());
        Some(self.blocks.get(block)?.get()?.get(at)?.get()?)
    }

    /// That of the processor. `None`: there is no room for so many.
    pub(super) fn get_or_make(&self, number: usize) -> Option<&Shard<T>> {
        let Some(beyond) = number.checked_sub(self.first.len()) else {
            return self.first.get(number);
        };
        let (block, at) = place(beyond);
        let make = || (0..SMALLEST << block).map(|_| OnceLock::new()).collect();
        let shard = self.blocks.get(block)?.get_or_init(make).get(at)?;
        Some(shard.get_or_init(|| Box::new(Shard::new())))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Shard<T>> {
        let blocks = self.blocks.iter().filter_map(OnceLock::get);
        let more = blocks.flatten().filter_map(OnceLock::get);
        self.first.iter().chain(more.map(|shard| &**shard))
    }
}
