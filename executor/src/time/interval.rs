//! Ticks at a fixed distance.

use std::{
    panic::Location,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use futures::Stream;

use super::{Sleep, clock, sleep::not_passed};

/// Ticks now, and then every `period`. (Go: `time.Ticker`, whose first tick comes after one period)
///
/// # Panics
/// If `period` is zero.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use std::time::Duration;
/// let mut interval = gmp_executor::time::interval(Duration::from_millis(1));
/// let first = interval.tick().await;
/// assert!(interval.tick().await - first == Duration::from_millis(1));
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(clock::now_instant(), period)
}

/// Ticks at `start`, and then every `period`.
///
/// # Panics
/// If `period` is zero.
#[track_caller]
pub fn interval_at(start: Instant, period: Duration) -> Interval {
    assert!(
        !period.is_zero(),
        "the period of an interval must not be zero"
    );
    let sleep = Sleep::new(not_passed(start), Location::caller());
    Interval {
        next: start,
        period,
        missed: MissedTick::default(),
        sleep,
    }
}

/// What to do about ticks that nobody waited for in time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTick {
    /// All at once, until the interval has caught up.
    #[default]
    Burst,
    /// One, and then every period from that one on.
    Delay,
    /// One, and then when the original rhythm has its next. (Go's way)
    Skip,
}

/// The ticks of [`interval`]. A `Stream` that does not end.
#[derive(Debug)]
pub struct Interval {
    next: Instant,
    period: Duration,
    missed: MissedTick,
    sleep: Sleep,
}

impl Interval {
    /// Waits for the next tick, and tells when it was due.
    ///
    /// # Cancel safety
    /// No tick is lost.
    #[track_caller]
    pub fn tick(&mut self) -> Tick<'_> {
        self.sleep.set_site(Location::caller());
        Tick { interval: self }
    }

    /// As [`tick`](Self::tick), for futures written by hand.
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant> {
        ready!(Pin::new(&mut self.sleep).poll(cx));
        let due = self.next;
        self.next = self.following(due, clock::now_instant());
        self.sleep.reset(self.next);
        Poll::Ready(due)
    }

    fn following(&self, due: Instant, now: Instant) -> Instant {
        let next = clock::later(due, self.period);
        if now < next {
            return next;
        }
        match self.missed {
            MissedTick::Burst => next,
            MissedTick::Delay => clock::later(now, self.period),
            MissedTick::Skip => {
                let late = (now - due).as_nanos() % self.period.as_nanos();
                clock::later(now, self.period - Duration::from_nanos(late as u64))
            }
        }
    }

    /// The next tick comes one period from now.
    pub fn reset(&mut self) {
        self.next = clock::later(clock::now_instant(), self.period);
        self.sleep.reset(self.next);
    }

    /// What to do about missed ticks from now on.
    pub fn set_missed_tick(&mut self, missed: MissedTick) {
        self.missed = missed;
    }

    /// The distance of two ticks.
    pub fn period(&self) -> Duration {
        self.period
    }
}

impl Stream for Interval {
    type Item = Instant;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant>> {
        self.poll_tick(cx).map(Some)
    }
}

/// The future of [`Interval::tick`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Tick<'a> {
    interval: &'a mut Interval,
}

impl Future for Tick<'_> {
    type Output = Instant;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Instant> {
        self.interval.poll_tick(cx)
    }
}
