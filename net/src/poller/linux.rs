//! Linux: the alarm is a timerfd, and a short transfer tells that the socket is empty or full.

use std::{
    io, mem,
    os::fd::{AsRawFd, FromRawFd, OwnedFd},
    time::{Duration, Instant},
};

use gmp_executor::poller;
use mio::{Interest, Registry, Token, unix::SourceFd};

use super::{desc::PollDesc, readiness::Found};

// What an idle connection costs beside its task.
const _: () = assert!(size_of::<PollDesc>() == 64);

/// Closing a descriptor takes it out of epoll, unless there is a duplicate: its events are stale then.
pub(super) const CLOSE_DEREGISTERS: bool = true;

/// The most bytes that one call moves. Linux' `MAX_RW_COUNT`.
const MOST_BYTES: usize = 0x7fff_f000;

/// The most slices that one call takes, and std hands over. Linux' `UIO_MAXIOV`.
const MOST_SLICES: usize = 1024;

/// What a transfer of `done` bytes tells, when slices of these lengths were offered.
///
/// A stream moves less than it was offered only if it has no more, so the next edge is still to come. (Data up to an
/// urgent mark is an exception, which hurts nobody but the peer who sends it.) Nothing at all is the end of the stream,
/// which stays.
#[inline]
pub(crate) fn found(done: usize, offered: impl Iterator<Item = usize>) -> Found {
    let offered = offered.take(MOST_SLICES).fold(0, usize::saturating_add);
    if done == 0 || done >= offered.min(MOST_BYTES) {
        Found::More
    } else {
        Found::Empty
    }
}

/// Ends a wait at a point in time, to the microsecond: the time-out of mio counts in milliseconds, rounded up.
///
/// The timer is registered edge-triggered and never read: setting it clears what it has counted.
#[derive(Debug)]
pub(super) struct Alarm {
    timer: OwnedFd,
    /// When it goes off next; `None`: not before it is set.
    set_for: Option<Instant>,
}

impl Alarm {
    pub(super) fn new(registry: &Registry, token: Token) -> io::Result<Alarm> {
        let flags = libc::TFD_NONBLOCK | libc::TFD_CLOEXEC;
        // SAFETY: takes no pointers.
        let descriptor = unsafe { libc::timerfd_create(libc::CLOCK_MONOTONIC, flags) };
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the call above has just returned it, so nobody else owns it.
        let timer = unsafe { OwnedFd::from_raw_fd(descriptor) };
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Alarm {
            timer,
            set_for: None,
        })
    }

    /// Sees to it that a wait ends at `until`. Returns the time-out that the wait itself is to have.
    ///
    /// One that is set for an earlier time stays: deadlines that always move on, as time-outs of requests do, cost
    /// one early end now and then instead of a system call each.
    pub(super) fn set(&mut self, until: Option<Instant>) -> io::Result<Option<Duration>> {
        let Some(until) = until else { return Ok(None) };
        let wait = until.saturating_duration_since(poller::now());
        if wait.is_zero() {
            return Ok(Some(Duration::ZERO));
        }
        if self.set_for.is_none_or(|set_for| until < set_for) {
            self.start(wait)?;
            self.set_for = Some(until);
        }
        Ok(None)
    }

    /// It went off.
    pub(super) fn went_off(&mut self) {
        self.set_for = None;
    }

    fn start(&self, wait: Duration) -> io::Result<()> {
        // SAFETY: two structs of integers, for which all zeros is a value.
        let mut setting: libc::itimerspec = unsafe { mem::zeroed() };
        setting.it_value.tv_sec = wait.as_secs().try_into().unwrap_or(i32::MAX.into());
        setting.it_value.tv_nsec = wait.subsec_nanos().into();
        // SAFETY: the timer is open while `self` is, the setting lives on the stack, and null is allowed for the old one.
        let result = unsafe {
            libc::timerfd_settime(
                self.timer.as_raw_fd(),
                0,
                &raw const setting,
                std::ptr::null_mut(),
            )
        };
        if result < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(())
        }
    }
}
