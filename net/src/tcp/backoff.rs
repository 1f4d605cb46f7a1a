//! Accepting, with pauses while the process or the system is short of descriptors or memory.
//!
//! # How it works
//! Such an error leaves the connection in the backlog and the listener ready, so a loop that tries again at once burns a
//! processor (477,596 failed calls in a second were measured). The pause is 5 ms, then twice as long each time, up to 1 s;
//! after a success it starts at 5 ms. Go: `Server.Serve` of net/http.
//!
//! # Not done here
//! Keeping a spare descriptor to refuse connections with: those that wait may still be served.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use gmp_executor::{
    Handle,
    time::{Sleep, sleep},
    wait,
};

use super::{TcpStream, report, stream::CONNECTED};
use crate::poller::{Found, Waiting};

/// Go's values, net/http/server.go.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pauses of one acceptor. Memory is taken only during one.
#[derive(Default)]
pub(super) struct Backoff {
    /// The one that goes on.
    sleep: Option<Pin<Box<Sleep>>>,
    /// How long the last one was; zero after a success.
    last: Duration,
}

impl Backoff {
    /// Waits for a connection, after the pause that goes on.
    pub(super) fn poll_accept(
        &mut self,
        waiting: &mut Waiting<'_, mio::net::TcpListener>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accept = |listener: &mio::net::TcpListener| listener.accept();
        let (stream, peer) = ready!(self.poll_with(waiting, cx, accept))?;
        let socket = waiting.socket.open_beside(stream, CONNECTED)?;
        Poll::Ready(Ok((TcpStream { socket }, peer)))
    }

    /// The same with another call than accept(2), for tests.
    pub(super) fn poll_with<T>(
        &mut self,
        waiting: &mut Waiting<'_, mio::net::TcpListener>,
        cx: &mut Context<'_>,
        mut accept: impl FnMut(&mio::net::TcpListener) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            if self.poll_pause(cx).is_pending() {
                wait::note(waiting.at.site, waiting.at.reason);
                return Poll::Pending;
            }
            // There may be more in the backlog: only a call that would block tells that there is not.
            match ready!(waiting.poll_io(cx, |listener| Ok((accept(listener)?, Found::More)))) {
                Err(error) if is_shortage(&error) && Handle::try_current().is_some() => {
                    self.pause(&error)
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                accepted => {
                    self.last = Duration::ZERO;
                    return Poll::Ready(accepted);
                }
            }
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if let Some(sleep) = &mut self.sleep {
            ready!(sleep.as_mut().poll(cx));
            self.sleep = None;
        }
        Poll::Ready(())
    }

    fn pause(&mut self, error: &io::Error) {
        self.last = (self.last * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        report::short_of_resources(error, self.last);
        self.sleep = Some(Box::pin(sleep(self.last)));
    }
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|code| shortages.contains(&code))
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("pauses", &self.sleep.is_some())
            .field("last", &self.last)
            .finish()
    }
}
