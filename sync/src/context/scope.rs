//! The current context: a thread's variable that is set while a future is polled.

use std::{
    cell::Cell,
    fmt,
    pin::Pin,
    task::{Context as Polling, Poll},
};

use gmp_executor::JoinHandle;
use pin_project::pin_project;

use super::Context;

thread_local! {
    static CURRENT: Cell<Context> = const { Cell::new(Context::background()) };
}

impl Context {
    /// The context of the [`scope`](Self::scope) around this code; the background outside of one.
    pub fn current() -> Context {
        // While the thread ends there is none any more.
        CURRENT
            .try_with(|current| {
                let context = current.take();
                current.set(context.clone());
                context
            })
            .unwrap_or_default()
    }

    /// Makes this the current context while `future` is polled.
    ///
    /// Tasks that are spawned inside by [`context::spawn`](crate::context::spawn), [`Context::spawn`], [`WaitGroup::go`](crate::WaitGroup::go) or an
    /// [`errgroup`](crate::errgroup) inherit it.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// let work = context.scope(async { Context::current().is_done() });
    /// cancel.cancel();
    /// assert!(work.await);
    /// assert!(!Context::current().is_done());
    /// # });
    /// ```
    pub fn scope<F>(&self, future: F) -> Scope<F> {
        Scope {
            context: self.clone(),
            future,
        }
    }

    /// Spawns a task on the current gmp runtime, with this as its current context, without the values whose keys do not
    /// cross. The task is not aborted when the context is done: it looks itself.
    ///
    /// # Panics
    /// Outside of a gmp runtime.
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let context = self.crossing();
        gmp_executor::spawn(Scope { context, future })
    }
}

/// Spawns a task that inherits the current context: [`Context::spawn`] of [`Context::current`].
///
/// # Panics
/// Outside of a gmp runtime.
#[track_caller]
pub fn spawn<F>(future: F) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    Context::current().spawn(future)
}

/// The future of [`Context::scope`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Scope<F> {
    context: Context,
    #[pin]
    future: F,
}

/// Puts both contexts back where they were, also when the poll panics.
struct Exchanged<'a> {
    mine: &'a mut Context,
}

impl<'a> Exchanged<'a> {
    fn new(mine: &'a mut Context) -> Self {
        swap(mine);
        Exchanged { mine }
    }
}

fn swap(mine: &mut Context) {
    // While the thread ends there is no current context, and `mine` stays.
    let _ = CURRENT.try_with(|current| *mine = current.replace(std::mem::take(mine)));
}

impl Drop for Exchanged<'_> {
    fn drop(&mut self) {
        swap(self.mine);
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _exchanged = Exchanged::new(this.context);
        this.future.poll(cx)
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope")
            .field("context", &self.context)
            .finish_non_exhaustive()
    }
}
