//! Waiting for the end of a context.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    sync::Arc,
    task::{Context as Polling, Poll, ready},
};

use pin_project::pin_project;

use super::{Context, ContextError, canceler::Canceler};
use crate::{
    shim::{Reason, Waiter, mutant, note, poll_proceed},
    wait_list::Waiting,
};

impl Context {
    /// Waits until this is done. (Go: `<-ctx.Done()`)
    ///
    /// # Cancel safety
    /// It only watches.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Context, ContextError, chan, select};
    /// let (context, cancel) = Context::background().with_cancel();
    /// let (_tx, jobs) = chan::<u8>(0);
    /// cancel.cancel();
    /// select! {
    ///     job = jobs.recv() => unreachable!("{job:?}"),
    ///     why = context.done() => assert_eq!(why, ContextError::Canceled),
    /// }
    /// # });
    /// ```
    #[track_caller]
    pub fn done(&self) -> Done<'_> {
        let canceler = self.canceler().map(Arc::as_ref);
        Done {
            waiting: canceler.map(Waiting::new),
            site: Location::caller(),
        }
    }

    /// Runs `future` until this is done. The context is looked at first: `future` is not polled any more once it is done.
    ///
    /// # Errors
    /// The [`ContextError`] if the context was done first. `future` is dropped with the [`Run`].
    ///
    /// # Cancel safety
    /// That of `future`.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Context, ContextError};
    /// let (context, cancel) = Context::background().with_cancel();
    /// assert_eq!(context.run(async { 42 }).await, Ok(42));
    /// cancel.cancel();
    /// assert_eq!(context.run(async { 42 }).await, Err(ContextError::Canceled));
    /// # });
    /// ```
    #[track_caller]
    pub fn run<F: Future>(&self, future: F) -> Run<'_, F> {
        Run {
            future,
            done: self.done(),
        }
    }
}

/// The future of [`Context::done`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Done<'a> {
    /// `None`: it is never done.
    #[pin]
    waiting: Option<Waiting<&'a Canceler>>,
    site: &'static Location<'static>,
}

impl Done<'_> {
    fn error(self: Pin<&Self>) -> Option<ContextError> {
        let this = self.get_ref();
        this.waiting.as_ref()?.hold().error()
    }

    /// Polls without a note of where the task waits.
    fn poll_quietly(self: Pin<&mut Self>, cx: &Polling<'_>) -> Poll<ContextError> {
        if let Some(error) = self.as_ref().error() {
            return Poll::Ready(error);
        }
        let Some(mut waiting) = self.project().waiting.as_pin_mut() else {
            return Poll::Pending;
        };
        // The waker is cloned before the lock is taken (W4).
        let waiter = Waiter::new(cx.waker());
        let early = mutant("done_looks_before_the_lock");
        let early = early.then(|| waiting.hold().error().is_none());
        let turn = waiting.as_mut().turn();
        if early.unwrap_or_else(|| turn.list.is_live()) {
            turn.wait(Some(waiter));
            return Poll::Pending;
        }
        turn.leave();
        match waiting.hold().error() {
            Some(error) => Poll::Ready(error),
            None => unreachable!("one that is not live has ended"),
        }
    }
}

impl Future for Done<'_> {
    type Output = ContextError;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<ContextError> {
        let proceed = ready!(poll_proceed(cx));
        let polled = self.as_mut().poll_quietly(cx);
        if polled.is_pending() {
            note(self.site, Reason::Context);
        } else {
            proceed.made_progress();
        }
        polled
    }
}

impl fmt::Debug for Done<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Done").finish_non_exhaustive()
    }
}

/// The future of [`Context::run`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct Run<'a, F> {
    #[pin]
    future: F,
    #[pin]
    done: Done<'a>,
}

impl<F: Future> Future for Run<'_, F> {
    type Output = Result<F::Output, ContextError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Polling<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Some(error) = this.done.as_ref().error() {
            return Poll::Ready(Err(error));
        }
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        // The future has noted where it waits; the context would say less.
        this.done.poll_quietly(cx).map(Err)
    }
}

impl<F> fmt::Debug for Run<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Run").finish_non_exhaustive()
    }
}
