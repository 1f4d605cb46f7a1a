//! A timer that can be stopped and set again.

use std::{
    panic::Location,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use super::{Sleep, clock};

/// Fires once for each time it is set. (Go: `time.Timer`)
///
/// Awaiting it by reference waits until it fires; a stopped one, or one that has fired, never does until
/// it is set again. There is nothing to drain: [`stop`](Self::stop) and [`reset`](Self::reset) tell whether they
/// came in time.
///
/// # Cancel safety
/// A timer that fired while nobody waited is ready at the next poll.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// let mut timer = gmp_executor::time::Timer::after(Duration::from_secs(3600));
/// assert!(timer.reset(Duration::from_millis(1)));
/// (&mut timer).await;
/// assert!(!timer.stop());
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Timer {
    /// None: stopped, or fired.
    sleep: Option<Sleep>,
    site: &'static Location<'static>,
}

impl Timer {
    /// A timer that fires after `duration`. (Go: `time.NewTimer`)
    #[track_caller]
    pub fn after(duration: Duration) -> Timer {
        let site = Location::caller();
        Timer {
            sleep: Some(Sleep::new(clock::after(duration), site)),
            site,
        }
    }

    /// A timer that fires at `deadline`.
    #[track_caller]
    pub fn at(deadline: Instant) -> Timer {
        let site = Location::caller();
        Timer {
            sleep: Some(Sleep::new(clock::nanoseconds(deadline), site)),
            site,
        }
    }

    /// Stops it. True: it had not fired.
    pub fn stop(&mut self) -> bool {
        self.sleep.take().is_some_and(|sleep| !sleep.is_elapsed())
    }

    /// Sets it to fire after `duration` from now. True: it had not fired before.
    pub fn reset(&mut self, duration: Duration) -> bool {
        let active = self.stop();
        self.sleep = Some(Sleep::new(clock::after(duration), self.site));
        active
    }

    /// When it fires. `None`: stopped, or fired.
    pub fn deadline(&self) -> Option<Instant> {
        self.sleep.as_ref().and_then(Sleep::deadline)
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else {
            return Poll::Pending;
        };
        std::task::ready!(Pin::new(sleep).poll(cx));
        self.sleep = None;
        Poll::Ready(())
    }
}
