//! A future with a deadline.

use std::{
    fmt,
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::{Sleep, clock, sleep_until};
use crate::{port, wait::Reason};

/// Runs `future` for at most `duration`. It is polled before the deadline is looked at, so that one that is
/// ready wins, also with a zero duration.
///
/// # Errors
/// [`Elapsed`] if the time was up first. The future is dropped with the [`Timeout`].
///
/// # Panics
/// When polled outside of a runtime.
///
/// # Cancel safety
/// That of `future`.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// use gmp_executor::time::timeout;
/// let never = std::future::pending::<()>();
/// assert!(timeout(Duration::from_millis(1), never).await.is_err());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn timeout<F: Future>(duration: Duration, future: F) -> Timeout<F> {
    Timeout {
        future,
        sleep: Sleep::new(clock::after(duration), Location::caller()),
    }
}

/// As [`timeout`], with a point in time.
#[track_caller]
pub fn timeout_at<F: Future>(deadline: Instant, future: F) -> Timeout<F> {
    Timeout {
        future,
        sleep: sleep_until(deadline),
    }
}

/// The future of [`timeout`] and [`timeout_at`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
#[pin_project::pin_project]
pub struct Timeout<F> {
    #[pin]
    future: F,
    sleep: Sleep,
}

impl<F> Timeout<F> {
    /// The future, without its deadline.
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future> Future for Timeout<F> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        let timed_out = Pin::new(&mut *this.sleep).poll_quietly(cx);
        if timed_out.is_pending() {
            // If the future has noted where it waits, the deadline would say less.
            port::note_if_none(this.sleep.site(), Reason::Unknown);
        }
        timed_out.map(|()| Err(Elapsed(())))
    }
}

/// The time was up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elapsed(());

impl fmt::Display for Elapsed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("deadline has elapsed")
    }
}

impl std::error::Error for Elapsed {}

impl From<Elapsed> for std::io::Error {
    fn from(elapsed: Elapsed) -> Self {
        std::io::Error::new(std::io::ErrorKind::TimedOut, elapsed)
    }
}
