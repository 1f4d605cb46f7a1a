//! A listener.

use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use gmp_executor::wait::Reason;

use super::{Accept, Incoming, TcpSocket, TcpStream, backoff::SharedBackoff};
use crate::{
    ToSocketAddrs,
    addr::{Query, first_that},
    poller::{Direction, Flags, Socket, WaitSite, Waiting},
};

/// Connections that wait to be accepted; the kernel caps it (`somaxconn`, 4096 as a rule). One that finds no room tries again after
/// a second.
const BACKLOG: u32 = 4096;

/// Accepts TCP connections. (Go: `net.TCPListener`)
///
/// Any number of tasks may wait in [`accept`](Self::accept) at once. Dropping it closes it.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use gmp_net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let client = TcpStream::connect(listener.local_addr()?).await?;
/// let (_server, peer) = listener.accept().await?;
/// assert_eq!(peer, client.local_addr()?);
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpListener {
    pub(super) socket: Socket<mio::net::TcpListener>,
    /// That of `poll_accept`.
    pub(super) backoff: SharedBackoff,
}

impl TcpListener {
    /// Listens on the first of `address`' addresses that is free, with `SO_REUSEADDR` and a backlog of 4096. Port 0 lets the system
    /// choose one. [`TcpSocket`] has other options. (Go: `net.Listen`)
    ///
    /// A host name is looked up by a function of [`spawn_blocking`](gmp_executor::spawn_blocking), and waits for its turn as
    /// those do.
    ///
    /// # Errors
    /// That of the last address; that of the look-up; outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future closes what it has opened.
    #[track_caller]
    pub fn bind(address: impl ToSocketAddrs) -> Bind {
        Bind {
            query: address.to_query(),
            at: WaitSite::here(Reason::Unknown),
        }
    }

    fn bind_to(address: SocketAddr) -> io::Result<TcpListener> {
        let socket = TcpSocket::for_address(address)?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        socket.listen(BACKLOG)
    }

    /// Wraps a socket that listens and does not block.
    pub(super) fn open(listener: mio::net::TcpListener) -> io::Result<TcpListener> {
        let socket = Socket::open(listener, Flags::NOTHING)?;
        Ok(TcpListener {
            socket,
            backoff: SharedBackoff::new(),
        })
    }

    /// Waits for a connection. Its peer's address comes with it. (Go: `net.Listener.Accept`)
    ///
    /// If the process or the system is out of descriptors or memory, it waits for 5 ms, then 10 ms, up to 1 s, and tries again, as
    /// Go's `net/http` does: the connections stay in the backlog meanwhile. With the feature `tracing` a warning tells of it. A
    /// connection that its peer gave up is passed over.
    ///
    /// # Errors
    /// What else the system says; if the listener's runtime has shut down. On a thread outside of all runtimes, where
    /// nobody could time the pauses, the shortage is an error too.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection.
    #[track_caller]
    pub fn accept(&self) -> Accept<'_> {
        Accept::new(Waiting::new(
            &self.socket,
            Direction::Read,
            WaitSite::here(Reason::Accept),
        ))
    }

    /// The connections that come, as a stream that does not end.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// # use gmp_net::{TcpListener, TcpStream};
    /// use futures::StreamExt;
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(stream) = incoming.next().await {
    ///     println!("{}", stream?.peer_addr()?);
    ///     # break;
    /// }
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn incoming(&self) -> Incoming<'_> {
        Incoming::new(self.accept())
    }

    /// Like [`accept`](Self::accept). Up to 256 tasks may wait with it at once, and each is woken when a connection comes; any more
    /// displace one another, all the time. A task that polls and then goes on to something else is woken once for nothing.
    /// A pause for want of descriptors is everybody's: its end wakes all of them.
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    #[track_caller]
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let mut waiting = Waiting::shared(
            &self.socket,
            Direction::Read,
            WaitSite::here(Reason::Accept),
        );
        self.backoff
            .poll(cx, |backoff, cx| backoff.poll_accept(&mut waiting, cx))
    }

    /// The address that it listens on.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.source().local_addr()
    }
}

impl fmt::Debug for TcpListener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

/// The future of [`TcpListener::bind`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Bind {
    query: Query,
    at: WaitSite,
}

impl Future for Bind {
    type Output = io::Result<TcpListener>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let at = self.at;
        let addresses = ready!(self.query.poll(cx, at))?;
        Poll::Ready(first_that(addresses, TcpListener::bind_to))
    }
}
