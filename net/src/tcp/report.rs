//! Events for `tracing`.

use std::{
    io,
    sync::Mutex,
    time::{Duration, Instant},
};

/// At most one warning in this time: a thousand acceptors run short together.
const INTERVAL: Duration = Duration::from_secs(1);

/// An acceptor pauses for lack of descriptors or memory.
#[cold]
pub(super) fn short_of_resources(error: &io::Error, pause: Duration) {
    static LAST: Mutex<Option<Instant>> = Mutex::new(None);
    let due = match LAST.try_lock() {
        Ok(mut last) => {
            let due = last.is_none_or(|last| last.elapsed() >= INTERVAL);
            if due {
                *last = Some(Instant::now());
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
