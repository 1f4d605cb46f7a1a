//! Tasks that stand and fall together. (Go: `golang.org/x/sync/errgroup`)

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, Location, catch_unwind, resume_unwind},
    sync::Arc,
};

mod go;
mod member;

pub use self::go::Go;
use self::member::Member;
use crate::{
    Acquire, CancelCauseFn, Cause, Context, OwnedSemaphorePermit, Semaphore, TryAcquireError,
    WaitGroup,
    shim::{self, Mutex, MutexGuard, mutant},
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
    /// What the context's cause is for an error.
    cause: Box<MakesCause<E>>,
}

type MakesCause<E> = dyn Fn(&E) -> Cause + Send + Sync;

struct Outcome<E> {
    error: Option<E>,
    panic: Option<Box<dyn Any + Send>>,
    /// A task was dropped before it ended.
    cut: bool,
}

impl<E> Group<E> {
    /// A group without a context of its own, and without a limit. Its tasks inherit the current context. (Go: the zero
    /// `errgroup.Group`)
    pub fn new() -> Group<E> {
        Group::build(None, None, |_| unreachable!("there is no context"))
    }

    /// A group and the context of its tasks, which is done with `parent`, with the first error or panic, at
    /// the end of [`wait`](Self::wait), or when the group is dropped. (Go: `errgroup.WithContext`)
    ///
    /// The context's [`cause`](Context::cause) is then [`Failed`], with what the error says: the error itself is for
    /// [`wait`](Self::wait). See [`with_context_cause`](Self::with_context_cause).
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::{Context, errgroup::Group};
    /// let (mut group, context) = Group::with_context(&Context::current());
    /// group.go(async { Err("no route") }).await;
    /// // The others are told to stop.
    /// group.go(async move { Ok(drop(context.done().await)) }).await;
    /// assert_eq!(group.wait().await, Err("no route"));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_context(parent: &Context) -> (Group<E>, Context)
    where
        E: fmt::Display,
    {
        Group::with_context_cause(parent, |error: &E| Cause::new(Failed(error.to_string())))
    }

    /// As [`with_context`](Self::with_context), for any type of errors; `cause` makes the context's cause of the first one.
    /// With a clone of the error the cause is the error itself, as in Go. Errors that cannot be cloned can in an [`Arc`].
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use std::{io, sync::Arc};
    /// use gmp_sync::{Cause, Context, errgroup::Group};
    /// let make = |error: &Arc<io::Error>| Cause::new(error.clone());
    /// let (mut group, context) = Group::with_context_cause(&Context::current(), make);
    /// group.go(async { Err(Arc::new(io::Error::from(io::ErrorKind::NotFound))) }).await;
    /// let error = group.wait().await.unwrap_err();
    /// let cause = context.cause().unwrap();
    /// assert!(Arc::ptr_eq(cause.downcast_ref().unwrap(), &error));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn with_context_cause<C>(parent: &Context, cause: C) -> (Group<E>, Context)
    where
        C: Fn(&E) -> Cause + Send + Sync + 'static,
    {
        let (context, cancel) = parent.with_cancel_cause();
        let group = Group::build(Some(context.clone()), Some(cancel), cause);
        (group, context)
    }

    fn build(
        context: Option<Context>,
        cancel: Option<CancelCauseFn>,
        cause: impl Fn(&E) -> Cause + Send + Sync + 'static,
    ) -> Group<E> {
        let shared = Shared {
            tasks: WaitGroup::new(),
            outcome: Mutex::new(Outcome {
                error: None,
                panic: None,
                cut: false,
            }),
            cancel,
            cause: Box::new(cause),
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
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::errgroup::Group;
    /// let mut group = Group::<()>::new();
    /// group.set_limit(Some(2));
    /// for _ in 0..10 {
    ///     // Waits while two are running.
    ///     group.go(async { Ok(()) }).await;
    /// }
    /// assert!(group.wait().await.is_ok());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    /// With the panic of a task, if one panicked, in its future or in the drop of that. And if no task failed, but one was
    /// dropped before it ended: by a runtime that ended.
    ///
    /// # Cancel safety
    /// It only watches until it is ready.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::errgroup::Group;
    /// let mut group = Group::new();
    /// group.go(async { Ok(()) }).await;
    /// group.go(async { Err("no route") }).await;
    /// assert_eq!(group.wait().await, Err("no route"));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn wait(&mut self) -> impl Future<Output = Result<(), E>> + use<'_, E> {
        let shared = &*self.shared;
        let ended = shared.tasks.wait();
        async move {
            ended.await;
            shared.cancel();
            let mut outcome = shared.lock();
            let (error, panic) = (outcome.error.take(), outcome.panic.take());
            let cut = std::mem::take(&mut outcome.cut);
            drop(outcome);
            if let Some(panic) = panic {
                resume_unwind(panic);
            }
            assert!(error.is_some() || !cut, "{CUT}");
            error.map_or(Ok(()), Err)
        }
    }
}

const CUT: &str = "a task of an errgroup::Group was dropped before it ended";

impl<E: Send + 'static> Group<E> {
    /// Spawns `task` on the current gmp runtime, when the limit lets it. (Go: `Group.Go`)
    ///
    /// # Panics
    /// Outside of a gmp runtime; spawn what [`track`](Self::track) makes there.
    ///
    /// # Cancel safety
    /// Dropped while it waits, it spawns nothing, and drops `task`.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::errgroup::Group;
    /// let mut group = Group::<()>::new();
    /// group.set_limit(Some(1));
    /// group.go(async { Ok(gmp_executor::yield_now().await) }).await;
    /// // The second when the first has ended.
    /// group.go(async { Ok(()) }).await;
    /// assert!(group.wait().await.is_ok());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
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
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::errgroup::Group;
    /// let mut group = Group::<()>::new();
    /// group.set_limit(Some(1));
    /// assert!(group.try_go(std::future::pending()));
    /// assert!(!group.try_go(async { Ok(()) }));
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
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

