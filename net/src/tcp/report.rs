//! Events for `tracing`.

use std::{
    io,
    sync::Mutex,
    time::{Duration, Instant},
};

use gmp_executor::poller;

/// At most one warning in this time: a thousand acceptors run short together.
const INTERVAL: Duration = Duration::from_secs(1);

/// An acceptor pauses for lack of descriptors or memory.
#[cold]
pub(super) fn short_of_resources(error: &io::Error, pause: Duration) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let due = match LAST.try_lock() {
        Ok(mut last) => {
            let now = poller::now();
            let due = last.is_none_or(|last| now - last >= INTERVAL);
            if due {
                *last = Some(now);
            }
            due
        }
        Err(_) => false, // Another one is just being told.
    };
    if due {
        let pause = pause.as_millis() as u64;
        tracing::warn!(%error, pause_ms = pause, "out of resources: accepting pauses");
    }
}
