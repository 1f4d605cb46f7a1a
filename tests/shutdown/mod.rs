//! The end of a runtime: each future is dropped once, in bounded time, and whoever comes later is refused.

mod futures;
mod limits;
#[cfg(target_os = "linux")]
mod many;
mod spawning;
mod walks;
