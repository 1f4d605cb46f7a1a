//! What nobody would learn otherwise: a warning on standard error, or a `tracing` event with that feature.

mod limit;
#[cfg(feature = "tracing")]
#[path = "event.rs"]
mod sink;
#[cfg(not(feature = "tracing"))]
#[path = "stderr.rs"]
mod sink;

pub(crate) use self::limit::Limit;
pub(crate) use sink::{BESIDE_A_HOOK, OF_BLOCKED, warn, warn_of_hand_off};

/// Warns on a thread of its own: for those who must neither wait for standard error nor run a subscriber. Without
/// a thread there is no warning.
pub(crate) fn warn_elsewhere(message: impl Into<String>) {
    let message = message.into();
    let thread = std::thread::Builder::new().name("gmp-warning".to_owned());
    drop(thread.spawn(move || warn(message)));
}
