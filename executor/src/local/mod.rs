//! Tasks that stay on the thread that spawned them, and so need not be `Send`.
//!
//! # How it works
//! The futures of a set lie in a [`FuturesUnordered`], which the set's owner polls: a thread in `block_on`. Wakers may be
//! called and dropped anywhere; they only queue their task there and wake the owner. So no processor ever
//! sees such a task, and a hog among them holds up its own set only.
//!
//! Each poll has a budget, and a limit in time that those who look at the soft flag keep (`sched::clocked`). Dumps find the
//! tasks in the [`roster`].
//!
//! # Invariants
//! - L1: the set is `!Send`, and all that holds a future of it: they are polled and dropped on the set's thread.
//! - L2: what leaves the thread is a [`Report`](join::Report): it holds a `T` only if the compiler finds `T: Send`.
//! - L3: the tasks are borrowed while they are polled. What these spawn is put aside, and joins the others between two polls.
//! - L4: the cell of the current task points to an entry that a guard on this thread's stack holds.
//!
//! # Rejected
//! - Slots of the scheduler: every thread that walks them, or finishes a shutdown, would have to leave these alone.

mod join;
mod roster;

use std::{
    cell::{Cell, OnceCell, RefCell},
    fmt,
    panic::Location,
    pin::Pin,
    ptr::NonNull,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
};

use futures::{
    future::LocalBoxFuture,
    stream::{FuturesUnordered, Stream},
};
use pin_project::pin_project;

pub use self::join::{LocalAbortHandle, LocalJoinHandle};
use self::roster::{Entry, Roster};
pub(crate) use self::roster::{SeenLocal, Stands, tasks};
use crate::{
    inherit::{self, Within},
    runtime::Runtime,
    task::Name,
    wait::Reason,
};

/// So many tasks may end in one poll of the set. (How many are polled [`FuturesUnordered`] limits: each once.)
/// tokio's value, `MAX_TASKS_PER_TICK` in local.rs.
const ENDS_MAX: usize = 61;

thread_local! {
    static CURRENT: RefCell<Option<Rc<Tasks>>> = const { RefCell::new(None) };
    /// The task that this thread polls, or whose future it drops: who set it keeps the entry alive (L4).
    static CURRENT_TASK: Cell<Option<NonNull<Entry>>> = const { Cell::new(None) };
}

/// The local task that this thread polls.
pub(crate) fn current_task() -> Option<Name> {
    with_current(|entry| entry.name)
}

/// Notes where and for what it waits.
pub(crate) fn note(site: &'static Location<'static>, reason: Reason) {
    let _ = with_current(|entry| entry.note(site, reason));
}

/// The same, unless something else was noted in this poll.
pub(crate) fn note_if_none(site: &'static Location<'static>, reason: Reason) {
    let note = |entry: &Entry| {
        if !entry.has_wait() {
            entry.note(site, reason);
        }
    };
    let _ = with_current(note);
}

fn with_current<R>(f: impl FnOnce(&Entry) -> R) -> Option<R> {
    let entry = CURRENT_TASK.try_with(Cell::get).ok().flatten()?;
    // SAFETY: L4: the guard that has set the cell holds the entry, and sets the cell back before it goes.
    Some(f(unsafe { entry.as_ref() }))
}

/// Tasks that run on this thread only. They run while the set is polled: by [`run_until`](Self::run_until),
/// [`block_on`](Self::block_on), or when the set itself is awaited, which waits for all of them.
///
/// Dropping the set drops their futures, on this thread; their handles say cancelled.
///
/// `#[gmp::main(local)]` runs its body in such a set. A set lives in a future under `block_on`, which stays on its thread, for
/// it is not `Send`; [`spawn_blocking`](crate::spawn_blocking) gives one a thread of its own.
///
/// ```
/// use std::rc::Rc;
///
/// let set = gmp_executor::LocalSet::new();
/// let shared = Rc::new(7);
/// let inside = shared.clone();
/// let answer = gmp_executor::block_on(set.run_until(async move {
///     let task = gmp_executor::spawn_local(async move { *inside * 6 });
///     task.await.unwrap()
/// }));
/// assert_eq!((answer, *shared), (42, 7));
/// ```
#[derive(Default)]
pub struct LocalSet {
    tasks: Rc<Tasks>,
}

#[derive(Default)]
struct Tasks {
    futures: RefCell<FuturesUnordered<LocalBoxFuture<'static, ()>>>,
    /// Spawned, and not yet among the others (L3).
    spawned: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    /// The set is being dropped.
    closed: Cell<bool>,
    /// For dumps. There is none before the first task.
    roster: OnceCell<Arc<Roster>>,
}

