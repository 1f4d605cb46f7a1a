#![doc = include_str!("README.md")]

#[cfg(not(gmp_loom))]
mod absence;
mod asleep;
#[cfg(not(gmp_loom))]
mod barrier;
#[cfg(gmp_loom)]
#[path = "models/barrier.rs"]
mod barrier;
mod bindings;
#[cfg(not(gmp_loom))]
mod blocking;
#[cfg(not(gmp_loom))]
mod budget;
#[cfg(not(gmp_loom))]
mod caps;
#[cfg(not(gmp_loom))]
mod chain;
#[cfg(not(gmp_loom))]
mod clocked;
mod deadline;
mod depth;
#[cfg(not(gmp_loom))]
mod entry;
#[cfg(not(gmp_loom))]
mod fork;
pub(crate) mod gate;
mod given;
#[cfg(not(gmp_loom))]
mod global;
#[cfg(not(gmp_loom))]
mod hand_offs;
mod idle;
#[cfg(not(gmp_loom))]
mod machine;
#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(not(gmp_loom))]
mod monitor;
#[cfg(not(gmp_loom))]
mod netpoll;
#[cfg(not(gmp_loom))]
mod os_thread;
#[cfg(not(gmp_loom))]
mod overview;
#[cfg(not(gmp_loom))]
mod permits;
#[cfg(not(gmp_loom))]
mod processor;
#[cfg(not(gmp_loom))]
mod processors;
#[cfg(not(gmp_loom))]
mod random;
#[cfg(not(gmp_loom))]
mod reporter;
#[cfg(not(gmp_loom))]
mod resize;
mod retake;
mod roll;
mod run_queue;
mod sample;
#[cfg(not(gmp_loom))]
mod scheduler;
#[cfg(not(gmp_loom))]
mod search;
#[cfg(not(gmp_loom))]
pub(crate) mod section;
#[cfg(not(gmp_loom))]
mod settings;
#[cfg(not(gmp_loom))]
mod shutdown;
#[cfg(not(gmp_loom))]
mod signals;
#[cfg(not(gmp_loom))]
mod sigurg;
#[cfg(not(gmp_loom))]
mod slack;
#[cfg(not(gmp_loom))]
mod slices;
#[cfg(gmp_loom)]
#[path = "models/slices.rs"]
mod slices;
#[cfg(not(gmp_loom))]
mod spawn;
#[cfg(not(gmp_loom))]
mod spill;
#[cfg(not(gmp_loom))]
mod table;
#[cfg(not(gmp_loom))]
mod thread_clock;
mod token;
#[cfg(not(gmp_loom))]
pub(crate) mod visits;
#[cfg(not(gmp_loom))]
mod watch;

#[cfg(not(gmp_loom))]
pub use self::shutdown::{CutTask, ShutdownReport};
#[cfg(not(gmp_loom))]
pub(crate) use self::{
    blocking::{block_in_place, without_processor},
    budget::{give_back, refill, should_yield, spend},
    clocked::{Clocked, begin as begin_clocked},
    entry::{Entered, armed, enter, entered, ready, timers},
    monitor::{coarse_ms, read_clock},
    os_thread::{Hold, hold},
    overview::Overview,
    permits::{Permit, Place},
    processors::PROCESSORS_MAX,
    scheduler::{Config, Live, Scheduler, aborts_on_panic},
    spawn::{spawn, spawn_alone, spawn_on},
};
