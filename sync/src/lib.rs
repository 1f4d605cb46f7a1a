//! Go's concurrency kit for futures.
//!
//! What is here works on any executor, but for what spawns by itself, which needs a gmp runtime:
//!
//! | on gmp | elsewhere |
//! |---|---|
//! | [`WaitGroup::go`] | spawn what [`WaitGroup::track`] makes |
//! | [`errgroup::Group::go`], [`try_go`](errgroup::Group::try_go) | spawn what [`errgroup::Group::track`] makes |
//! | [`Context::spawn`] | spawn a [`Context::scope`] |
//!
//! On gmp it also notes where a task waits, for dumps, and spends the task's budget: one
//! whose channels and locks are always ready yields every 128 operations. What waits for nothing, such as a
//! [`OnceCell`] that is set or a `try_` function, spends none.
//!
//! | Go | here |
//! |---|---|
//! | `make(chan T, n)` | [`chan(n)`](fn@chan), [`unbounded`] |
//! | `ch <- v`, `v, ok := <-ch`, `for v := range ch` | [`send`](Sender::send), [`recv`](Receiver::recv), the same in a loop or [`Receiver`] as a `Stream` |
//! | `close(ch)`, `len(ch)`, `cap(ch)` | [`close`](Sender::close), [`len`](Sender::len), [`capacity`](Sender::capacity) |
//! | a nil channel in `select` | a guard that is false, or an empty slot of [`send_from`](Sender::send_from) |
//! | `select`, with `default` | [`select!`], with `default` |
//! | `reflect.Select` | [`Select`] |
//! | `sync.WaitGroup`: `Add`, `Done`, `Wait`, `Go` | [`WaitGroup`]: [`add`](WaitGroup::add), [`done`](WaitGroup::done), [`wait`](WaitGroup::wait), [`go`](WaitGroup::go) |
//! | `sync.Mutex` | [`Mutex`] |
//! | `sync.RWMutex` | [`RwLock`] |
//! | `sync.Cond`: `Wait`, `Signal`, `Broadcast` | [`Cond`]: [`wait`](Cond::wait), [`notify_one`](Cond::notify_one), [`notify_all`](Cond::notify_all) |
//! | `sync.Once`, `sync.OnceFunc`, `sync.OnceValue` | [`Once`], [`OnceFunc`], [`OnceValue`], [`OnceCell`] |
//! | `sync.Pool` | [`Pool`] |
//! | `context.Context` | [`Context`] |
//! | `context.Background`, `TODO` | [`Context::background`], [`todo`](Context::todo) |
//! | `context.WithCancel`, `WithCancelCause` | [`Context::with_cancel`], [`with_cancel_cause`](Context::with_cancel_cause) |
//! | `context.WithDeadline`, `WithTimeout`, `..Cause` | [`Context::with_deadline`], [`with_timeout`](Context::with_timeout), `.._cause` |
//! | `context.WithValue`, `WithoutCancel`, `AfterFunc`, `Cause` | [`Context::with_value`], [`without_cancel`](Context::without_cancel), [`after_func`](Context::after_func), [`cause`](Context::cause) |
//! | `<-ctx.Done()`, `ctx.Err()` | [`ctx.done().await`](Context::done), [`ctx.err()`](Context::err), [`is_done`](Context::is_done) |
//! | `ctx.Deadline()`, `ctx.Value(key)` | [`ctx.deadline()`](Context::deadline), [`remaining`](Context::remaining), [`ctx.value(key)`](Context::value) |
//! | `defer cancel()` | [`CancelFn::guard`] |
//! | `f(ctx)`, `go f(ctx)` | an argument as in Go, or [`Context::scope`], in which all that is spawned inherits it |
//! | `make(chan struct{}, 1)` as a signal | [`Notify`] |
//! | `make(chan T, 1)` for one answer | [`oneshot`] |
//! | `close(ch)` as a signal to all | [`Notify::notify_waiters`], or [`Context::with_cancel`] |
//! | a `Cond` and the latest value | [`watch`] |
//! | a channel for each of those who listen | [`broadcast`] |
//! | a `WaitGroup` at which all wait for all | [`Barrier`] |
//! | `golang.org/x/sync/semaphore.Weighted` | [`Semaphore`] |
//! | `golang.org/x/sync/errgroup.Group` | [`errgroup::Group`] |
//! | `golang.org/x/sync/singleflight.Group` | [`singleflight::Group`] |
//!
//! | tokio | here |
//! |---|---|
//! | `sync::mpsc` | [`fn@chan`], with several receivers too; [`reserve`](Sender::reserve), [`recv_many`](Receiver::recv_many), [`send_timeout`](Sender::send_timeout); `unbounded_channel` is [`unbounded`] |
//! | `select!`, `biased`, `else` | [`select!`], in which an operation that loses loses nothing |
//! | `sync::{oneshot, broadcast, watch}` | [`oneshot`], [`broadcast`], [`watch`] |
//! | `sync::{Mutex, RwLock, Semaphore, Notify, Barrier, OnceCell}` | the same names |
//! | `Mutex::blocking_lock`, `Receiver::blocking_recv`, .. | [`Mutex::lock_blocking`], `recv_blocking`, .. |
//! | `tokio_util::sync::CancellationToken` | [`Context::with_cancel`]; its `child_token` is `with_cancel` again, `run_until_cancelled` [`Context::run`] |
//! | `tokio_util::task::TaskTracker` | [`WaitGroup`] |
//! | `task_local!` | [`Context::with_value`] and [`Context::scope`]; tasks inherit what a [`Key`] lets cross |
//! | `task::coop::poll_proceed` | `gmp_executor::preempt::poll_proceed`, which all that is here calls |
#![cfg_attr(gmp_loom, allow(dead_code, unused_imports, unused_macros))]

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg_attr(gmp_loom, path = "alarm/silent.rs")]
mod alarm;
pub mod chan;
mod clock;
#[cfg(all(test, not(gmp_loom)))]
mod leaves;
mod mutex;
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

mod barrier;
#[cfg(all(test, not(gmp_loom)))]
mod bounds;
pub mod broadcast;
mod cond;
pub mod context;
pub mod errgroup;
mod notify;
mod once;
mod once_cell;
pub mod oneshot;
mod pool;
mod rwlock;
pub mod singleflight;
#[cfg(not(gmp_loom))]
mod unwind;
mod wait_group;
pub mod watch;

pub use self::{
    barrier::{Barrier, BarrierWait, BarrierWaitResult},
    cond::{Cond, CondWait},
    context::{CancelCauseFn, CancelFn, CancelGuard, Cause, Context, ContextError, Key, StopFn},
    notify::{Notified, Notify},
    once::{GetValue, Once, OnceFunc, OnceValue},
    once_cell::{OnceCell, SetError},
    pool::{Pool, Pooled},
    rwlock::{
        OwnedRwLockReadGuard, OwnedRwLockWriteGuard, Read, ReadGuard, RwLock, RwLockReadGuard,
        RwLockWriteGuard, Write, WriteGuard,
    },
    wait_group::{Wait, WaitGroup},
};