/// Spawns a task of the set that this code runs in.
///
/// # Panics
/// Outside of a [`LocalSet`] that is being polled.
#[track_caller]
pub fn spawn_local<F>(future: F) -> LocalJoinHandle<F::Output>
where
    F: Future + 'static,
    F::Output: 'static,
{
    let current = CURRENT.with(|current| current.borrow().clone());
    current
        .expect("there is no LocalSet here: call `spawn_local` inside of `LocalSet::run_until` or `#[gmp::main(local)]`, or on the set")
        .spawn(future, Location::caller())
}

impl LocalSet {
    /// An empty set.
    pub fn new() -> LocalSet {
        LocalSet::default()
    }

    /// Spawns a task of this set. It runs when the set is polled.
    #[track_caller]
    pub fn spawn_local<F>(&self, future: F) -> LocalJoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        self.tasks.spawn(future, Location::caller())
    }

    /// Runs the set's tasks until `future` is ready. Those that are left run on when the set is polled again.
    ///
    /// # Cancel safety
    /// Giving up drops `future` and leaves the tasks in the set.
    pub fn run_until<F: Future>(&self, future: F) -> RunUntil<'_, F> {
        RunUntil { set: self, future }
    }

    /// Blocks this thread until `future` is ready, and runs the set's tasks meanwhile. What they spawn by `spawn` runs on
    /// `runtime`.
    pub fn block_on<F: Future>(&self, runtime: &Runtime, future: F) -> F::Output {
        runtime.block_on(self.run_until(future))
    }
}

/// Waits until all tasks have ended.
impl Future for LocalSet {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let _inside = Inside::enter(&self.tasks);
        self.tasks.poll(cx)
    }
}

impl Drop for LocalSet {
    fn drop(&mut self) {
        self.tasks.closed.set(true);
        let _inside = Inside::enter(&self.tasks);
        // One by one, and outside of the cells: a destructor may use the set, or panic, which its task catches.
        drop(self.tasks.spawned.take());
        drop(self.tasks.futures.take());
    }
}

impl fmt::Debug for LocalSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSet").finish_non_exhaustive()
    }
}

/// The future of [`LocalSet::run_until`].
#[pin_project]
#[must_use = "futures do nothing unless they are awaited"]
pub struct RunUntil<'a, F> {
    set: &'a LocalSet,
    #[pin]
    future: F,
}

impl<F: Future> Future for RunUntil<'_, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _inside = Inside::enter(&this.set.tasks);
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(output);
        }
        // Whether there are tasks or not: the future is not ready.
        let _ = this.set.tasks.poll(cx);
        Poll::Pending
    }
}

impl<F> fmt::Debug for RunUntil<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RunUntil").finish_non_exhaustive()
    }
}

impl Tasks {
    fn spawn<F>(&self, future: F, site: &'static Location<'static>) -> LocalJoinHandle<F::Output>
    where
        F: Future + 'static,
        F::Output: 'static,
    {
        // What is current for the set's owner when it polls the set is not the task's.
        let heir = Within::new(inherit::heir(), future);
        let roster = self.roster.get_or_init(Roster::new);
        let (task, handle) = join::task(heir, site, roster);
        // A closed set drops the task here: the handle says cancelled.
        if !self.closed.get() {
            self.spawned.borrow_mut().push(Box::pin(task));
        }
        handle
    }

    /// Polls the tasks that were woken. Ready: there are none.
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        // Inside of a task of the set, the poll that goes on further up sees to the others.
        let Ok(mut futures) = self.futures.try_borrow_mut() else {
            return Poll::Pending;
        };
        for _ in 0..ENDS_MAX {
            futures.extend(self.spawned.take());
            match Pin::new(&mut *futures).poll_next(cx) {
                Poll::Ready(Some(())) => {}
                Poll::Ready(None) if self.spawned.borrow().is_empty() => return Poll::Ready(()),
                Poll::Ready(None) => {}
                Poll::Pending if self.spawned.borrow().is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The thread polls a set, or drops it.
struct Inside {
    outer: Option<Rc<Tasks>>,
}

impl Inside {
    fn enter(tasks: &Rc<Tasks>) -> Inside {
        // There is none while the thread ends.
        let enter = |current: &RefCell<_>| current.replace(Some(tasks.clone()));
        Inside {
            outer: CURRENT.try_with(enter).unwrap_or(None),
        }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = CURRENT.try_with(|current| current.replace(self.outer.take()));
    }
}
