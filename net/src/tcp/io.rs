//! `futures`' traits for streams and their halves.
//!
//! All are one body over `AsRef<TcpStream>`. The functions are `#[track_caller]`: the wait site is the combinator's
//! (`read_exact`, `copy`), since these traits do not tell who made it.

use std::{
    io::{self, IoSlice, IoSliceMut},
    net::Shutdown,
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::{AsyncRead, AsyncWrite};
use gmp_executor::wait::Reason;

use super::{
    ReadHalf, TcpStream, WriteHalf,
    stream::{read, read_vectored, write, write_vectored},
};
use crate::poller::{Direction, Found, Seat, WaitSite};

impl TcpStream {
    #[track_caller]
    #[inline]
    pub(crate) fn poll_read_with<T>(
        &self,
        cx: &Context<'_>,
        operation: impl FnMut(&mio::net::TcpStream) -> io::Result<(T, Found)>,
    ) -> Poll<io::Result<T>> {
        let at = WaitSite::here(Reason::Readable);
        self.socket
            .poll_io(Direction::Read, &mut Seat::Shared, cx, at, operation)
    }

    #[track_caller]
    #[inline]
    fn poll_write_with<T>(
        &self,
        cx: &Context<'_>,
        operation: impl FnMut(&mio::net::TcpStream) -> io::Result<(T, Found)>,
    ) -> Poll<io::Result<T>> {
        let at = WaitSite::here(Reason::Writable);
        self.socket
            .poll_io(Direction::Write, &mut Seat::Shared, cx, at, operation)
    }

    fn close_write_side(&self) -> io::Result<()> {
        match self.shutdown(Shutdown::Write) {
            // The peer has gone already, so there is nobody to tell.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            result => result,
        }
    }
}

macro_rules! async_read {
    ($(($($generic:tt)*) $type:ty),*) => {$(
        impl $($generic)* AsyncRead for $type {
            #[track_caller]
            #[inline]
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffer: &mut [u8],
            ) -> Poll<io::Result<usize>> {
                (*self).as_ref().poll_read_with(cx, |stream| read(stream, buffer))
            }

            #[track_caller]
            #[inline]
            fn poll_read_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffers: &mut [IoSliceMut<'_>],
            ) -> Poll<io::Result<usize>> {
                (*self).as_ref().poll_read_with(cx, |stream| read_vectored(stream, buffers))
            }
        }
    )*};
}

macro_rules! async_write {
    ($(($($generic:tt)*) $type:ty),*) => {$(
        impl $($generic)* AsyncWrite for $type {
            #[track_caller]
            #[inline]
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bytes: &[u8],
            ) -> Poll<io::Result<usize>> {
                (*self).as_ref().poll_write_with(cx, |stream| write(stream, bytes))
            }

            #[track_caller]
            #[inline]
            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buffers: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                (*self).as_ref().poll_write_with(cx, |stream| write_vectored(stream, buffers))
            }

            /// There is nothing to flush.
            #[inline]
            fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready(Ok(()))
            }

            /// Closes the write side: the peer reads the end of the stream.
            fn poll_close(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                Poll::Ready((*self).as_ref().close_write_side())
            }
        }
    )*};
}

async_read!(() TcpStream, () &TcpStream, (<S: AsRef<TcpStream>>) ReadHalf<S>);
async_write!(() TcpStream, () &TcpStream, (<S: AsRef<TcpStream>>) WriteHalf<S>);
