//! Accepting, with pauses while the process or the system is short of descriptors or memory.
//!
//! # How it works
//! Such an error leaves the connection in the backlog and the listener ready, so a loop that tries again at once burns a
//! processor (477,596 failed calls in a second were measured). The pause is 5 ms, then twice as long each time, up to 1 s;
//! after a success it starts at 5 ms. Go: `Server.Serve` of net/http.
//!
//! Those who call `poll_accept` of one listener share their pauses ([`SharedBackoff`]). The one that goes on wakes all of
//! them ([`Crowd`]), not the last one that polled, who may be gone by then.
//!
//! # Not done here
//! Keeping a spare descriptor to refuse connections with: those that wait may still be served.

use std::{
    fmt, io, mem,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker, ready},
    time::Duration,
};

use gmp_executor::{
    Handle,
    time::{Sleep, sleep},
    wait,
    waiter::Waiter,
};

use super::{TcpStream, report, stream::CONNECTED};
use crate::poller::{Found, Waiting};

/// Go's values, net/http/server.go.
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The pauses of one acceptor. Memory is taken only during one.
#[derive(Default)]
pub(super) struct Backoff {
    /// The one that goes on.
    sleep: Option<Pin<Box<Sleep>>>,
    /// How long the last one was; zero after a success.
    pub(super) last: Duration,
    /// Whom its end wakes; `None`: who polled.
    crowd: Option<Arc<Crowd>>,
}

impl Backoff {
    /// Waits for a connection, after the pause that goes on.
    pub(super) fn poll_accept(
        &mut self,
        waiting: &mut Waiting<'_, mio::net::TcpListener>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accept = |listener: &mio::net::TcpListener| listener.accept();
        let (stream, peer) = ready!(self.poll_with(waiting, cx, accept))?;
        let socket = waiting.socket.open_beside(stream, CONNECTED)?;
        Poll::Ready(Ok((TcpStream { socket }, peer)))
    }

    /// The same with another call than accept(2), for tests.
    pub(super) fn poll_with<T>(
        &mut self,
        waiting: &mut Waiting<'_, mio::net::TcpListener>,
        cx: &mut Context<'_>,
        mut accept: impl FnMut(&mio::net::TcpListener) -> io::Result<T>,
    ) -> Poll<io::Result<T>> {
        loop {
            if self.poll_pause(cx).is_pending() {
                wait::note(waiting.at.site, waiting.at.reason);
                return Poll::Pending;
            }
            // There may be more in the backlog: only a call that would block tells that there is not.
            match ready!(waiting.poll_io(cx, |listener| Ok((accept(listener)?, Found::More)))) {
                Err(error) if is_shortage(&error) && Handle::try_current().is_some() => {
                    self.pause(&error)
                }
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                accepted => {
                    self.last = Duration::ZERO;
                    return Poll::Ready(accepted);
                }
            }
        }
    }

    fn poll_pause(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let Some(sleep) = &mut self.sleep else {
            return Poll::Ready(());
        };
        match &self.crowd {
            None => ready!(sleep.as_mut().poll(cx)),
            Some(crowd) => {
                crowd.join(cx.waker());
                let waker = Waker::from(crowd.clone());
                ready!(sleep.as_mut().poll(&mut Context::from_waker(&waker)));
                // It may not have fired, and is dropped now.
                crowd.wake_all_but(cx.waker());
            }
        }
        self.sleep = None;
        Poll::Ready(())
    }

    pub(super) fn pause(&mut self, error: &io::Error) {
        self.last = (self.last * 2).clamp(FIRST_PAUSE, LONGEST_PAUSE);
        report::short_of_resources(error, self.last);
        self.sleep = Some(Box::pin(sleep(self.last)));
    }
}

/// The pauses of all who call `poll_accept` of one listener.
pub(super) struct SharedBackoff {
    /// Taken out by who polls it: a foreign waker may be cloned then, which must not happen under the lock.
    place: Mutex<Backoff>,
    crowd: Arc<Crowd>,
}

impl SharedBackoff {
    pub(super) fn new() -> SharedBackoff {
        SharedBackoff {
            place: Mutex::default(),
            crowd: Arc::default(),
        }
    }

    /// Polls, after the pause that goes on, which all others sit out too.
    pub(super) fn poll<T>(
        &self,
        cx: &mut Context<'_>,
        poll: impl FnOnce(&mut Backoff, &mut Context<'_>) -> Poll<T>,
    ) -> Poll<T> {
        let mut backoff = self.replace(Backoff::default());
        backoff.crowd.get_or_insert_with(|| self.crowd.clone());
        let polled = poll(&mut backoff, cx);
        let other = self.replace(backoff);
        if other.sleep.is_some() {
            // Somebody polled meanwhile, and waits for a pause that ends here.
            drop(other);
            self.crowd.wake_all_but(cx.waker());
        }
        polled
    }

    fn replace(&self, backoff: Backoff) -> Backoff {
        mem::replace(
            &mut *self.place.lock().unwrap_or_else(PoisonError::into_inner),
            backoff,
        )
    }
}

impl fmt::Debug for SharedBackoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SharedBackoff").field(&self.place).finish()
    }
}

/// Those who wait for the end of a shared pause.
#[derive(Default)]
struct Crowd(Mutex<Vec<Waiter>>);

impl Crowd {
    fn lock(&self) -> MutexGuard<'_, Vec<Waiter>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn join(&self, waker: &Waker) {
        let waiter = Waiter::new(waker);
        let mut waiters = self.lock();
        if waiters.iter().any(|other| other.will_wake(waker)) {
            drop(waiters);
            drop(waiter); // It may be a foreign one: outside of the lock.
        } else {
            waiters.push(waiter);
        }
    }

    /// Wakes the others. The one of `waker` stays.
    fn wake_all_but(&self, waker: &Waker) {
        let mut waiters = self.lock();
        let (own, others): (Vec<_>, Vec<_>) = mem::take(&mut *waiters)
            .into_iter()
            .partition(|waiter| waiter.will_wake(waker));
        *waiters = own;
        drop(waiters);
        others.into_iter().for_each(Waiter::wake);
    }
}

impl Wake for Crowd {
    fn wake(self: Arc<Self>) {
        let waiters = mem::take(&mut *self.lock());
        waiters.into_iter().for_each(Waiter::wake);
    }
}

fn is_shortage(error: &io::Error) -> bool {
    let shortages = [libc::EMFILE, libc::ENFILE, libc::ENOBUFS, libc::ENOMEM];
    error
        .raw_os_error()
        .is_some_and(|code| shortages.contains(&code))
}

impl fmt::Debug for Backoff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Backoff")
            .field("pauses", &self.sleep.is_some())
            .field("last", &self.last)
            .finish()
    }
}