    /// Makes `task` one of the group, for other executors: they spawn what is returned. At the limit it waits inside,
    /// before it begins. It belongs to the group from now on: dropped unfinished it makes [`wait`](Self::wait) panic.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use futures::executor::ThreadPool;
    /// use gmp_sync::errgroup::Group;
    /// let (pool, mut group) = (ThreadPool::new()?, Group::new());
    /// pool.spawn_ok(group.track(async { Ok(()) }));
    /// pool.spawn_ok(group.track(async { Err("no route") }));
    /// assert_eq!(group.wait().await, Err("no route"));
    /// # Ok::<(), std::io::Error>(())
    /// # }).unwrap();
    /// ```
    #[track_caller]
    pub fn track<F>(&self, task: F) -> impl Future<Output = ()> + Send + use<E, F>
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let site = Location::caller();
        let room = self.limit.clone().map(|limit| Acquire::new(limit, 1, site));
        let context = self.context.as_ref().map(Context::crossing);
        let mut member = self.member(task);
        let member = async move {
            if let Some(room) = room {
                member.room = Some(room.await.expect(OPEN));
            }
            member.await;
        };
        within(context, member)
    }

    fn member<F>(&self, task: F) -> Member<E, F> {
        Member::new(self.shared.clone(), task)
    }

    #[cfg(gmp_loom)]
    fn spawn<F>(&self, _: F, _: Option<OwnedSemaphorePermit>) {
        unreachable!("there is no runtime")
    }

    #[cfg(not(gmp_loom))]
    #[track_caller]
    fn spawn<F>(&self, task: F, room: Option<OwnedSemaphorePermit>)
    where
        F: Future<Output = Result<(), E>> + Send + 'static,
    {
        let mut member = self.member(task);
        member.room = room;
        let handle = match &self.context {
            Some(context) => context.spawn(member),
            None => gmp_executor::spawn(member),
        };
        drop(handle);
    }
}

/// Runs a member of a group with that group's context, if it has one, as the current one.
#[cfg(not(gmp_loom))]
async fn within(context: Option<Context>, member: impl Future<Output = ()>) {
    match context {
        Some(context) => context.scope(member).await,
        None => member.await,
    }
}

/// There is no current context in models.
#[cfg(gmp_loom)]
async fn within(_: Option<Context>, member: impl Future<Output = ()>) {
    member.await;
}

impl<E> Shared<E> {
    fn lock(&self) -> MutexGuard<'_, Outcome<E>> {
        shim::lock(&self.outcome)
    }

    fn cancel(&self) {
        if let Some(cancel) = &self.cancel {
            drop(cancel.clone().guard());
        }
    }
}

const OPEN: &str = "nobody closes a group's semaphore";

impl<E> Shared<E> {
    fn ended(&self, output: Result<Result<(), E>, Box<dyn Any + Send>>) {
        match output {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                // The cause is made by the user's code.
                let failed = catch_unwind(AssertUnwindSafe(|| self.fail(error)));
                failed.unwrap_or_else(|panic| self.panicked(panic));
            }
            Err(panic) => self.panicked(panic),
        }
    }

    fn fail(&self, error: E) {
        let cause = self.cancel.as_ref().map(|_| (self.cause)(&error));
        let mut outcome = self.lock();
        let first = outcome.error.is_none() || mutant("later_error_takes_the_place");
        let later = if first {
            outcome.error.replace(error)
        } else {
            Some(error)
        };
        drop(outcome);
        drop(later);
        if let (true, Some(cancel), Some(cause)) = (first, &self.cancel, cause) {
            cancel.cancel(cause);
        }
    }

    fn panicked(&self, panic: Box<dyn Any + Send>) {
        let mut outcome = self.lock();
        if outcome.panic.is_none() {
            outcome.panic = Some(panic);
        } else {
            // What a later one was thrown with may panic when it is dropped.
            std::mem::forget(panic);
        }
        drop(outcome);
        self.cancel_with("a task of the group panicked");
    }

    fn cut(&self) {
        self.lock().cut = true;
        self.cancel_with(CUT);
    }

    fn cancel_with(&self, cause: &str) {
        if let Some(cancel) = &self.cancel {
            cancel.cancel(Failed(String::from(cause)));
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

/// The cause of a group's context when a task failed, panicked or was cut off: what its error says. The error itself is
/// what [`Group::wait`] gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed(String);

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Failed {}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
