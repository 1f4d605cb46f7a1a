#![doc = include_str!("README.md")]

#[cfg(not(gmp_loom))]
mod body;
#[cfg(not(gmp_loom))]
mod builder;
#[cfg(not(gmp_loom))]
mod error;
#[cfg(not(gmp_loom))]
mod header;
#[cfg(not(gmp_loom))]
mod id;
#[cfg(not(gmp_loom))]
mod join;
#[cfg(not(gmp_loom))]
pub(crate) mod label;
#[cfg(not(gmp_loom))]
pub mod local_key;
#[cfg(all(test, gmp_loom))]
mod models;
pub(crate) mod name;
#[cfg(not(gmp_loom))]
pub(crate) mod panics;
#[cfg(not(gmp_loom))]
mod raw;
#[cfg(not(gmp_loom))]
mod run;
pub(crate) mod state;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
#[cfg(not(gmp_loom))]
pub(crate) mod waker;
#[cfg(not(gmp_loom))]
pub(crate) mod walk;
#[cfg(not(gmp_loom))]
mod yield_now;

#[cfg(not(gmp_loom))]
pub use self::{
    builder::Builder,
    error::JoinError,
    id::{Id, id, try_id},
    join::{AbortHandle, JoinHandle},
    local_key::LocalKey,
    yield_now::{YieldNow, yield_now},
};
#[cfg(not(gmp_loom))]
pub(crate) use self::{
    header::{Header, Origin, pack as pack_wait, unpack as unpack_wait},
    name::Name,
    raw::{Payload, class_of, fill},
    run::{Ran, cancel_claimed, free, run},
};
