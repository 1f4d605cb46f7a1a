//! Where and for what a task waits: noted by leaf futures, read by dumps.
//!
//! For runtimes' own crates: a leaf future of `gmp-sync` or `gmp-net` keeps the
//! [`Location`] of the caller that made it and calls [`note`] just before it returns `Pending`.

use std::{fmt, panic::Location};

use crate::port;

/// What a task waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    /// A future that does not say.
    Unknown,
    /// Its turn, behind the others that are ready.
    Yield,
    /// A point in time.
    Sleep,
    /// The end of another task.
    Join,
    /// Data on a socket.
    Readable,
    /// Room in a socket's buffer.
    Writable,
    /// A connection to accept.
    Accept,
    /// The answer to a connection attempt.
    Connect,
    /// A name look-up, or other work on another thread.
    Thread,
    /// A value, or room, in a channel.
    Channel,
    /// A lock or a permit.
    Lock,
    /// The tasks of a wait group.
    WaitGroup,
    /// The first of several, in a `select!`.
    Select,
    /// The end of a context.
    Context,
    /// A condition.
    Cond,
    /// A notification.
    Notify,
    /// The others at a barrier.
    Barrier,
    /// What is done or made once, by another.
    Once,
}

impl Reason {
    const ALL: [Reason; 18] = [
        Reason::Unknown,
        Reason::Yield,
        Reason::Sleep,
        Reason::Join,
        Reason::Readable,
        Reason::Writable,
        Reason::Accept,
        Reason::Connect,
        Reason::Thread,
        Reason::Channel,
        Reason::Lock,
        Reason::WaitGroup,
        Reason::Select,
        Reason::Context,
        Reason::Cond,
        Reason::Notify,
        Reason::Barrier,
        Reason::Once,
    ];

    pub(crate) fn from_u8(value: u8) -> Reason {
        Self::ALL
            .get(value as usize)
            .copied()
            .unwrap_or(Reason::Unknown)
    }

    /// The words that dumps print.
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::Unknown => "a future of another crate",
            Reason::Yield => "its turn",
            Reason::Sleep => "sleep",
            Reason::Join => "join",
            Reason::Readable => "readable",
            Reason::Writable => "writable",
            Reason::Accept => "accept",
            Reason::Connect => "connect",
            Reason::Thread => "another thread",
            Reason::Channel => "channel",
            Reason::Lock => "lock",
            Reason::WaitGroup => "wait group",
            Reason::Select => "select",
            Reason::Context => "context",
            Reason::Cond => "cond",
            Reason::Notify => "notify",
            Reason::Barrier => "barrier",
            Reason::Once => "once",
        }
    }
}

/// A place where a task waits, and for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Site {
    /// Where the future was made that waits.
    pub at: &'static Location<'static>,
    /// What it waits for.
    pub reason: Reason,
}

/// As dumps print it: `sleep at src/main.rs:14:9`.
impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.reason.as_str(), self.at)
    }
}

/// Notes where and for what the current task waits. Nothing happens outside of a task.
#[inline]
pub fn note(site: &'static Location<'static>, reason: Reason) {
    port::note(site, reason);
}
