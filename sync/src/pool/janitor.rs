//! The thread that trims pools: one for the process, made with the first pool that holds anything.
//!
//! It sleeps while all pools are empty. Else it wakes every [`PERIOD`], trims those that hold something, and forgets those that
//! hold nothing any more; they come back with the next thing that is put in.
//!
//! # Rejected
//! - Trimming in the monitor: things are dropped, and that is user code, which may block or panic.
//! - A timer of a processor: then the drops hold up the tasks of that processor. And pools live without a runtime.
//! - Trimming where things are taken and put: an idle pool would not shrink.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Condvar, Mutex, MutexGuard, PoisonError, Weak},
    thread,
    time::Duration,
};

/// How long a thing that nobody takes stays, at least; twice that at most. Go's collector runs every 2 minutes in
/// idleness, and far more often under load.
const PERIOD: Duration = Duration::from_secs(10);

/// A pool, whatever is in it.
pub(super) trait Trim: Send + Sync {
    /// Drops what nobody has taken for a period. False: nothing is left.
    fn trim(&self) -> bool;
}

struct Janitor {
    pools: Mutex<Pools>,
    /// There is a pool again.
    work: Condvar,
}

struct Pools {
    watched: Vec<Weak<dyn Trim>>,
    has_thread: bool,
}

static JANITOR: Janitor = Janitor {
    pools: Mutex::new(Pools {
        watched: Vec::new(),
        has_thread: false,
    }),
    work: Condvar::new(),
};

/// Trims a pool from now on, until it is empty.
pub(super) fn watch(pool: Weak<dyn Trim>) {
    let mut pools = JANITOR.lock();
    pools.watched.push(pool);
    if !pools.has_thread {
        // Where the system has no thread to give, the next pool tries again.
        let builder = thread::Builder::new().name("gmp-pools".to_owned());
        pools.has_thread = builder.spawn(|| JANITOR.run()).is_ok();
    }
    drop(pools);
    JANITOR.work.notify_one();
}

impl Janitor {
    fn lock(&self) -> MutexGuard<'_, Pools> {
        // Nothing panics while it is held.
        self.pools.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self) {
        loop {
            let waited = self
                .work
                .wait_while(self.lock(), |pools| pools.watched.is_empty());
            drop(waited);
            thread::sleep(PERIOD);
            let mut pools = std::mem::take(&mut self.lock().watched);
            pools.retain(has_left);
            self.lock().watched.append(&mut pools);
        }
    }
}

/// Trims a pool. False: it is empty, or gone.
fn has_left(pool: &Weak<dyn Trim>) -> bool {
    let Some(pool) = pool.upgrade() else {
        return false;
    };
    let left = pool.trim();
    // This reference may be the last one.
    quietly(|| drop(pool));
    left
}

/// Drops what is anybody's: a panic must not end this thread, and dropping what it was thrown with may panic again.
pub(super) fn quietly(drops: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(drops)) {
        std::mem::forget(payload);
    }
}
