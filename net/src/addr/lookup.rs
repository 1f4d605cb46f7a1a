//! Looks a host name up, on a thread of its own.
//!
//! The system's resolver blocks for seconds where a server does not answer; on a machine of the runtime that would
//! cost a hand-off. One thread for each look-up that is under way: nothing here bounds their number.

use std::{
    io,
    net::{SocketAddr, ToSocketAddrs},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    thread,
};

use gmp_executor::{
    wait::{self, Reason},
    waiter::Waiter,
};

use crate::poller::WaitSite;

/// A name that is to be looked up, or is being.
#[derive(Debug)]
pub struct Lookup {
    host: String,
    port: u16,
    /// `None`: not begun.
    answer: Option<Arc<Mutex<Answer>>>,
}

#[derive(Debug, Default)]
struct Answer {
    found: Option<io::Result<Vec<SocketAddr>>>,
    waiter: Option<Waiter>,
}

fn lock(answer: &Mutex<Answer>) -> MutexGuard<'_, Answer> {
    answer.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Lookup {
    pub(super) fn new(host: &str, port: u16) -> Lookup {
        Lookup {
            host: host.to_owned(),
            port,
            answer: None,
        }
    }

    /// Waits for the answer. Dropping it lets the thread end by itself.
    pub(super) fn poll(
        &mut self,
        cx: &Context<'_>,
        at: WaitSite,
    ) -> Poll<io::Result<Vec<SocketAddr>>> {
        let answer = match &self.answer {
            Some(answer) => answer,
            None => self
                .answer
                .insert(begin(std::mem::take(&mut self.host), self.port)?),
        };
        let waiter = Waiter::new(cx.waker());
        let mut answer = lock(answer);
        if let Some(found) = answer.found.take() {
            drop(answer);
            return Poll::Ready(found); // The waiter is dropped here, outside of the lock.
        }
        let old = answer.waiter.replace(waiter);
        drop(answer);
        drop(old);
        wait::note(at.site, Reason::Thread);
        Poll::Pending
    }
}

fn begin(host: String, port: u16) -> io::Result<Arc<Mutex<Answer>>> {
    let answer = Arc::<Mutex<Answer>>::default();
    let to_fill = answer.clone();
    let look_up = move || {
        let found = (host.as_str(), port)
            .to_socket_addrs()
            .map(Iterator::collect);
        let mut answer = lock(&to_fill);
        answer.found = Some(found);
        let waiter = answer.waiter.take();
        drop(answer);
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    };
    thread::Builder::new()
        .name("gmp-lookup".to_owned())
        .spawn(look_up)?;
    Ok(answer)
}
