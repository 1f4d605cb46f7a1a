//! The current context, and how tasks inherit it: what it is made of is the executor's, see [`gmp_executor::inherit`].

use std::{
    any::Any,
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context as Polling, Poll},
};

use gmp_executor::{
    JoinHandle,
    inherit::{self, Inherit, Within},
};
use pin_project::pin_project;

use super::{Context, Node};

impl Context {
    /// The context of the [`scope`](Self::scope) around this code; the background outside of one.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// cancel.cancel();
    /// context.scope(async { assert!(Context::current().is_done()) }).await;
    /// assert!(!Context::current().is_done());
    /// # });
    /// ```
    pub fn current() -> Context {
        let current = inherit::current();
        Context {
            node: current.and_then(|current| current.into_any().downcast().ok()),
        }
    }

    /// Makes this the current context while `future` is polled, and when it is dropped.
    ///
    /// All gmp tasks that are spawned inside inherit it, by whatever function, and those that they spawn. Of its values those go
    /// along whose keys say so ([`Key::CROSSES`](crate::Key::CROSSES)). To spawn one that inherits nothing, spawn it
    /// with [`Context::background`]'s [`spawn`](Self::spawn).
    ///
    /// Other executors do not know of contexts. What is spawned there inherits if it is spawned as `context.scope(future)`.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// let task = context
    ///     .scope(async { gmp_executor::spawn(async { Context::current().done().await }) })
    ///     .await;
    /// cancel.cancel();
    /// assert!(task.await.is_ok());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn scope<F>(&self, future: F) -> Scope<F> {
        Scope(Within::new(self.to_inherit(), future))
    }

    /// Spawns a task on the current gmp runtime, with this as its current context, without the values whose keys do not
    /// cross. The task is not aborted when the context is done: it looks itself.
    ///
    /// # Panics
    /// Outside of a gmp runtime; spawn a [`scope`](Self::scope) there.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// let task = context.spawn(async { Context::current().done().await });
    /// cancel.cancel();
    /// assert!(task.await.is_ok());
    /// # });
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let heir = self.crossing().to_inherit();
        inherit::spawn(heir, future)
    }

    fn to_inherit(&self) -> Option<Arc<dyn Inherit>> {
        let node = self.node.clone()?;
        Some(node)
    }
}

impl Inherit for Node {
    fn heir(self: Arc<Self>) -> Option<Arc<dyn Inherit>> {
        let context = Context { node: Some(self) };
        context.crossing().to_inherit()
    }

    fn into_any(self: Arc<Self>) -> Arc<dyn Any + Send + Sync> {
        self
    }
}

/// The future of [`Context::scope`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Scope<F>(#[pin] Within<F>);

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<F::Output> {
        self.project().0.poll(cx)
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
