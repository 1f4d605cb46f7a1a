//! Who runs when and where: nobody starves, nothing is forgotten, and idleness is free.

mod fairness;
mod graph;
#[cfg(target_os = "linux")]
mod idleness;
#[cfg(target_os = "linux")]
mod memory;
mod stealing;
mod wakeups;
