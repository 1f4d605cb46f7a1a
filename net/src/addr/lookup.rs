//! Looks a host name up, in a function of [`spawn_blocking`].
//!
//! The system's resolver blocks for seconds where a server does not answer; on a machine of the runtime that would
//! cost a hand-off. As many look-ups run at a time as [`Builder::blocking_threads`](gmp_executor::Builder::blocking_threads)
//! says, beside the program's own functions; the others wait for their turn.
//!
//! # Rejected
//! A thread for each look-up: where a server does not answer, a thousand clients start a thousand of them.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    pin::Pin,
    task::{Context, Poll, ready},
};

use gmp_executor::{
    JoinHandle, spawn_blocking,
    wait::{self, Reason},
};

use crate::poller::{self, WaitSite};

type Found = io::Result<Vec<SocketAddr>>;

/// A name that is to be looked up, or is being. Dropping it takes it out of the queue; what runs ends by itself.
#[derive(Debug)]
pub struct Lookup {
    host: String,
    port: u16,
    /// `None`: not begun.
    answer: Option<JoinHandle<Found>>,
}

impl Lookup {
    pub(super) fn new(host: &str, port: u16) -> Lookup {
        Lookup {
            host: host.to_owned(),
            port,
            answer: None,
        }
    }

    /// Waits for the answer.
    pub(super) fn poll(&mut self, cx: &Context<'_>, at: WaitSite) -> Poll<Found> {
        let answer = match &mut self.answer {
            Some(answer) => answer,
            None => self
                .answer
                .insert(begin(std::mem::take(&mut self.host), self.port)?),
        };
        let polled = Pin::new(answer).poll(&mut Context::from_waker(cx.waker()));
        if polled.is_pending() {
            wait::note(at.site, Reason::Thread);
        }
        // Cancelled: the runtime shuts down.
        Poll::Ready(ready!(polled).unwrap_or_else(|error| Err(io::Error::other(error))))
    }
}

impl Drop for Lookup {
    fn drop(&mut self) {
        if let Some(answer) = &self.answer {
            answer.abort();
        }
    }
}

/// An error outside of a runtime, where no socket could be opened either.
fn begin(host: String, port: u16) -> io::Result<JoinHandle<Found>> {
    poller::current()?;
    Ok(spawn_blocking(move || {
        (host.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect)
    }))
}
