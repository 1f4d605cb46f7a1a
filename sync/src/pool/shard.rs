//! What one thread has put back.

use std::{
    cell::UnsafeCell,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

/// On cache lines of its own: two, since processors fetch pairs.
#[repr(align(128))]
pub(super) struct Shard<T> {
    /// U1.
    private: UnsafeCell<Option<T>>,
    /// How many are in the lists, for who has not taken the lock.
    shared: AtomicUsize,
    lists: Mutex<Lists<T>>,
}

struct Lists<T> {
    fresh: Vec<T>,
    victims: Vec<T>,
}

// SAFETY: the private place is touched by one thread at a time (U1), which is why things must be `Send`; the lists are
// under a lock.
unsafe impl<T: Send> Sync for Shard<T> {}

impl<T> Shard<T> {
    pub(super) fn new() -> Shard<T> {
        Shard {
            private: UnsafeCell::new(None),
            shared: AtomicUsize::new(0),
            lists: Mutex::new(Lists {
                fresh: Vec::new(),
                victims: Vec::new(),
            }),
        }
    }

    /// # Safety
    /// U1: by the thread whose shard it is.
    #[inline]
    pub(super) unsafe fn take_private(&self) -> Option<T> {
        // SAFETY: U1, by the caller; U2: nothing else borrows it.
        unsafe { &mut *self.private.get() }.take()
    }

    /// Gives the thing back where the place is taken.
    ///
    /// # Safety
    /// U1: by the thread whose shard it is.
    #[inline]
    pub(super) unsafe fn put_private(&self, thing: T) -> Option<T> {
        // SAFETY: U1, by the caller; U2: nothing else borrows it.
        let private = unsafe { &mut *self.private.get() };
        if private.is_some() {
            return Some(thing);
        }
        *private = Some(thing);
        None
    }

    fn lock(&self) -> MutexGuard<'_, Lists<T>> {
        // Nothing panics while it is held.
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn count(&self, lists: &Lists<T>) {
        let count = lists.fresh.len() + lists.victims.len();
        // Ordering: SeqCst pairs with the store of `trims` in `Core::trim`: of a thing that is put in and an alarm that
        // is given up, one sees the other.
        self.shared.store(count, Ordering::SeqCst);
    }

    pub(super) fn has_shared(&self) -> bool {
        self.shared.load(Ordering::SeqCst) > 0
    }

    pub(super) fn put(&self, thing: T) {
        let mut lists = self.lock();
        lists.fresh.push(thing);
        self.count(&lists);
    }

    pub(super) fn take(&self, victims: bool) -> Option<T> {
        if self.shared.load(Ordering::Relaxed) == 0 {
            return None;
        }
        let mut lists = self.lock();
        let thing = if victims {
            lists.victims.pop()
        } else {
            lists.fresh.pop()
        };
        self.count(&lists);
        thing
    }

    /// The victims come out, and what is fresh becomes victim. True: something is left.
    pub(super) fn age(&self) -> (Vec<T>, bool) {
        let mut lists = self.lock();
        let fresh = std::mem::take(&mut lists.fresh);
        let dead = std::mem::replace(&mut lists.victims, fresh);
        self.count(&lists);
        (dead, !lists.victims.is_empty())
    }
}
