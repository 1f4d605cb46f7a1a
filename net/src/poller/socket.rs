//! A socket in the poller: the loop of trying and waiting that all operations share. (Go: `internal/poll.FD`)

use std::{
    fmt, io,
    panic::Location,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, ready},
};

use gmp_executor::{
    preempt,
    wait::{self, Reason},
};
use mio::{Interest, event::Source};

use super::{
    Shared, current,
    desc::{Parked, PollDesc, Seat},
    platform,
    readiness::{Direction, Flags, Found, Snapshot},
    table, token,
};

/// A source of mio, registered from its making to its end.
pub(crate) struct Socket<S: Source> {
    // Dropped in this order: the next user of the slot finds the descriptor closed.
    /// `None` only in the middle of [`into_source`](Socket::into_source) and drop.
    source: Option<S>,
    desc: Descriptor,
}

/// A slot that is ours until this is dropped.
struct Descriptor(&'static PollDesc);

impl Drop for Descriptor {
    fn drop(&mut self) {
        table::release(self.0);
    }
}

/// Where and for what a task waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitSite {
    pub(crate) site: &'static Location<'static>,
    pub(crate) reason: Reason,
}

impl WaitSite {
    #[track_caller]
    #[inline]
    pub(crate) fn here(reason: Reason) -> WaitSite {
        WaitSite {
            site: Location::caller(),
            reason,
        }
    }
}

fn closed() -> io::Error {
    io::Error::other("the runtime of this socket has shut down")
}

impl<S: Source> Socket<S> {
    /// Registers with the poller of the current runtime.
    ///
    /// `flags` is what the caller knows of the socket. What it does not know the poller tells: registering makes an
    /// event of what is there already.
    pub(crate) fn open(source: S, flags: Flags) -> io::Result<Socket<S>> {
        Socket::register(source, flags, current()?)
    }

    /// Registers with the poller of this socket.
    pub(crate) fn open_beside<T: Source>(&self, source: T, flags: Flags) -> io::Result<Socket<T>> {
        Socket::register(source, flags, self.desc.0.poller().ok_or_else(closed)?)
    }

    pub(super) fn register(
        mut source: S,
        flags: Flags,
        poller: Arc<Shared>,
    ) -> io::Result<Socket<S>> {
        let (desc, index, generation) = table::open(poller.clone(), flags);
        let desc = Descriptor(desc);
        // Ordering: see `NetPoller::drop`: it sees the slot, or this sees the flag.
        if poller.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        let both = Interest::READABLE | Interest::WRITABLE;
        poller
            .registry
            .register(&mut source, token(index, generation), both)?;
        Ok(Socket {
            source: Some(source),
            desc,
        })
    }

    pub(crate) fn source(&self) -> &S {
        self.source.as_ref().expect("taken at the end only")
    }

