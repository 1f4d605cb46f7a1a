//! What nobody would learn otherwise: a warning on standard error, or a `tracing` event with that feature.

#[cfg(feature = "tracing")]
#[path = "event.rs"]
mod sink;
#[cfg(not(feature = "tracing"))]
#[path = "stderr.rs"]
mod sink;

pub(crate) use sink::warn;
