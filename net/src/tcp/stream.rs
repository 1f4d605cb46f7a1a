//! A connection.

use std::{
    fmt, io as std_io,
    io::{IoSlice, IoSliceMut, Read, Write},
    iter,
    net::{Shutdown, SocketAddr},
    time::Duration,
};

use gmp_executor::wait::Reason;
use socket2::SockRef;

use super::{Connect, Peek, Ready};
use crate::{
    ToSocketAddrs,
    poller::{Direction, Flags, Found, Socket, WaitSite, Waiting, found},
};

type Result<T> = std_io::Result<T>;

/// A TCP connection. (Go: `net.TCPConn`)
///
/// It implements [`AsyncRead`](futures::io::AsyncRead) and [`AsyncWrite`](futures::io::AsyncWrite), vectored as well, and so does
/// `&TcpStream`: reading and writing may go on at the same time. Up to 256 tasks may *read* with these traits at once, and as many
/// write: each is woken when something comes; any more displace one another, all the time. [`readable`](Self::readable)
/// has no such bound.
///
/// Closing the write side ([`AsyncWriteExt::close`](futures::io::AsyncWriteExt::close)) tells the peer that no more will
/// come; dropping the stream closes it. Once its runtime has shut down, reading, writing and waiting fail.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// use futures::io::{AsyncReadExt, AsyncWriteExt};
/// use gmp_net::{TcpListener, TcpStream};
///
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// let mut client = TcpStream::connect(listener.local_addr()?).await?;
/// let (mut server, _peer) = listener.accept().await?;
///
/// client.write_all(b"ping").await?;
/// let mut buffer = [0; 4];
/// server.read_exact(&mut buffer).await?;
/// assert_eq!(&buffer, b"ping");
/// # std::io::Result::Ok(())
/// # })?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct TcpStream {
    pub(super) socket: Socket<mio::net::TcpStream>,
}

/// What is known of a connection that has just been made: the poller's essay says why no more.
pub(super) const CONNECTED: Flags = Flags::WRITE_READY;

impl TcpStream {
    /// Connects to the first of `address`' addresses that answers. (Go: `net.Dial`)
    ///
    /// A host name is looked up by a function of [`spawn_blocking`](gmp_executor::spawn_blocking), and waits for its turn as
    /// those do.
    ///
    /// # Errors
    /// That of the last address; that of the look-up; outside of a runtime.
    ///
    /// # Cancel safety
    /// Dropping the future gives the attempt up.
    #[track_caller]
    pub fn connect(address: impl ToSocketAddrs) -> Connect {
        Connect::new(address.to_query(), WaitSite::here(Reason::Connect))
    }

