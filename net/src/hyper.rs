//! [hyper](https://docs.rs/hyper)'s runtime traits: connections, tasks and time for hyper's own builders.
//!
//! ```
//! use gmp_net::hyper::{Executor, Io, Timer};
//! # let _ = (Executor, Timer, Io::new(()));
//! ```

#[cfg(test)]
mod tests;

use std::{
    any::Any,
    fmt, io,
    io::IoSlice,
    iter,
    mem::MaybeUninit,
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use ::hyper::rt::{Read, ReadBufCursor, Sleep, Write};
use futures::io::{AsyncRead, AsyncWrite};
use gmp_executor::time;
use socket2::SockRef;

use crate::{TcpStream, poller::found};

/// A stream of `futures`' traits as a connection of hyper.
///
/// A [`TcpStream`] reads into hyper's buffer as it is; for other streams the buffer is filled with zeros first, since they
/// expect bytes.
#[pin_project::pin_project]
#[derive(Debug)]
pub struct Io<T> {
    #[pin]
    stream: T,
}

impl<T> Io<T> {
    /// Wraps a stream.
    pub fn new(stream: T) -> Io<T> {
        Io { stream }
    }

    /// The stream.
    pub fn get_ref(&self) -> &T {
        &self.stream
    }

    /// The stream.
    pub fn into_inner(self) -> T {
        self.stream
    }
}

impl<T: AsyncRead + 'static> Read for Io<T> {
    #[inline]
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        // SAFETY: nothing is made uninitialised: both readers below only write bytes.
        let free = unsafe { buffer.as_mut() };
        // The type is known where this is compiled, so no test is left of it.
        let bytes = match (&self.stream as &dyn Any).downcast_ref::<TcpStream>() {
            Some(stream) => ready!(read_uninitialised(stream, cx, free)),
            None => ready!(self.project().stream.poll_read(cx, zeroed(free))),
        }?;
        assert!(
            bytes <= buffer.remaining(),
            "a stream told of more bytes than it was asked for"
        );
        // SAFETY: `recv` wrote so many bytes there, or all of them are zero at least, and they are inside of the buffer.
        unsafe { buffer.advance(bytes) };
        Poll::Ready(Ok(()))
    }
}

fn read_uninitialised(
    stream: &TcpStream,
    cx: &Context<'_>,
    free: &mut [MaybeUninit<u8>],
) -> Poll<io::Result<usize>> {
    stream.poll_read_with(cx, |stream| {
        let bytes = stream.try_io(|| SockRef::from(stream).recv(free))?;
        Ok((bytes, found(bytes, iter::once(free.len()))))
    })
}

fn zeroed(free: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    free.fill(MaybeUninit::new(0));
    // SAFETY: all of it has just been initialised, and `MaybeUninit<u8>` is laid out as `u8`.
    unsafe { &mut *(std::ptr::from_mut(free) as *mut [u8]) }
}

impl<T: AsyncWrite + 'static> Write for Io<T> {
    #[inline]
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write(cx, bytes)
    }

    #[inline]
    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.project().stream.poll_close(cx)
    }

    /// Only of our own streams is it known: `futures`' traits do not tell, and one that writes the first slice only would be
    /// given many small ones.
    fn is_write_vectored(&self) -> bool {
        (&self.stream as &dyn Any).is::<TcpStream>()
    }

    #[inline]
    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.project().stream.poll_write_vectored(cx, slices)
    }
}

/// Spawns hyper's futures as tasks of the current runtime.
#[derive(Clone, Copy, Debug, Default)]
pub struct Executor;

impl<F> ::hyper::rt::Executor<F> for Executor
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    #[track_caller]
    fn execute(&self, future: F) {
        drop(gmp_executor::spawn(future));
    }
}

/// The current runtime's time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Timer;

impl ::hyper::rt::Timer for Timer {
    #[track_caller]
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Sleep>> {
        Box::pin(TimerSleep(time::sleep(duration)))
    }

    #[track_caller]
    fn sleep_until(&self, deadline: Instant) -> Pin<Box<dyn Sleep>> {
        Box::pin(TimerSleep(time::sleep_until(deadline)))
    }

    fn reset(&self, sleep: &mut Pin<Box<dyn Sleep>>, deadline: Instant) {
        match sleep.as_mut().downcast_mut_pin::<TimerSleep>() {
            Some(mut ours) => ours.0.reset(deadline),
            None => *sleep = self.sleep_until(deadline),
        }
    }
}

/// hyper's trait cannot be implemented for the executor's type from here.
struct TimerSleep(time::Sleep);

impl Future for TimerSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

impl Sleep for TimerSleep {}

impl fmt::Debug for TimerSleep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
