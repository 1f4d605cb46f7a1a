//! Waiting for a point in time.

use std::{
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use super::{clock, timers::Timers};
use crate::{
    port, preempt,
    task::waker,
    wait::{self, Reason},
    waiter::Waiter,
};

/// The deadline of a sleep that is over.
const OVER: u64 = 0;

/// Waits for `duration`. A zero duration is over at once.
///
/// The resolution is the clock's, nanoseconds; how late the task then runs depends on the load. (Go: `time.Sleep`)
///
/// # Panics
/// When polled outside of a runtime.
///
/// # Cancel safety
/// Dropping it forgets the timer.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// gmp_executor::time::sleep(Duration::from_micros(50)).await;
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
#[inline]
pub fn sleep(duration: Duration) -> Sleep {
    let deadline = if duration.is_zero() {
        OVER
    } else {
        clock::after(duration)
    };
    Sleep::new(deadline, Location::caller())
}

/// Waits until `deadline`; one that has passed is over at once.
///
/// # Panics
/// When polled outside of a runtime.
///
/// # Cancel safety
/// Dropping it forgets the timer.
#[track_caller]
pub fn sleep_until(deadline: Instant) -> Sleep {
    Sleep::new(not_passed(deadline), Location::caller())
}

pub(super) fn not_passed(deadline: Instant) -> u64 {
    let nanoseconds = clock::nanoseconds(deadline);
    if nanoseconds <= clock::now() {
        OVER
    } else {
        nanoseconds
    }
}

/// The future of [`sleep`] and [`sleep_until`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep {
    deadline: u64,
    /// Where it is registered, and under which waiter.
    armed: Option<Armed>,
    site: &'static Location<'static>,
}

#[derive(Debug)]
struct Armed {
    timers: &'static Timers,
    waiter: u64,
    epoch: u32,
}

impl Sleep {
    #[inline]
    pub(super) fn new(deadline: u64, site: &'static Location<'static>) -> Sleep {
        Sleep {
            deadline,
            armed: None,
            site,
        }
    }

    /// Waits for another point in time from now on, also if it was over.
    pub fn reset(&mut self, deadline: Instant) {
        self.disarm();
        self.deadline = not_passed(deadline);
    }

    /// When it is over. `None`: it was at its last poll, or when it was made.
    pub fn deadline(&self) -> Option<Instant> {
        (self.deadline != OVER).then(|| clock::instant(self.deadline))
    }

    /// The time has come.
    pub fn is_elapsed(&self) -> bool {
        self.deadline <= clock::now()
    }

    pub(super) fn site(&self) -> &'static Location<'static> {
        self.site
    }

    pub(super) fn set_site(&mut self, site: &'static Location<'static>) {
        self.site = site;
    }

    /// Polls without a note of where the task waits.
    #[inline]
    pub(super) fn poll_quietly(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.deadline == OVER {
            return Poll::Ready(());
        }
        // The first poll does not read the clock: whoever made the sleep just did.
        if let Some(armed) = &self.armed {
            if self.deadline <= clock::now() {
                // The entry is due, so it fires by itself.
                self.armed = None;
                self.deadline = OVER;
                return Poll::Ready(());
            }
            let same = waker::name_of(cx.waker()).is_some_and(|name| name.bits() == armed.waiter);
            // The entry of a runtime that has ended is gone.
            let gone = armed.epoch != armed.timers.epoch();
            if !same || gone {
                self.disarm();
            }
        }
        if self.armed.is_none() {
            self.arm(cx);
        }
        Poll::Pending
    }

    fn arm(&mut self, cx: &Context<'_>) {
        let Some(timers) = port::timers() else {
            no_runtime()
        };
        let waiter = Waiter::new(cx.waker());
        let bits = waiter.bits();
        let (epoch, earliest) = timers.insert(self.deadline, waiter);
        self.armed = Some(Armed {
            timers,
            waiter: bits,
            epoch,
        });
        if !port::armed(timers, earliest) {
            self.disarm();
            no_runtime();
        }
    }

    fn disarm(&mut self) {
        if let Some(armed) = self.armed.take() {
            let key = (self.deadline, armed.waiter);
            armed.timers.cancel(key, armed.epoch);
        }
    }
}

#[cold]
fn no_runtime() -> ! {
    panic!(
        "timers need a running gmp runtime: sleep inside of `Runtime::block_on`, a spawned task or `#[gmp::main]`"
    )
}

impl Future for Sleep {
    type Output = ();

    #[inline]
    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.as_mut().poll_quietly(cx).is_pending() {
            wait::note(self.site, Reason::Sleep);
            return Poll::Pending;
        }
        // Afterwards: who waits anyway need not yield, which could put it behind thousands.
        ready!(preempt::poll_proceed(cx)).made_progress();
        Poll::Ready(())
    }
}

impl Drop for Sleep {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}
