//! Things that are used again instead of made again.
//!
//! # How it works
//! The pool has a [shard](Shards) for each processor: a private place, which is reached on a visit of the processor
//! ([`gmp_executor::per_processor`]) without any atomic operation, and a list under a lock, where whatever more is
//! put back waits for anybody. Who finds nothing at home takes half of another's list, and makes a new thing at last. A
//! thread without a processor uses lists only: of some more that belong to nobody.
//!
//! While the pool holds anything it is trimmed every 10 s ([`janitor`]): what nobody has taken since the last time becomes
//! *victim*, and what was victim already is dropped. Who takes prefers what is not. So an idle pool shrinks to nothing. For
//! that the private places are taken from all processors for a moment: the gate before them is closed. It stays
//! closed while the pool is empty, so that the next thing that is put in comes to a list, and starts the trimming again.
//!
//! After Go's sync/pool.go, where the garbage collector sets the pace and stops the world to do so.
//!
//! # Invariants
//! - U1: a private place is touched on a visit, by the number of its shard; by who has closed the gate, which is done and undone under
//!   the lock of `watched`; and by who owns the pool.
//! - U2: no user code runs on a visit or while a lock is held.
//! - U3: if anything is in the pool, the janitor watches it, or who put that in is about to see to it.

#[cfg_attr(gmp_loom, path = "pool/asleep.rs")]
mod janitor;
mod shard;

use std::{
    cell::Cell,
    fmt,
    mem::{self, ManuallyDrop},
    ops::{Deref, DerefMut},
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use crate::shim::{Gate, Mutex, mutant, per_processor};

use self::{
    janitor::{Trim, quietly},
    shard::{List, Shards},
};

/// Lists of threads without a processor, so that not all of them meet at one.
const FOREIGN: usize = if cfg!(gmp_loom) { 2 } else { 8 };

/// Things that are used again instead of made again: buffers, encoders, connections. (Go: `sync.Pool`)
///
/// What is put back may be given to anybody, and is dropped when nobody has taken it for 10 to 20 s. Getting and putting
/// is quickest in a gmp task. A small `T` is quickest; put large ones in a [`Box`].
///
/// ```
/// use gmp_sync::Pool;
/// let buffers = Pool::new(|| Vec::<u8>::with_capacity(4096));
/// {
///     let mut buffer = buffers.get();
///     buffer.extend(b"used");
///     buffer.clear();
/// }
/// assert!(buffers.get().capacity() >= 4096);
/// ```
pub struct Pool<T> {
    core: Arc<Core<T>>,
}

struct Core<T> {
    /// Before the private places.
    gate: Gate,
    shards: Shards<T>,
    foreign: [List<T>; FOREIGN],
    make: Box<dyn Fn() -> T + Send + Sync>,
    /// The janitor knows it, and the gate is open. Locked while the gate is closed to trim.
    watched: Mutex<bool>,
}

impl<T: Send + 'static> Pool<T> {
    /// A pool whose things are made by `make` where there is none. (Go: `sync.Pool` with its field `New`)
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Pool<T> {
        let core = Core {
            gate: Gate::closed(),
            shards: Shards::new(),
            foreign: std::array::from_fn(|_| List::new()),
            make: Box::new(make),
            watched: Mutex::new(false),
        };
        Pool {
            core: Arc::new(core),
        }
    }

    /// A thing that was put back, or a new one. It is put back when it is dropped. (Go: `Pool.Get`)
    ///
    /// # Panics
    /// If making one does.
    ///
    /// ```
    /// use gmp_sync::Pool;
    /// let buffers = Pool::new(Vec::<u8>::new);
    /// let mut buffer = buffers.get();
    /// buffer.extend(b"kept");
    /// // Out of the pool for good.
    /// assert_eq!(buffer.into_inner(), b"kept");
    /// ```
    #[inline(always)]
    pub fn get(&self) -> Pooled<'_, T> {
        Pooled {
            thing: ManuallyDrop::new(self.take()),
            pool: self,
        }
    }

    #[inline(always)]
    fn take(&self) -> T {
        let core = &*self.core;
        let mut private = None;
        core.gate.enter(|number| {
            if let Some(shard) = core.shards.get(number) {
                // SAFETY: U1: a visit.
                private = unsafe { shard.take_private() };
            }
        });
        private.unwrap_or_else(|| self.core.take_shared())
    }

    /// Puts a thing in, as if it had come from here. (Go: `Pool.Put`)
    ///
    /// ```
    /// use gmp_sync::Pool;
    /// let pool = Pool::new(|| "made");
    /// pool.put("put");
    /// assert_eq!(*pool.get(), "put");
    /// ```
    #[inline(always)]
    pub fn put(&self, thing: T) {
        let core = &*self.core;
        let mut thing = Some(thing);
        core.gate.enter(|number| {
            if let Some(shard) = core.shards.get(number) {
                // SAFETY: U1: a visit.
                unsafe { shard.put_private(&mut thing) };
            }
        });
        if let Some(thing) = thing {
            self.core.put_shared(thing);
        }
    }
}

