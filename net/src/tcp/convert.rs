//! To and from std's sockets and descriptors.

use std::{
    io,
    net::{TcpListener as StdListener, TcpStream as StdStream},
    os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd},
};

use super::{TcpListener, TcpStream, stream::CONNECTED};
use crate::poller::Socket;

/// Makes it non-blocking and gives it to the current runtime.
///
/// # Errors
/// What the system says; outside of a runtime.
impl TryFrom<StdStream> for TcpStream {
    type Error = io::Error;

    fn try_from(stream: StdStream) -> io::Result<TcpStream> {
        stream.set_nonblocking(true)?;
        let socket = Socket::open(mio::net::TcpStream::from_std(stream), CONNECTED)?;
        Ok(TcpStream { socket })
    }
}

/// Takes it from its runtime. It stays non-blocking.
///
/// # Errors
/// What the system says.
impl TryFrom<TcpStream> for StdStream {
    type Error = io::Error;

    fn try_from(stream: TcpStream) -> io::Result<StdStream> {
        Ok(OwnedFd::from(stream.socket.into_source()?).into())
    }
}

/// Makes it non-blocking and gives it to the current runtime.
///
/// # Errors
/// What the system says; outside of a runtime.
impl TryFrom<StdListener> for TcpListener {
    type Error = io::Error;

    fn try_from(listener: StdListener) -> io::Result<TcpListener> {
        listener.set_nonblocking(true)?;
        TcpListener::open(mio::net::TcpListener::from_std(listener))
    }
}

/// Takes it from its runtime. It stays non-blocking.
///
/// # Errors
/// What the system says.
impl TryFrom<TcpListener> for StdListener {
    type Error = io::Error;

    fn try_from(listener: TcpListener) -> io::Result<StdListener> {
        Ok(OwnedFd::from(listener.socket.into_source()?).into())
    }
}

macro_rules! descriptor {
    ($($type:ty),*) => {$(
        impl AsFd for $type {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.socket.source().as_fd()
            }
        }

        impl AsRawFd for $type {
            fn as_raw_fd(&self) -> RawFd {
                self.socket.source().as_raw_fd()
            }
        }
    )*};
}

descriptor!(TcpStream, TcpListener);
