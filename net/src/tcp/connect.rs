//! Connecting: one address after the other until one answers.

use std::{
    io, mem,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use super::TcpStream;
use crate::{
    addr::{Addresses, Query},
    poller::{Direction, Flags, Found, Seat, Socket, WaitSite},
};

/// The future of [`TcpStream::connect`] and [`TcpSocket::connect`](super::TcpSocket::connect).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Connect {
    step: Step,
    /// Those that were not tried yet.
    addresses: Addresses,
    /// Why the last one did not do.
    error: Option<io::Error>,
    at: WaitSite,
}

#[derive(Debug)]
enum Step {
    Resolve(Query),
    /// To try the next address.
    Next,
    /// Asked for, but not in the poller yet.
    Asked(io::Result<mio::net::TcpStream>),
    /// Waits for the answer.
    Wait(TcpStream),
}

impl Connect {
    pub(super) fn new(query: Query, at: WaitSite) -> Connect {
        Connect {
            step: Step::Resolve(query),
            addresses: Addresses::default(),
            error: None,
            at,
        }
    }

    /// The attempt that another has begun.
    pub(super) fn begun(stream: io::Result<mio::net::TcpStream>, at: WaitSite) -> Connect {
        Connect {
            step: Step::Asked(stream),
            addresses: Addresses::default(),
            error: None,
            at,
        }
    }

    /// Goes one step on. An error belongs to one address; `Ok(None)`: there is another step.
    fn poll_step(&mut self, cx: &Context<'_>) -> Poll<io::Result<Option<TcpStream>>> {
        match &mut self.step {
            Step::Resolve(query) => {
                self.addresses = ready!(query.poll(cx, self.at))?;
                self.step = Step::Next;
            }
            Step::Next => {
                let no_address = || {
                    io::Error::new(
                        io::ErrorKind::InvalidInput,
                        "there is no address to connect to",
                    )
                };
                let address: Option<SocketAddr> = self.addresses.next();
                let address =
                    address.ok_or_else(|| self.error.take().unwrap_or_else(no_address))?;
                self.step = Step::Asked(mio::net::TcpStream::connect(address));
            }
            Step::Asked(stream) => {
                let stream = mem::replace(stream, Err(io::ErrorKind::Other.into()))?;
                self.step = Step::Wait(TcpStream {
                    socket: Socket::open(stream, Flags::NOTHING)?,
                });
            }
            Step::Wait(stream) => {
                ready!(stream.poll_connected(cx, self.at))?;
                let Step::Wait(stream) = mem::replace(&mut self.step, Step::Next) else {
                    unreachable!()
                };
                return Poll::Ready(Ok(Some(stream)));
            }
        }
        Poll::Ready(Ok(None))
    }
}

impl Future for Connect {
    type Output = io::Result<TcpStream>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            match ready!(self.poll_step(cx)) {
                Ok(Some(stream)) => return Poll::Ready(Ok(stream)),
                Ok(None) => {}
                // Nothing is left to be tried: this is the error of the last one, or that there was none.
                Err(error) if matches!(self.step, Step::Next | Step::Resolve(_)) => {
                    return Poll::Ready(Err(error));
                }
                Err(error) => {
                    self.error = Some(error);
                    self.step = Step::Next;
                }
            }
        }
    }
}

impl TcpStream {
    /// Waits for the peer's answer. After Go's `netFD.connect`.
    fn poll_connected(&self, cx: &Context<'_>, at: WaitSite) -> Poll<io::Result<()>> {
        self.socket
            .poll_io(Direction::Write, &mut Seat::Shared, cx, at, |stream| {
                if let Some(error) = stream.take_error()? {
                    return Err(error);
                }
                match stream.peer_addr() {
                    // Some systems say writable before there is an answer.
                    Err(error) if error.kind() == io::ErrorKind::NotConnected => {
                        Err(io::ErrorKind::WouldBlock.into())
                    }
                    other => other.map(|_| ((), Found::More)),
                }
            })
    }
}
