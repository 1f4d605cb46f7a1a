//! Tasks that stand and fall together. (Go: `golang.org/x/sync/errgroup`)

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Poll, ready},
};

use pin_project::pin_project;

use crate::{
    Acquire, CancelCauseFn, Context, OwnedSemaphorePermit, Semaphore, TryAcquireError, WaitGroup,
};

/// Tasks that stand and fall together: the first error cancels the context of all, and is what
/// [`wait`](Self::wait) gives. (Go: `errgroup.Group`)
///
/// Dropping it cancels its context and detaches the tasks.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use gmp_sync::{Context, errgroup::Group};
/// let (mut group, context) = Group::<String>::with_context(&Context::current());
/// group.set_limit(Some(4));
/// for n in 0..10 {
///     let context = context.clone();
///     let fetch = async move {
///         if n == 7 {
///             return Err(format!("page {n} is missing"));
///         }
///         context.run(std::future::ready(())).await.map_err(|error| error.to_string())
///     };
///     group.go(fetch).await;
/// }
/// assert!(group.wait().await.is_err());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Group<E> {
    shared: Arc<Shared<E>>,
    limit: Option<Arc<Semaphore>>,
    /// That of [`with_context`](Group::with_context).
    context: Option<Context>,
}

struct Shared<E> {
    tasks: WaitGroup,
    outcome: Mutex<Outcome<E>>,
    cancel: Option<CancelCauseFn>,
}

struct Outcome<E> {
    error: Option<E>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<E> Group<E> {
    /// A group without a context of its own, and without a limit. Its tasks inherit the current context. (Go: the zero
    /// `errgroup.Group`)
    pub fn new() -> Group<E> {
        Group::build(None, None)
    }

    /// A group and the context of its tasks, which is done with `parent`, with the first error or panic, at
    /// the end of [`wait`](Self::wait), or when the group is dropped. (Go: `errgroup.WithContext`)
    pub fn with_context(parent: &Context) -> (Group<E>, Context) {
        let (context, cancel) = parent.with_cancel_cause();
        let group = Group::build(Some(context.clone()), Some(cancel));
        (group, context)
    }

    fn build(context: Option<Context>, cancel: Option<CancelCauseFn>) -> Group<E> {
        let shared = Shared {
            tasks: WaitGroup::new(),
            outcome: Mutex::new(Outcome {
                error: None,
                panic: None,
            }),
            cancel,
        };
        Group {
            shared: Arc::new(shared),
            limit: None,
            context,
        }
    }

    /// At most `limit` tasks at a time from now on; `None`: any number. With 0 none is let in. (Go: `Group.SetLimit`)
    ///
    /// # Panics
    /// While tasks of the group run.
    #[track_caller]
    pub fn set_limit(&mut self, limit: Option<usize>) {
        let running = self.shared.tasks.count();
        assert!(
            running == 0,
            "errgroup::Group::set_limit while {running} tasks of the group run"
        );
        self.limit = limit.map(|limit| Arc::new(Semaphore::new(limit)));
    }

    /// Waits until all tasks have ended, and gives the first error. The group can be used again, but its context is done.
    /// (Go: `Group.Wait`)
    ///
    /// # Errors
    /// The first error that a task returned.
    ///
    /// # Panics
    /// With the panic of a task, if one panicked.
    ///
    /// # Cancel safety
    /// It only watches until it is ready.
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = Result<(), E>> + use<'_, E> {
        let shared = &*self.shared;
        let ended = shared.tasks.wait();
        async move {
            ended.await;
            shared.cancel();
            let mut outcome = shared.lock();
            let (error, panic) = (outcome.error.take(), outcome.panic.take());
            drop(outcome);
            if let Some(panic) = panic {
                resume_unwind(panic);
            }
            error.map_or(Ok(()), Err)
        }
    }
}

