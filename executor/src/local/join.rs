//! A local task and its handle: what the task reports, whoever listens.

use std::{
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind},
    pin::Pin,
    ptr::NonNull,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
};

use futures::task::AtomicWaker;

use super::{
    CURRENT_TASK,
    roster::{Entry, Roster},
};
use crate::{
    port,
    quietly::quietly,
    sched,
    shim::lock,
    task::{Id, JoinError, Name, Payload, panics},
    wait::{self, Reason},
};

/// What a task and its handles share.
pub(super) struct Report<T> {
    id: Id,
    spawned_at: &'static Location<'static>,
    stage: Mutex<Stage<T>>,
    control: Arc<Control>,
    /// Where dumps find it until it has ended.
    roster: Arc<Roster>,
}

/// What the handles say to the task.
struct Control {
    aborted: AtomicBool,
    over: AtomicBool,
    task: AtomicWaker,
}

enum Stage<T> {
    /// The task runs; who waits for its end.
    Runs(Option<Waker>),
    Over(Result<T, JoinError>),
    /// The outcome was taken, or nobody wants it.
    Taken,
}

/// A task of this set around `future`, and its handle.
pub(super) fn task<F: Future + 'static>(
    future: F,
    spawned_at: &'static Location<'static>,
    roster: &Arc<Roster>,
) -> (Task<F>, LocalJoinHandle<F::Output>) {
    static NUMBERS: AtomicU64 = AtomicU64::new(1);
    let name = Name::without_slot(NUMBERS.fetch_add(1, Ordering::Relaxed));
    let entry = roster.enter(name, spawned_at);
    let report = Arc::new(Report {
        id: Id(name),
        roster: roster.clone(),
        spawned_at,
        stage: Mutex::new(Stage::Runs(None)),
        control: Arc::new(Control {
            aborted: AtomicBool::new(false),
            over: AtomicBool::new(false),
            task: AtomicWaker::new(),
        }),
    });
    let task = Task {
        future: Some(Box::pin(future)),
        report: report.clone(),
        entry,
    };
    (task, LocalJoinHandle { report })
}

/// The task: its future until that is ready, has panicked, or is aborted.
pub(super) struct Task<F: Future> {
    future: Option<Pin<Box<F>>>,
    report: Arc<Report<F::Output>>,
    entry: Arc<Entry>,
}

impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let control = self.report.control.clone();
        control.task.register(cx.waker());
        // Ordering: after the registration; pairs with `Control::abort`, which stores, then wakes.
        if control.aborted.load(Ordering::SeqCst) {
            self.end(None);
            return Poll::Ready(());
        }
        let current = Current::enter(self.entry.clone());
        let Some(future) = &mut self.future else {
            return Poll::Ready(());
        };
        let clocked = port::begin_clocked();
        current.entry.begin_poll();
        let polled = catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(cx)));
        drop(clocked);
        match polled {
            Ok(Poll::Pending) => {
                current.entry.end_poll();
                Poll::Pending
            }
            Ok(Poll::Ready(output)) => {
                self.end(Some(Ok(output)));
                Poll::Ready(())
            }
            Err(payload) => {
                self.end(Some(Err(payload)));
                Poll::Ready(())
            }
        }
    }
}

impl<F: Future> Task<F> {
    /// Drops the future, then tells. `None`: it was aborted. A panic of its drop counts more than its output.
    fn end(&mut self, result: Option<Result<F::Output, Payload>>) {
        let id = self.report.id;
        let _current = Current::enter(self.entry.clone());
        let future = self.future.take();
        let dropped = catch_unwind(AssertUnwindSafe(|| drop(future)));
        let outcome = match (result, dropped) {
            (None, Ok(())) => Err(JoinError::cancelled(id)),
            (Some(Ok(output)), Ok(())) => Ok(output),
            (Some(Ok(output)), Err(payload)) => {
                quietly(|| drop(output));
                Err(self.panicked(payload))
            }
            (Some(Err(payload)), Ok(())) | (None, Err(payload)) => Err(self.panicked(payload)),
            (Some(Err(payload)), Err(second)) => {
                quietly(|| drop(second));
                Err(self.panicked(payload))
            }
        };
        self.report.tell(outcome);
    }

    /// Does not return where the policy of the runtime that the thread is in is to abort.
    fn panicked(&self, payload: Payload) -> JoinError {
        let report = &self.report;
        if sched::entered().is_some_and(|live| sched::aborts_on_panic(live.scheduler.index)) {
            panics::abort(report.id, Some(report.spawned_at), &*payload);
        }
        JoinError::panicked(report.id, payload)
    }
}

