//! Things that are used again instead of made again.
//!
//! # How it works
//! The pool has a shard for each of the first threads that use pools ([`index`]). A shard has a private place, which its thread alone
//! touches, without any atomic operation, and a list under a lock, where whatever more is put back waits for anybody. Who
//! finds nothing at home takes from the lists of the others, and makes a new thing at last. A thread without a shard
//! uses lists only.
//!
//! While lists hold anything, an alarm rings every [`PERIOD`]: what nobody has taken since the last time becomes
//! *victim*, and what was victim already is dropped. Who takes prefers what is not. So an idle pool shrinks, to the private
//! places at last: one thing for each thread.
//!
//! After Go's sync/pool.go, where the garbage collector sets the pace and shards belong to processors.
//!
//! # Invariants
//! - U1: the private place of shard `i` is touched by the thread whose index is `i`, which no other thread has at the
//!   time, and by who owns the pool.
//! - U2: no user code runs while a private place is borrowed or a lock is held.

mod index;
mod shard;

use std::{
    fmt,
    ops::{Deref, DerefMut},
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicBool, Ordering},
    },
    task::{Wake, Waker},
    thread,
    time::{Duration, Instant},
};

use self::shard::Shard;
use crate::alarm::Alarm;

/// How long a thing that nobody takes stays in a list, at least; twice that at most. Go's collector runs every 2 minutes in
/// idleness, and far more often under load.
const PERIOD: Duration = Duration::from_secs(10);

/// Things that are used again instead of made again: buffers, encoders, connections. (Go: `sync.Pool`)
///
/// What is put back may be given to anybody, or dropped after a while. A small `T` is quickest; put large ones in a [`Box`].
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
    shards: Box<[Shard<T>]>,
    make: Box<dyn Fn() -> T + Send + Sync>,
    /// An alarm is set, or about to be.
    trims: AtomicBool,
    alarm: Mutex<Option<Alarm>>,
}

impl<T: Send + 'static> Pool<T> {
    /// A pool whose things are made by `make` where there is none. (Go: `sync.Pool` with its field `New`)
    pub fn new(make: impl Fn() -> T + Send + Sync + 'static) -> Pool<T> {
        // Machines that were handed off for, and foreign threads, have an index too.
        let threads = thread::available_parallelism().map_or(4, usize::from) * 4;
        let core = Core {
            shards: (0..threads.next_power_of_two())
                .map(|_| Shard::new())
                .collect(),
            make: Box::new(make),
            trims: AtomicBool::new(false),
            alarm: Mutex::new(None),
        };
        Pool {
            core: Arc::new(core),
        }
    }

    /// A thing that was put back, or a new one. It is put back when it is dropped. (Go: `Pool.Get`)
    #[inline]
    pub fn get(&self) -> Pooled<'_, T> {
        Pooled {
            thing: Some(self.take()),
            pool: self,
        }
    }

    #[inline]
    fn take(&self) -> T {
        let here = index::current();
        if let Some(shard) = self.core.shards.get(here) {
            // SAFETY: U1: it is this thread's index.
            if let Some(thing) = unsafe { shard.take_private() } {
                return thing;
            }
        }
        self.core.take_shared(here)
    }

    /// Puts a thing in, as if it had come from here. (Go: `Pool.Put`)
    #[inline]
    pub fn put(&self, thing: T) {
        let here = index::current();
        let thing = match self.core.shards.get(here) {
            // SAFETY: U1: it is this thread's index.
            Some(shard) => unsafe { shard.put_private(thing) },
            None => Some(thing),
        };
        if let Some(thing) = thing {
            self.core.put_shared(here, thing);
        }
    }
}

impl<T: Send + 'static> Core<T> {
    #[cold]
    fn take_shared(&self, here: usize) -> T {
        let shards = &self.shards;
        let from = |victims: bool| {
            (0..shards.len())
                .find_map(|n| shards[(here.wrapping_add(n)) % shards.len()].take(victims))
        };
        from(false)
            .or_else(|| from(true))
            .unwrap_or_else(|| (self.make)())
    }

    #[cold]
    fn put_shared(self: &Arc<Self>, here: usize, thing: T) {
        self.shards[here % self.shards.len()].put(thing);
        if !self.trims.swap(true, Ordering::AcqRel) {
            self.set_alarm();
        }
    }

    fn set_alarm(self: &Arc<Self>) {
        let trims = Waker::from(Arc::new(Trims(Arc::downgrade(self))));
        let alarm = Alarm::set(Instant::now() + PERIOD, trims);
        let mut place = self.alarm.lock().unwrap_or_else(PoisonError::into_inner);
        let stale = place.replace(alarm);
        drop(place);
        drop(stale);
    }

    /// Drops what has been victim for a period, and makes the rest victims.
    fn trim(self: &Arc<Self>) {
        let mut left = false;
        for shard in &self.shards {
            let (dead, more) = shard.age();
            left |= more;
            drop(dead);
        }
        // Before the alarm is given up: who puts something in later sets it again, and what came in between is seen here.
        if !left {
            self.trims.store(false, Ordering::SeqCst);
            left = self.shards.iter().any(Shard::has_shared)
                && !self.trims.swap(true, Ordering::SeqCst);
        }
        if left {
            self.set_alarm();
        }
    }
}

/// The alarm's waker.
struct Trims<T>(Weak<Core<T>>);

impl<T: Send + 'static> Wake for Trims<T> {
    fn wake(self: Arc<Self>) {
        if let Some(core) = self.0.upgrade() {
            core.trim();
        }
    }
}

impl<T> fmt::Debug for Pool<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").finish_non_exhaustive()
    }
}

/// A thing of a [`Pool`], put back when this is dropped.
#[must_use = "dropping it puts the thing back at once"]
pub struct Pooled<'a, T: Send + 'static> {
    /// `None` when it goes.
    thing: Option<T>,
    pool: &'a Pool<T>,
}

const PRESENT: &str = "a thing is there until it goes";

impl<T: Send + 'static> Pooled<'_, T> {
    /// Keeps the thing out of the pool.
    pub fn into_inner(mut self) -> T {
        self.thing.take().expect(PRESENT)
    }
}

impl<T: Send + 'static> Deref for Pooled<'_, T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        self.thing.as_ref().expect(PRESENT)
    }
}

impl<T: Send + 'static> DerefMut for Pooled<'_, T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        self.thing.as_mut().expect(PRESENT)
    }
}

impl<T: Send + 'static> Drop for Pooled<'_, T> {
    #[inline]
    fn drop(&mut self) {
        if let Some(thing) = self.thing.take() {
            self.pool.put(thing);
        }
    }
}

impl<T: Send + fmt::Debug + 'static> fmt::Debug for Pooled<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests;