    #[cfg(test)]
    pub(super) fn slot(&self) -> &'static PollDesc {
        self.desc.0
    }

    /// Takes the source out of the poller.
    pub(crate) fn into_source(mut self) -> io::Result<S> {
        let mut source = self.source.take().expect("taken at the end only");
        self.deregister(&mut source)?;
        Ok(source)
    }

    fn deregister(&self, source: &mut S) -> io::Result<()> {
        match self.desc.0.poller() {
            Some(poller) => poller.registry.deregister(source),
            None => Ok(()),
        }
    }

    fn check(seen: Snapshot) -> io::Result<()> {
        if seen.is_closed() {
            Err(closed())
        } else {
            Ok(())
        }
    }

    /// Tries `operation` until it does not block, and waits in between. It tells what it found beside its value.
    #[inline]
    pub(crate) fn poll_io<T>(
        &self,
        direction: Direction,
        seat: &mut Seat,
        cx: &Context<'_>,
        at: WaitSite,
        mut operation: impl FnMut(&S) -> io::Result<(T, Found)>,
    ) -> Poll<io::Result<T>> {
        loop {
            let seen = ready!(self.poll_ready(direction, seat, cx, at))?;
            // Afterwards: who waits anyway need not yield.
            let proceed = ready!(preempt::poll_proceed(cx));
            match self.attempt(direction, seen, &mut operation) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                result => {
                    proceed.made_progress();
                    return Poll::Ready(result);
                }
            }
        }
    }

    /// Tries `operation` once, and not at all if it is known to block.
    #[inline]
    pub(crate) fn try_io<T>(
        &self,
        direction: Direction,
        mut operation: impl FnMut(&S) -> io::Result<(T, Found)>,
    ) -> io::Result<T> {
        let seen = self.desc.0.readiness.load();
        Self::check(seen)?;
        if !seen.lets_try(direction) {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.attempt(direction, seen, &mut operation)
    }

    #[inline]
    fn attempt<T>(
        &self,
        direction: Direction,
        seen: Snapshot,
        operation: &mut impl FnMut(&S) -> io::Result<(T, Found)>,
    ) -> io::Result<T> {
        let (result, found) = match operation(self.source()) {
            Ok((value, found)) => (Ok(value), found),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => (Err(error), Found::Blocked),
            Err(error) => (Err(error), Found::More),
        };
        self.desc.0.readiness.settle(direction, seen, found);
        result
    }

    /// Waits until an operation in `direction` may succeed.
    #[inline]
    pub(crate) fn poll_ready(
        &self,
        direction: Direction,
        seat: &mut Seat,
        cx: &Context<'_>,
        at: WaitSite,
    ) -> Poll<io::Result<Snapshot>> {
        let mut seen = self.desc.0.readiness.load();
        while !seen.lets_try(direction) {
            if self.desc.0.park(direction, seat, cx.waker()) == Parked::Waits {
                wait::note(at.site, at.reason);
                return Poll::Pending;
            }
            seen = self.desc.0.readiness.load();
        }
        if let Seat::Own(_) = seat {
            *seat = Seat::None; // Whoever set the flag took the waiter out (D2).
        }
        Poll::Ready(Self::check(seen).map(|()| seen))
    }
}

/// One future's waiting for one direction; it leaves its seat when it is dropped.
pub(crate) struct Waiting<'a, S: Source> {
    pub(crate) socket: &'a Socket<S>,
    direction: Direction,
    pub(crate) at: WaitSite,
    seat: Seat,
}

impl<'a, S: Source> Waiting<'a, S> {
    pub(crate) fn new(socket: &'a Socket<S>, direction: Direction, at: WaitSite) -> Self {
        Waiting {
            socket,
            direction,
            at,
            seat: Seat::None,
        }
    }

    /// In the name of all `poll_` functions.
    pub(crate) fn shared(socket: &'a Socket<S>, direction: Direction, at: WaitSite) -> Self {
        Waiting {
            socket,
            direction,
            at,
            seat: Seat::Shared,
        }
    }

    #[inline]
    pub(crate) fn poll_io<T>(
        &mut self,
        cx: &Context<'_>,
        operation: impl FnMut(&S) -> io::Result<(T, Found)>,
    ) -> Poll<io::Result<T>> {
        self.socket
            .poll_io(self.direction, &mut self.seat, cx, self.at, operation)
    }

    #[inline]
    pub(crate) fn poll_ready(&mut self, cx: &Context<'_>) -> Poll<io::Result<()>> {
        self.socket
            .poll_ready(self.direction, &mut self.seat, cx, self.at)
            .map_ok(|_| ())
    }
}

impl<S: Source> Drop for Waiting<'_, S> {
    fn drop(&mut self) {
        self.socket.desc.0.leave(self.direction, &self.seat);
    }
}

impl<S: Source> fmt::Debug for Waiting<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = (
            self.direction,
            &self.seat,
            self.at,
            self.socket.desc.0.readiness.load(),
        );
        f.debug_tuple("Waiting").field(&state).finish()
    }
}

impl<S: Source> Drop for Socket<S> {
    fn drop(&mut self) {
        if platform::CLOSE_DEREGISTERS {
            return;
        }
        if let Some(mut source) = self.source.take() {
            // The descriptor is closed in any case, and there is nobody to tell.
            let _ = self.deregister(&mut source);
        }
    }
}

impl<S: Source + fmt::Debug> fmt::Debug for Socket<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket")
            .field("source", &self.source)
            .field("readiness", &self.desc.0.readiness.load())
            .finish()
    }
}