    /// Waits until there is something to read, the stream has ended, or an error is there. It takes nothing, and no buffer
    /// is needed meanwhile. Any number of tasks may wait so at once; all are woken.
    ///
    /// It may return although nothing is there: use it in a loop with [`try_read`](Self::try_read).
    ///
    /// # Errors
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    ///
    /// ```
    /// # let runtime = gmp_executor::Runtime::new()?;
    /// # runtime.block_on(async {
    /// # use gmp_net::{TcpListener, TcpStream};
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// # let (server, _) = listener.accept().await?;
    /// # client.try_write(b"ping")?;
    /// let (bytes, buffer) = loop {
    ///     server.readable().await?;
    ///     let mut buffer = [0; 1024]; // Only now.
    ///     match server.try_read(&mut buffer) {
    ///         Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
    ///         bytes => break (bytes?, buffer),
    ///     }
    /// };
    /// assert_eq!(&buffer[..bytes], b"ping");
    /// # std::io::Result::Ok(())
    /// # })?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn readable(&self) -> Ready<'_> {
        Ready::new(Waiting::new(
            &self.socket,
            Direction::Read,
            WaitSite::here(Reason::Readable),
        ))
    }

    /// Waits until there is room to write, or an error is there. Otherwise like [`readable`](Self::readable).
    ///
    /// # Errors
    /// If the runtime has shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn writable(&self) -> Ready<'_> {
        Ready::new(Waiting::new(
            &self.socket,
            Direction::Write,
            WaitSite::here(Reason::Writable),
        ))
    }

    /// Reads what is there. 0: the peer has closed its write side, or `buffer` is empty.
    ///
    /// # Errors
    /// [`WouldBlock`](std_io::ErrorKind::WouldBlock): nothing is there, or the poller has not told of it yet: wait with
    /// [`readable`](Self::readable). Else what the system says.
    pub fn try_read(&self, buffer: &mut [u8]) -> Result<usize> {
        self.socket
            .try_io(Direction::Read, |stream| read(stream, buffer))
    }

    /// Reads what is there into several buffers, one after the other. Otherwise like [`try_read`](Self::try_read).
    ///
    /// # Errors
    /// Those of [`try_read`](Self::try_read).
    pub fn try_read_vectored(&self, buffers: &mut [IoSliceMut<'_>]) -> Result<usize> {
        self.socket
            .try_io(Direction::Read, |stream| read_vectored(stream, buffers))
    }

    /// Writes as much as there is room for.
    ///
    /// # Errors
    /// [`WouldBlock`](std_io::ErrorKind::WouldBlock): there is no room: wait with [`writable`](Self::writable). Else what
    /// the system says.
    pub fn try_write(&self, bytes: &[u8]) -> Result<usize> {
        self.socket
            .try_io(Direction::Write, |stream| write(stream, bytes))
    }

    /// Writes as much of several buffers as there is room for. Otherwise like [`try_write`](Self::try_write).
    ///
    /// # Errors
    /// Those of [`try_write`](Self::try_write).
    pub fn try_write_vectored(&self, buffers: &[IoSlice<'_>]) -> Result<usize> {
        self.socket
            .try_io(Direction::Write, |stream| write_vectored(stream, buffers))
    }

    /// Waits until something is there and copies it to `buffer`; it stays to be read. 0: the stream has ended, or
    /// `buffer` is empty.
    ///
    /// # Errors
    /// What the system says; if the runtime has shut down.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    #[track_caller]
    pub fn peek<'a>(&'a self, buffer: &'a mut [u8]) -> Peek<'a> {
        Peek::new(
            Waiting::new(
                &self.socket,
                Direction::Read,
                WaitSite::here(Reason::Readable),
            ),
            buffer,
        )
    }

    /// Closes the read side, the write side, or both. Who waits on the other end of a closed write side reads its end.
    ///
    /// # Errors
    /// What the system says, for instance that the connection is gone.
    pub fn shutdown(&self, how: Shutdown) -> Result<()> {
        self.socket.source().shutdown(how)
    }

    /// The address of this end.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> Result<SocketAddr> {
        self.socket.source().local_addr()
    }

    /// The address of the other end.
    ///
    /// # Errors
    /// What the system says, for instance that the connection is gone.
    pub fn peer_addr(&self) -> Result<SocketAddr> {
        self.socket.source().peer_addr()
    }

    /// Small writes are sent at once instead of being collected (Nagle's algorithm). Off at first, unlike in Go.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_nodelay(&self, nodelay: bool) -> Result<()> {
        self.socket.source().set_nodelay(nodelay)
    }

    /// Whether small writes are sent at once.
    ///
    /// # Errors
    /// What the system says.
    pub fn nodelay(&self) -> Result<bool> {
        self.socket.source().nodelay()
    }

    /// What closing does with bytes that were not sent yet. `None`: the system goes on sending them. Zero: they are dropped
    /// and the peer gets a reset, which leaves no `TIME_WAIT`. Longer, in whole seconds: dropping the stream *blocks its
    /// thread* for up to this time.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_linger(&self, linger: Option<Duration>) -> Result<()> {
        SockRef::from(self.socket.source()).set_linger(linger)
    }

    /// What [`set_linger`](Self::set_linger) has set.
    ///
    /// # Errors
    /// What the system says.
    pub fn linger(&self) -> Result<Option<Duration>> {
        SockRef::from(self.socket.source()).linger()
    }

    /// Sets how many routers a packet may pass.
    ///
    /// # Errors
    /// What the system says.
    pub fn set_ttl(&self, ttl: u32) -> Result<()> {
        self.socket.source().set_ttl(ttl)
    }

    /// How many routers a packet may pass.
    ///
    /// # Errors
    /// What the system says.
    pub fn ttl(&self) -> Result<u32> {
        self.socket.source().ttl()
    }

    /// Takes the error that waits on the socket, if there is one.
    ///
    /// # Errors
    /// What the system says.
    pub fn take_error(&self) -> Result<Option<std_io::Error>> {
        self.socket.source().take_error()
    }
}

impl AsRef<TcpStream> for TcpStream {
    fn as_ref(&self) -> &TcpStream {
        self
    }
}

impl fmt::Debug for TcpStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.socket.fmt(f)
    }
}

// The operations, each with what it found.

#[inline]
pub(super) fn read(mut stream: &mio::net::TcpStream, buffer: &mut [u8]) -> Result<(usize, Found)> {
    let bytes = stream.read(buffer)?;
    Ok((bytes, found(bytes, iter::once(buffer.len()))))
}

#[inline]
pub(super) fn read_vectored(
    mut stream: &mio::net::TcpStream,
    buffers: &mut [IoSliceMut<'_>],
) -> Result<(usize, Found)> {
    let bytes = stream.read_vectored(buffers)?;
    Ok((
        bytes,
        found(bytes, buffers.iter().map(|buffer| buffer.len())),
    ))
}

#[inline]
pub(super) fn write(mut stream: &mio::net::TcpStream, bytes: &[u8]) -> Result<(usize, Found)> {
    let written = stream.write(bytes)?;
    Ok((written, found(written, iter::once(bytes.len()))))
}

#[inline]
pub(super) fn write_vectored(
    mut stream: &mio::net::TcpStream,
    buffers: &[IoSlice<'_>],
) -> Result<(usize, Found)> {
    let written = stream.write_vectored(buffers)?;
    Ok((
        written,
        found(written, buffers.iter().map(|buffer| buffer.len())),
    ))
}
