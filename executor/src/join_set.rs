//! Tasks that belong together: joined as they end, aborted when their set is dropped.
//!
//! # How it works
//! The handles lie in a [`FuturesUnordered`], which polls those only that were woken: so each end costs the same, however
//! many tasks the set has.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use futures::stream::{FuturesUnordered, Stream};

use crate::{
    blocking, port, preempt,
    runtime::Handle,
    task::{AbortHandle, JoinError, JoinHandle, Origin},
    wait::{self, Reason},
};

/// Tasks of one type of output, which are joined in the order in which they end. Dropping the set aborts them.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// let mut set = gmp_executor::JoinSet::new();
/// for n in 0..10 {
///     set.spawn(async move { n * n });
/// }
/// let mut sum = 0;
/// while let Some(square) = set.join_next().await {
///     sum += square.unwrap();
/// }
/// assert_eq!(sum, 285);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct JoinSet<T> {
    handles: FuturesUnordered<JoinHandle<T>>,
}

impl<T> JoinSet<T> {
    /// An empty set.
    pub fn new() -> JoinSet<T> {
        JoinSet {
            handles: FuturesUnordered::new(),
        }
    }

    /// Tasks that were not joined: they run, or have ended.
    pub fn len(&self) -> usize {
        self.handles.len()
    }

    /// No task is left to be joined.
    pub fn is_empty(&self) -> bool {
        self.handles.is_empty()
    }

    /// Aborts all tasks. They stay in the set, to be joined.
    pub fn abort_all(&self) {
        self.handles.iter().for_each(JoinHandle::abort);
    }

    /// Empties the set; the tasks go on alone.
    pub fn detach_all(&mut self) {
        self.handles.clear();
    }

    fn add(&mut self, handle: JoinHandle<T>) -> AbortHandle {
        let abort = handle.abort_handle();
        self.handles.push(handle);
        abort
    }
}

impl<T: Send + 'static> JoinSet<T> {
    /// Spawns a task of the set on the current runtime.
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(&mut self, future: F) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        let handle = port::spawn(future, Origin::at(Location::caller()));
        self.add(handle)
    }

    /// Spawns a task of the set on that runtime.
    #[track_caller]
    pub fn spawn_on<F>(&mut self, future: F, runtime: &Handle) -> AbortHandle
    where
        F: Future<Output = T> + Send + 'static,
    {
        let handle = runtime.spawn(future);
        self.add(handle)
    }

    /// Runs `f` as a task of the set that may block; see [`spawn_blocking`](crate::spawn_blocking).
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn_blocking<F>(&mut self, f: F) -> AbortHandle
    where
        F: FnOnce() -> T + Send + 'static,
    {
        self.add(blocking::spawn_blocking(f))
    }

    /// Waits until a task of the set has ended, and takes it out of the set. `None`: the set is empty.
    ///
    /// # Cancel safety
    /// Giving up loses nothing: the task stays in the set.
    #[track_caller]
    pub fn join_next(&mut self) -> impl Future<Output = Option<Result<T, JoinError>>> + Send {
        let site = Location::caller();
        std::future::poll_fn(move |cx| {
            let polled = self.poll_join_next(cx);
            if polled.is_pending() {
                wait::note(site, Reason::Join);
            }
            polled
        })
    }

    /// As [`join_next`](Self::join_next), for futures that are written by hand.
    pub fn poll_join_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T, JoinError>>> {
        let proceed = ready!(preempt::poll_proceed(cx));
        let polled = Pin::new(&mut self.handles).poll_next(cx);
        if polled.is_ready() {
            proceed.made_progress();
        }
        polled
    }

    /// A task of the set that has ended, if there is one.
    pub fn try_join_next(&mut self) -> Option<Result<T, JoinError>> {
        let mut cx = Context::from_waker(Waker::noop());
        match Pin::new(&mut self.handles).poll_next(&mut cx) {
            Poll::Ready(joined) => joined,
            Poll::Pending => None,
        }
    }

    /// Aborts all tasks and waits until they have ended; what they left is dropped.
    ///
    /// # Cancel safety
    /// Whoever gives up has aborted all, and may wait again.
    pub async fn shutdown(&mut self) {
        self.abort_all();
        while self.join_next().await.is_some() {}
    }

    /// Waits for all tasks: their outputs, in the order in which they ended.
    ///
    /// # Panics
    /// With the panic of a task, and if one was aborted. The others are aborted then.
    pub async fn join_all(mut self) -> Vec<T> {
        let mut outputs = Vec::with_capacity(self.len());
        while let Some(joined) = self.join_next().await {
            match joined {
                Ok(output) => outputs.push(output),
                Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
                Err(error) => panic!("{error}"),
            }
        }
        outputs
    }
}

impl<T> Default for JoinSet<T> {
    fn default() -> Self {
        JoinSet::new()
    }
}

impl<T> Drop for JoinSet<T> {
    fn drop(&mut self) {
        self.abort_all();
    }
}

impl<T> fmt::Debug for JoinSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinSet").field("len", &self.len()).finish()
    }
}

impl<T, F> FromIterator<F> for JoinSet<T>
where
    F: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    #[track_caller]
    fn from_iter<I: IntoIterator<Item = F>>(futures: I) -> Self {
        let mut set = JoinSet::new();
        futures.into_iter().for_each(|future| {
            set.spawn(future);
        });
        set
    }
}