impl<T: Send + 'static> Core<T> {
    /// The list to begin with: a good guess, no more, since the processor may be lost at any time.
    fn home(&self) -> &List<T> {
        let number = per_processor::number();
        let shard = number.and_then(|number| self.shards.get_or_make(number));
        shard.map_or_else(|| &self.foreign[foreign_number()], |shard| &shard.list)
    }

    fn lists(&self) -> impl Iterator<Item = &List<T>> {
        self.shards.iter().map(|it| &it.list).chain(&self.foreign)
    }

    #[cold]
    #[inline(never)]
    fn take_shared(self: &Arc<Self>) -> T {
        let home = self.home();
        let fresh = home.take().or_else(|| self.steal(home));
        fresh
            .or_else(|| self.lists().find_map(List::take_victim))
            .unwrap_or_else(|| (self.make)())
    }

    fn steal(self: &Arc<Self>, home: &List<T>) -> Option<T> {
        let thing = self.lists().find_map(|list| list.steal(home))?;
        // The others may have come to a list that was trimmed already, from one that was not yet.
        if !mutant("thief_sees_to_nothing") {
            self.see_to_the_rest();
        }
        Some(thing)
    }

    #[cold]
    #[inline(never)]
    fn put_shared(self: &Arc<Self>, thing: T) {
        let early = mutant("gate_looked_at_before_the_put").then(|| self.gate.is_open());
        self.home().put(thing);
        if early == Some(true) {
            return;
        }
        self.see_to_the_rest();
    }

    /// Something has come to a list: U3.
    fn see_to_the_rest(self: &Arc<Self>) {
        // Ordering: if `trim` has not seen the thing, it took the list's lock earlier, after it had closed the gate.
        if !self.gate.is_open() {
            self.watch();
        }
    }

    fn watch(self: &Arc<Self>) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if !*watched {
            *watched = true;
            self.gate.open();
            let pool = Arc::downgrade(self);
            janitor::watch(pool);
        }
    }

    /// What `dead` gets is dropped by the caller.
    fn age(&self, dead: &mut Vec<T>) -> bool {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        self.gate.close();
        let mut left = false;
        for shard in self.shards.iter() {
            // SAFETY: U1: the gate is closed.
            let private = unsafe { shard.take_private() };
            left |= shard.list.age(private, dead);
        }
        for list in &self.foreign {
            left |= list.age(None, dead);
        }
        *watched = left;
        if left {
            self.gate.open();
        }
        left
    }
}

impl<T: Send + 'static> Trim for Core<T> {
    fn trim(&self) -> bool {
        let mut dead = Vec::new();
        let left = self.age(&mut dead);
        for thing in dead {
            quietly(|| drop(thing));
        }
        left
    }
}

/// Which of the lists of nobody is this thread's.
fn foreign_number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static NUMBER: Cell<Option<usize>> = const { Cell::new(None) };
    }
    NUMBER.get().unwrap_or_else(|| {
        let number = NEXT.fetch_add(1, Ordering::Relaxed) % FOREIGN;
        NUMBER.set(Some(number));
        number
    })
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A thing of a [`Pool`], put back when this is dropped.
#[must_use = "dropping it puts the thing back at once"]
pub struct Pooled<'a, T: Send + 'static> {
    /// Gone when this is dropped or forgotten.
    thing: ManuallyDrop<T>,
    pool: &'a Pool<T>,
}

impl<T: Send + 'static> Pooled<'_, T> {
    /// Keeps the thing out of the pool.
    pub fn into_inner(mut self) -> T {
        // SAFETY: `self` is forgotten: nobody uses the place again.
        let thing = unsafe { ManuallyDrop::take(&mut self.thing) };
        mem::forget(self);
        thing
    }
}

impl<T: Send + 'static> Deref for Pooled<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.thing
    }
}

impl<T: Send + 'static> DerefMut for Pooled<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.thing
    }
}

impl<T: Send + 'static> Drop for Pooled<'_, T> {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: it is dropped: nobody uses the place again.
        self.pool
            .put(unsafe { ManuallyDrop::take(&mut self.thing) });
    }
}

impl<T: Send + fmt::Debug + 'static> fmt::Debug for Pooled<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
