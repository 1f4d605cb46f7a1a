#![doc = include_str!("README.md")]

pub(crate) mod desc;
mod interrupt;
pub(crate) mod readiness;
mod socket;
mod table;
#[cfg(test)]
mod tests;

#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod platform;
#[cfg(not(target_os = "linux"))]
#[path = "other.rs"]
mod platform;

use std::{
    fmt, io,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use gmp_executor::poller::{self, Poller, Ready};
use mio::{Events, Poll, Registry, Token, event::Event};

pub(crate) use self::{
    desc::Seat,
    platform::found,
    readiness::{Direction, Flags, Found},
    socket::{Socket, WaitSite, Waiting},
};
use self::{interrupt::Interrupted, platform::Alarm, table::Blocks};

/// Events taken from the kernel at once: 12 KiB, and one call for each thousand sockets that are ready.
const EVENTS: usize = 1024;

// Sockets' tokens have generations, which start at 1, in their upper half.
const WAKER: Token = Token(0);
const ALARM: Token = Token(1);

/// The netpoller of one runtime.
pub(crate) struct NetPoller {
    /// Of the one thread that waits; never contended.
    wait: Mutex<Wait>,
    waker: mio::Waker,
    /// The waker was called, and nobody has seen it yet.
    interrupted: Interrupted,
    shared: Arc<Shared>,
}

/// What sockets keep of their poller.
pub(crate) struct Shared {
    registry: Registry,
    /// Set before [`table::close_all`] looks for the sockets to close; who opens one looks afterwards.
    closed: AtomicBool,
}

struct Wait {
    poll: Poll,
    events: Events,
    alarm: Alarm,
    blocks: Blocks,
}

/// The poller of the runtime that the caller runs in.
pub(crate) fn current() -> io::Result<Arc<Shared>> {
    let poller = gmp_executor::poller::attach(NetPoller::new)?;
    Ok(poller.shared.clone())
}

impl NetPoller {
    fn new() -> io::Result<NetPoller> {
        let poll = Poll::new()?;
        let registry = poll.registry().try_clone()?;
        Ok(NetPoller {
            waker: mio::Waker::new(&registry, WAKER)?,
            interrupted: Interrupted::new(),
            wait: Mutex::new(Wait {
                alarm: Alarm::new(&registry, ALARM)?,
                poll,
                events: Events::with_capacity(EVENTS),
                blocks: Blocks::new(),
            }),
            shared: Arc::new(Shared {
                registry,
                closed: AtomicBool::new(false),
            }),
        })
    }
}

impl Poller for NetPoller {
    fn poll(&self, until: Option<Instant>, ready: &mut Ready) -> io::Result<()> {
        let mut wait = self.wait.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let timeout = wait.alarm.set(until)?;
            match wait.take_events(timeout, ready, || self.interrupted.see()) {
                // It was set for the deadline of an earlier wait.
                Ok(Seen::AlarmOnly) if until.is_none_or(|until| until > poller::now()) => {}
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => return Ok(()),
            }
        }
    }

    fn interrupt(&self) {
        self.interrupted.call(|| self.waker.wake().is_ok());
    }
}

/// What a wait brought.
enum Seen {
    /// The alarm, and nothing else.
    AlarmOnly,
    Other,
}

impl Wait {
    fn take_events(
        &mut self,
        timeout: Option<std::time::Duration>,
        ready: &mut Ready,
        see_interrupt: impl Fn(),
    ) -> io::Result<Seen> {
        self.poll.poll(&mut self.events, timeout)?;
        let mut alarm = false;
        let mut others = self.events.is_empty();
        for event in &self.events {
            match event.token() {
                ALARM => alarm = true,
                WAKER => see_interrupt(),
                Token(token) => post(&mut self.blocks, token as u64, event, ready),
            }
            others |= event.token() != ALARM;
        }
        if alarm {
            self.alarm.went_off();
        }
        Ok(if others { Seen::Other } else { Seen::AlarmOnly })
    }
}

fn post(blocks: &mut Blocks, token: u64, event: &Event, ready: &mut Ready) {
    let (generation, index) = ((token >> 32) as u32, token as u32);
    if let Some(desc) = blocks.find(index) {
        desc.post(generation, flags(event), ready);
    }
}

fn token(index: u32, generation: u32) -> Token {
    Token((u64::from(generation) << 32 | u64::from(index)) as usize)
}

/// An error ends both directions: the next call of either tells it.
fn flags(event: &Event) -> Flags {
    let read_ended = event.is_read_closed() || event.is_error();
    let write_ended = event.is_write_closed() || event.is_error();
    Flags::READ_READY
        .when(event.is_readable())
        .and(Flags::WRITE_READY.when(event.is_writable()))
        .and(Flags::READ_ENDED.when(read_ended))
        .and(Flags::WRITE_ENDED.when(write_ended))
}

impl Drop for NetPoller {
    fn drop(&mut self) {
        // Ordering: `Socket::open` looks at it after it has locked the table or the slot, which `close_all` locks after this.
        self.shared.closed.store(true, Ordering::Release);
        for waiter in table::close_all(&self.shared) {
            // A foreign waker that panics must not keep the others asleep. What it panics with may panic again.
            let woken = catch_unwind(AssertUnwindSafe(|| waiter.wake()));
            woken.unwrap_or_else(std::mem::forget);
        }
    }
}

impl fmt::Debug for NetPoller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetPoller")
            .field("registry", &self.shared.registry)
            .finish_non_exhaustive()
    }
}
