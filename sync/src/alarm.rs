//! Waking somebody at a point in time, with a gmp runtime or without.
//!
//! # How it works
//! Inside of a gmp runtime an alarm is a timer of the current processor. Elsewhere one thread sleeps for all alarms of the
//! process; it is started with the first one.
//!
//! The waker may be woken early: when the runtime ends all its timers fire. Whoever is woken looks at the clock, and sets
//! the alarm again if need be; by then there is another runtime, or none.

use std::{
    collections::BTreeMap,
    future::{Pending, pending},
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Condvar, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    thread,
    time::Instant,
};

use gmp_executor::{
    Handle,
    time::{Timeout, timeout_at},
};

mod latest;

pub(crate) use self::latest::Latest;
use crate::clock;

/// Set until it is dropped.
pub(crate) struct Alarm(Kind);

enum Kind {
    /// Held for its drop, which stops the timer. `Timeout` notes no wait site, as `Sleep` would: no task waits here.
    Timer {
        _timer: Timeout<Pending<()>>,
    },
    Thread((Instant, u64)),
    Over,
}

impl Alarm {
    /// Wakes `waker` at `at`, or soon after, or early: see the head. The waker is one of ours: its drop runs no user code.
    pub(crate) fn set(at: Instant, waker: Waker) -> Alarm {
        if Handle::try_current().is_some() {
            // A runtime that is about to end has no timers any more, and says so by a panic.
            if let Ok(alarm) = catch_unwind(AssertUnwindSafe(|| Alarm::by_timer(at, &waker))) {
                return alarm;
            }
        }
        Alarm(Kind::Thread(SLEEPER.add(at, waker)))
    }

    fn by_timer(at: Instant, waker: &Waker) -> Alarm {
        let mut timer = timeout_at(at, pending());
        match Pin::new(&mut timer).poll(&mut Context::from_waker(waker)) {
            Poll::Pending => Alarm(Kind::Timer { _timer: timer }),
            Poll::Ready(_) => {
                waker.wake_by_ref();
                Alarm(Kind::Over)
            }
        }
    }
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if let Kind::Thread(key) = &self.0 {
            SLEEPER.remove(key);
        }
    }
}

/// The thread for alarms outside of runtimes.
struct Sleeper {
    alarms: Mutex<Alarms>,
    /// There is an earlier alarm than the one that the thread sleeps for.
    earlier: Condvar,
}

struct Alarms {
    /// By point in time; the number tells equal ones apart.
    set: BTreeMap<(Instant, u64), Waker>,
    next: u64,
    has_thread: bool,
}

static SLEEPER: Sleeper = Sleeper {
    alarms: Mutex::new(Alarms {
        set: BTreeMap::new(),
        next: 0,
        has_thread: false,
    }),
    earlier: Condvar::new(),
};

impl Sleeper {
    fn lock(&self) -> MutexGuard<'_, Alarms> {
        // Nothing panics while it is held.
        self.alarms
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn add(&'static self, at: Instant, waker: Waker) -> (Instant, u64) {
        let mut alarms = self.lock();
        let key = (at, alarms.next);
        alarms.next += 1;
        alarms.set.insert(key, waker);
        if !alarms.has_thread {
            // Where the system has no thread to give, the next alarm tries again.
            let builder = thread::Builder::new().name("gmp-alarms".to_owned());
            alarms.has_thread = builder.spawn(|| self.run()).is_ok();
        }
        if alarms.set.first_key_value().map(|(first, _)| *first) == Some(key) {
            self.earlier.notify_one();
        }
        key
    }

    fn remove(&self, key: &(Instant, u64)) {
        let waker = self.lock().set.remove(key);
        drop(waker);
    }

    fn run(&self) {
        let mut alarms = self.lock();
        loop {
            let now = clock::now();
            let first = alarms.set.first_key_value().map(|(key, _)| key.0);
            alarms = match first {
                Some(at) if at <= now => {
                    let due = alarms.set.pop_first();
                    drop(alarms);
                    if let Some((_, waker)) = due {
                        // What it wakes may be anybody's: a panic must not end this thread, and dropping what it was
                        // thrown with may panic again.
                        if let Err(payload) = catch_unwind(AssertUnwindSafe(|| waker.wake())) {
                            std::mem::forget(payload);
                        }
                    }
                    self.lock()
                }
                Some(at) => match self.earlier.wait_timeout(alarms, at - now) {
                    Ok((alarms, _)) => alarms,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                None => self
                    .earlier
                    .wait(alarms)
                    .unwrap_or_else(|poisoned| poisoned.into_inner()),
            };
        }
    }
}

#[cfg(test)]
mod tests;
