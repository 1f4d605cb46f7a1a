//! The futures that take nothing from a stream.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use crate::poller::{Found, Waiting};

/// The future of [`TcpStream::readable`](super::TcpStream::readable) and
/// [`writable`](super::TcpStream::writable).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Ready<'a> {
    waiting: Waiting<'a, mio::net::TcpStream>,
}

impl<'a> Ready<'a> {
    pub(super) fn new(waiting: Waiting<'a, mio::net::TcpStream>) -> Self {
        Ready { waiting }
    }
}

impl Future for Ready<'_> {
    type Output = io::Result<()>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.waiting.poll_ready(cx)
    }
}

/// The future of [`TcpStream::peek`](super::TcpStream::peek).
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Peek<'a> {
    waiting: Waiting<'a, mio::net::TcpStream>,
    buffer: &'a mut [u8],
}

impl<'a> Peek<'a> {
    pub(super) fn new(waiting: Waiting<'a, mio::net::TcpStream>, buffer: &'a mut [u8]) -> Self {
        Peek { waiting, buffer }
    }
}

impl Future for Peek<'_> {
    type Output = io::Result<usize>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Peek { waiting, buffer } = &mut *self;
        // What was seen is still there, so that a short peek tells nothing.
        waiting.poll_io(cx, |stream| Ok((stream.peek(buffer)?, Found::More)))
    }
}
