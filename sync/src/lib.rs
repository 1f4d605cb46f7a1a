//! Go's concurrency kit for futures.
//!
//! What is here works on any executor; on gmp it also notes where a task waits, for dumps.
//!
//! | Go | here |
//! |---|---|
//! | `make(chan T, n)` | [`chan(n)`](fn@chan), [`unbounded`] |
//! | `select` | [`select!`] |
//! | `sync.WaitGroup` | [`WaitGroup`] |
//! | `sync.Mutex` | [`Mutex`] |
//! | `sync.RWMutex` | [`RwLock`] |
//! | `sync.Cond` | [`Cond`] |
//! | `sync.Once`, `sync.OnceFunc`, `sync.OnceValue` | [`Once`], [`OnceFunc`], [`OnceValue`], [`OnceCell`] |
//! | `context.Context` and its package | [`Context`], [`context`] |
//! | `golang.org/x/sync/semaphore.Weighted` | [`Semaphore`] |
//! | `golang.org/x/sync/errgroup.Group` | [`errgroup::Group`] |
//! | `golang.org/x/sync/singleflight.Group` | [`singleflight::Group`] |
#![cfg_attr(gmp_loom, allow(dead_code, unused_imports, unused_macros))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(not(gmp_loom))]
mod alarm;
pub mod chan;
mod mutex;
mod primitive;
mod select;
mod semaphore;
mod shim;
#[cfg(all(test, not(gmp_loom)))]
mod test_kit;
mod wait_list;

pub use self::chan::{Receiver, Sender, chan, unbounded};
pub use self::mutex::{Guard, Lock, Mutex, MutexGuard, OwnedMutexGuard, TryLockError};
pub use self::select::{Operation, Select, SelectWait};
pub use self::semaphore::{
    Acquire, AcquireError, OwnedSemaphorePermit, Permit, Semaphore, SemaphorePermit,
    TryAcquireError,
};

#[cfg(not(gmp_loom))]
mod barrier;
#[cfg(not(gmp_loom))]
pub mod broadcast;
#[cfg(not(gmp_loom))]
mod cond;
#[cfg(not(gmp_loom))]
pub mod context;
#[cfg(not(gmp_loom))]
pub mod errgroup;
#[cfg(not(gmp_loom))]
mod notify;
#[cfg(not(gmp_loom))]
mod once;
#[cfg(not(gmp_loom))]
mod once_cell;
pub mod oneshot;
#[cfg(not(gmp_loom))]
mod rwlock;
#[cfg(not(gmp_loom))]
pub mod singleflight;
mod wait_group;
#[cfg(not(gmp_loom))]
pub mod watch;

pub use self::wait_group::{Wait, WaitGroup};
#[cfg(not(gmp_loom))]
pub use self::{
    barrier::{Barrier, BarrierWait, BarrierWaitResult},
    cond::{Cond, CondWait},
    context::{CancelCauseFn, CancelFn, CancelGuard, Cause, Context, ContextError, Key, StopFn},
    notify::{Notified, Notify},
    once::{GetValue, Once, OnceFunc, OnceValue},
    once_cell::{OnceCell, SetError},
    rwlock::{
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, Read, ReadGuard, RwLock, RwLockReadGuard,
        RwLockWriteGuard, Write, WriteGuard,
    },
};