impl<E: fmt::Display + Send + 'static> Group<E> {
    /// Spawns `task` on the current gmp runtime, when the limit lets it. (Go: `Group.Go`)
    ///
    /// # Panics
    /// Outside of a gmp runtime.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it spawns nothing, and drops `task`.
    #[track_caller]
    pub fn go<F>(&self, task: F) -> Go<'_, E, F>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let site = Location::caller();
        Go {
            group: self,
            room: self.limit.clone().map(|limit| Acquire::new(limit, 1, site)),
            task: Some(task),
        }
    }

    /// Spawns `task` if the limit lets it now. False: it does not, and `task` is dropped. (Go: `Group.TryGo`)
    ///
    /// # Panics
    /// Outside of a gmp runtime.
    #[track_caller]
    pub fn try_go<F>(&self, task: F) -> bool
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let room = match &self.limit {
            None => None,
            Some(limit) => match limit.clone().try_acquire_owned() {
                Ok(room) => Some(room),
                Err(TryAcquireError::NoPermits | TryAcquireError::Closed) => return false,
            },
        };
        self.spawn(task, room);
        true
    }

    #[track_caller]
    fn spawn<F>(&self, task: F, room: Option<OwnedSemaphorePermit>)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        self.shared.tasks.add(1);
        let member = Member {
            task,
            _room: room,
            done: CallsDone(self.shared.clone()),
        };
        let handle = match &self.context {
            Some(context) => context.spawn(member),
            None => gmp_executor::spawn(member),
        };
        drop(handle);
    }
}

impl<E> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, Outcome<E>> {
        // Nothing panics while it is held.
        self.outcome
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn cancel(&self) {
        if let Some(cancel) = &self.cancel {
            drop(cancel.clone().guard());
        }
    }
}

impl<E: fmt::Display> Shared<E> {
    fn fail(&self, error: E) {
        let cause = Failed(error.to_string());
        let mut outcome = self.lock();
        let first = outcome.error.is_none();
        let later = if first {
            outcome.error.replace(error)
        } else {
            Some(error)
        };
        drop(outcome);
        drop(later);
        if let (true, Some(cancel)) = (first, &self.cancel) {
            cancel.cancel(cause);
        }
    }
}

impl<E> Shared<E> {
    fn panicked(&self, panic: Box<dyn Any + Send>) {
        let stale = self.lock().panic.replace(panic);
        drop(stale);
        if let Some(cancel) = &self.cancel {
            cancel.cancel(Failed(String::from("a task of the group panicked")));
        }
    }
}

impl<E> Default for Group<E> {
    fn default() -> Self {
        Group::new()
    }
}

impl<E> Drop for Group<E> {
    fn drop(&mut self) {
        self.shared.cancel();
    }
}

impl<E> fmt::Debug for Group<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("tasks", &self.shared.tasks.count())
            .finish_non_exhaustive()
    }
}

/// The cause of a group's context when a task failed: what its error says. The error itself is what
/// [`Group::wait`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

/// The future of [`Group::go`].
#[must_use = "the task is spawned when this is awaited"]
#[pin_project]
pub struct Go<'a, E, F> {
    group: &'a Group<E>,
    /// `None`: there is no limit.
    #[pin]
    room: Option<Acquire<Arc<Semaphore>>>,
    /// `None` after spawning.
    task: Option<F>,
}

impl<E, F> Future for Go<'_, E, F>
where
    E: fmt::Display + Send + 'static,
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let this = self.project();
        let room = match this.room.as_pin_mut() {
            None => None,
            Some(room) => Some(ready!(room.poll(cx)).expect("nobody closes a group's semaphore")),
        };
        let task = this
            .task
            .take()
            .expect("`Go` was polled after it was ready");
        this.group.spawn(task, room);
        Poll::Ready(())
    }
}

impl<E, F> fmt::Debug for Go<'_, E, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Go").finish_non_exhaustive()
    }
}

/// A task of the group. The fields are dropped in order: its room is free, and it has ended for `wait`, when the future is
/// gone.
#[pin_project]
struct Member<E, F> {
    #[pin]
    task: F,
    _room: Option<OwnedSemaphorePermit>,
    done: CallsDone<E>,
}

/// Counts the task down however it ends.
struct CallsDone<E>(Arc<Shared<E>>);

impl<E> Drop for CallsDone<E> {
    fn drop(&mut self) {
        self.0.tasks.done();
    }
}

impl<E, F> Future for Member<E, F>
where
    E: fmt::Display,
    F: Future<Output = Result<(), E>>,
{
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut std::task::Context<'_>) -> Poll<()> {
        let this = self.project();
        let task = this.task;
        match catch_unwind(AssertUnwindSafe(|| task.poll(cx))) {
            Ok(Poll::Pending) => return Poll::Pending,
            Ok(Poll::Ready(Ok(()))) => {}
            Ok(Poll::Ready(Err(error))) => this.done.0.fail(error),
            Err(panic) => this.done.0.panicked(panic),
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests;
