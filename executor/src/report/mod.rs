//! What nobody would learn otherwise: a warning on standard error, or a `tracing` event with that feature.

use std::{
    sync::Arc,
    task::{Wake, Waker},
};

mod limit;
#[cfg(feature = "tracing")]
#[path = "event.rs"]
mod sink;
#[cfg(not(feature = "tracing"))]
#[path = "stderr.rs"]
mod sink;

pub(crate) use self::limit::Limit;
pub(crate) use sink::{BESIDE_A_HOOK, OF_BLOCKED, warn, warn_of_hand_off};

/// Warns on a thread of its own: for those who must neither wait for standard error nor run a subscriber.
///
/// # Errors
/// The message, if there is no thread for it.
pub(crate) fn warn_elsewhere(message: impl Into<String>) -> Result<(), String> {
    let message = Arc::new(message.into());
    let said = message.clone();
    let thread = std::thread::Builder::new().name("gmp-warning".to_owned());
    match thread.spawn(move || warn(said)) {
        Ok(_) => Ok(()),
        Err(_) => Err(Arc::unwrap_or_clone(message)),
    }
}

/// A waker that warns: for whoever calls foreign wakers.
pub(crate) fn waker(message: String) -> Waker {
    struct Warning(String);

    impl Wake for Warning {
        fn wake(self: Arc<Self>) {
            warn(&self.0);
        }
    }

    Waker::from(Arc::new(Warning(message)))
}
