//! The futures that accept.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::Stream;

use super::{TcpStream, backoff::Backoff};
use crate::poller::Waiting;

/// The future of [`TcpListener::accept`](super::TcpListener::accept). It may be polled again after it was ready, for the next
/// connection.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Accept<'a> {
    waiting: Waiting<'a, mio::net::TcpListener>,
    backoff: Backoff,
}

impl<'a> Accept<'a> {
    pub(super) fn new(waiting: Waiting<'a, mio::net::TcpListener>) -> Self {
        Accept {
            waiting,
            backoff: Backoff::default(),
        }
    }
}

impl Future for Accept<'_> {
    type Output = io::Result<(TcpStream, SocketAddr)>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Accept { waiting, backoff } = &mut *self;
        backoff.poll_accept(waiting, cx)
    }
}

/// The stream of [`TcpListener::incoming`](super::TcpListener::incoming).
#[derive(Debug)]
#[must_use = "streams do nothing unless polled"]
pub struct Incoming<'a> {
    accept: Accept<'a>,
}

impl<'a> Incoming<'a> {
    pub(super) fn new(accept: Accept<'a>) -> Self {
        Incoming { accept }
    }
}

impl Stream for Incoming<'_> {
    type Item = io::Result<TcpStream>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let accepted = ready!(Pin::new(&mut self.accept).poll(cx));
        Poll::Ready(Some(accepted.map(|(stream, _peer)| stream)))
    }
}