impl<F: Future> Drop for Task<F> {
    fn drop(&mut self) {
        if self.future.is_some() {
            self.end(None);
        }
    }
}

impl<T> Report<T> {
    fn tell(&self, outcome: Result<T, JoinError>) {
        self.roster.leave(self.id.0);
        self.control.over.store(true, Ordering::SeqCst);
        let mut stage = lock(&self.stage);
        match std::mem::replace(&mut *stage, Stage::Taken) {
            Stage::Runs(waker) => {
                *stage = Stage::Over(outcome);
                drop(stage);
                if let Some(waker) = waker {
                    quietly(|| waker.wake());
                }
            }
            Stage::Taken | Stage::Over(_) => {
                drop(stage);
                self.discard(outcome);
            }
        }
    }

    /// Nobody wants to know.
    fn discard(&self, outcome: Result<T, JoinError>) {
        match outcome {
            Err(error) if error.is_panic() => {
                panics::report(self.id, Some(self.spawned_at), error.into_panic());
            }
            outcome => quietly(|| drop(outcome)),
        }
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<Result<T, JoinError>> {
        // Before the lock: it is user code.
        let waker = cx.waker().clone();
        let mut stage = lock(&self.stage);
        let before = std::mem::replace(&mut *stage, Stage::Taken);
        let polled = match before {
            Stage::Over(outcome) => Poll::Ready(outcome),
            Stage::Taken => panic!("a LocalJoinHandle was polled after it was ready"),
            Stage::Runs(old) => {
                *stage = Stage::Runs(Some(waker));
                drop(stage);
                drop(old);
                return Poll::Pending;
            }
        };
        drop(stage);
        polled
    }
}

impl Control {
    fn abort(&self) {
        self.aborted.store(true, Ordering::SeqCst);
        self.task.wake();
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }
}

/// Waits for the output of a local task; as [`JoinHandle`](crate::JoinHandle). Dropping it detaches the task.
///
/// It is `Send` if the output is: the task may be joined and aborted on other threads.
///
/// # Panics
/// If polled again after it was ready.
///
/// # Cancel safety
/// Waiting through `&mut handle` and giving up loses nothing.
pub struct LocalJoinHandle<T> {
    report: Arc<Report<T>>,
}

impl<T> LocalJoinHandle<T> {
    /// Ends the task at its next turn, on its thread: its future is dropped, and the handle says cancelled.
    pub fn abort(&self) {
        self.report.control.abort();
    }

    /// A handle that only aborts.
    pub fn abort_handle(&self) -> LocalAbortHandle {
        LocalAbortHandle {
            id: self.report.id,
            control: self.report.control.clone(),
        }
    }

    /// The task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.report.control.is_over()
    }

    /// The task's id, which no other task of this process ever has.
    pub fn id(&self) -> Id {
        self.report.id
    }
}

impl<T> Future for LocalJoinHandle<T> {
    type Output = Result<T, JoinError>;

    #[track_caller]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let polled = self.report.poll(cx);
        if polled.is_pending() {
            wait::note(Location::caller(), Reason::Join);
        }
        polled
    }
}

impl<T> Drop for LocalJoinHandle<T> {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *lock(&self.report.stage), Stage::Taken);
        match before {
            Stage::Over(outcome) => self.report.discard(outcome),
            Stage::Runs(waker) => drop(waker),
            Stage::Taken => {}
        }
    }
}

impl<T> fmt::Debug for LocalJoinHandle<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalJoinHandle")
            .field("id", &self.id())
            .finish_non_exhaustive()
    }
}

/// Ends a local task from anywhere.
#[derive(Clone)]
pub struct LocalAbortHandle {
    id: Id,
    control: Arc<Control>,
}

impl LocalAbortHandle {
    /// As [`LocalJoinHandle::abort`].
    pub fn abort(&self) {
        self.control.abort();
    }

    /// The task has ended, in whatever way.
    pub fn is_finished(&self) -> bool {
        self.control.is_over()
    }

    /// The task's id.
    pub fn id(&self) -> Id {
        self.id
    }
}

impl fmt::Debug for LocalAbortHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalAbortHandle")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The thread polls a local task, or drops its future.
struct Current {
    entry: Arc<Entry>,
    outer: Option<NonNull<Entry>>,
}

impl Current {
    fn enter(entry: Arc<Entry>) -> Current {
        let pointer = NonNull::from(&*entry);
        // There is no cell while the thread ends.
        let outer = CURRENT_TASK
            .try_with(|current| current.replace(Some(pointer)))
            .unwrap_or(None);
        Current { entry, outer }
    }
}

impl Drop for Current {
    fn drop(&mut self) {
        let _ = CURRENT_TASK.try_with(|current| current.set(self.outer));
    }
}
