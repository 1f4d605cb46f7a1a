//! `Stream` and `Sink`: both wait with a node in a box, which is made when it is first needed and used again.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures_core::Stream;
use futures_sink::Sink;

use super::{
    core::{NO_SELECT, Put, Taken, wake},
    error::SendError,
    node::Node,
    receiver::Receiver,
    sender::Sender,
    wait::Visit,
};
use crate::shim::{Reason, note, poll_proceed};

/// The values until the channel is closed and drained. (Go: `for value := range ch`)
///
/// A `next` that is dropped leaves no trace in the stream by which it could be known, so a stream is never given a value
/// that it might not look at: it is woken, and takes what is there when it is polled. Where [`recv`](Receiver::recv)s wait
/// too they are served first. With capacity 0 a value that is sent while only streams wait is in the channel until one of
/// them, or anybody else, takes it. Each value wakes all streams that wait: of many that share a channel, let each `recv`.
impl<T> Stream for Receiver<T> {
    type Item = T;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let proceed = ready!(poll_proceed(cx));
        let polled = self.get_mut().poll_stream(cx);
        if polled.is_ready() {
            proceed.made_progress();
        }
        polled
    }
}

impl<T> Receiver<T> {
    fn poll_stream(&mut self, cx: &Context<'_>) -> Poll<Option<T>> {
        if self.stream.is_none() {
            match self.core.with(|state| state.take(NO_SELECT)) {
                Taken::Value(value, waiter) => {
                    wake(waiter);
                    return Poll::Ready(Some(value));
                }
                Taken::Closed => return Poll::Ready(None),
                Taken::Empty => self.stream = Some(Box::pin(Node::new(None))),
            }
        }
        let node = self.stream.as_deref().expect("it was made");
        // SAFETY: N4: the box is pinned; the receiver's `Drop` cancels.
        let polled = unsafe { self.core.poll_listening(node, cx.waker()) };
        if polled.is_pending() {
            note(self.core.made, Reason::Channel);
        }
        polled
    }
}

/// Takes one item beyond the capacity: `start_send` keeps what has no room, and the next `poll_ready` or `poll_flush` waits
/// until it is sent. So `feed` runs ahead by one, and `send` is ready when the item is sent, as [`Sender::send`] is.
///
/// `poll_close` flushes; the channel is closed when all senders are gone. An item that is not sent when its sender is
/// dropped is dropped.
impl<T> Sink<T> for Sender<T> {
    type Error = SendError<T>;

    fn poll_ready(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }

    fn start_send(self: Pin<&mut Self>, item: T) -> Result<(), SendError<T>> {
        let this = self.get_mut();
        // SAFETY: N2: if it were queued, the last `poll_ready` was not ready, and the panic below is due.
        let busy = this.item.as_ref().is_some_and(|node| node.is_busy());
        assert!(!busy, "start_send was called before poll_ready was ready");
        match this.core.with(|state| state.put(item, NO_SELECT)) {
            Put::Done(waiter) => wake(waiter),
            Put::Closed(item) => return Err(SendError(item)),
            Put::Full(item) => {
                let node = this.item.get_or_insert_with(|| Box::pin(Node::new(None)));
                // SAFETY: N2: it is idle.
                unsafe { node.put_value(item) };
            }
        }
        Ok(())
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        let proceed = ready!(poll_proceed(cx));
        let this = self.get_mut();
        let Some(node) = this.item.as_deref().filter(|node| node.is_busy()) else {
            proceed.made_progress();
            return Poll::Ready(Ok(()));
        };
        // SAFETY: N4: the box is pinned; the sender's `Drop` cancels.
        let polled = unsafe { this.core.poll_send(node, Visit::Alone(cx.waker())) };
        if polled.is_pending() {
            note(this.core.made, Reason::Channel);
        } else {
            proceed.made_progress();
        }
        polled
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Result<(), SendError<T>>> {
        self.poll_flush(cx)
    }
}
