//! Go's concurrency kit for futures.
//!
//! What is here works on any executor; on gmp it also notes where a task waits, for dumps.
//!
//! | Go | here |
//! |---|---|
//! | `sync.WaitGroup` | [`WaitGroup`] |

mod wait_group;

pub use wait_group::{Wait, WaitGroup};
