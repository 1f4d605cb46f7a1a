//! A reference to a runtime, from anywhere.

use std::{fmt, panic::Location};

use futures::{
    future::FutureObj,
    task::{Spawn, SpawnError},
};

use super::{RuntimeMetrics, block_on};
use crate::{
    sched::{self, Entered, Live},
    task::{JoinHandle, Origin},
};

/// Spawns on a runtime. It does not keep the runtime alive: what is spawned after the runtime's end
/// is dropped, and its handle says cancelled.
#[derive(Clone)]
pub struct Handle {
    live: Live,
}

impl Handle {
    pub(super) fn new(live: Live) -> Handle {
        Handle { live }
    }

    pub(super) fn live(&self) -> Live {
        self.live
    }

    /// The current runtime's.
    ///
    /// # Panics
    /// Outside of a runtime; [`try_current`](Self::try_current) does not.
    pub fn current() -> Handle {
        Self::try_current().expect(
            "there is no gmp runtime here: call this inside of `Runtime::block_on`, a spawned task or `#[gmp::main]`, or hold a `Runtime::enter` guard",
        )
    }

    /// The current runtime's, if this thread is in one.
    pub fn try_current() -> Option<Handle> {
        sched::entered().map(Handle::new)
    }

    /// Spawns a task. See [`spawn`](crate::spawn).
    #[track_caller]
    pub fn spawn<F>(&self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        sched::spawn_on(self.live, future, Origin::at(Location::caller()))
    }

    /// As [`Runtime::block_on`](super::Runtime::block_on).
    pub fn block_on<F: Future>(&self, future: F) -> F::Output {
        let _entered = self.enter();
        block_on(future)
    }

    /// Makes this the thread's current runtime until the guard is dropped.
    pub fn enter(&self) -> EnterGuard {
        EnterGuard {
            _entered: sched::enter(self.live),
        }
    }

    /// How many tasks of this runtime run at a time: see [`max_procs`](crate::max_procs). 0, and nothing set, if it has
    /// ended.
    ///
    /// # Panics
    /// With `Some(0)`.
    pub fn max_procs(&self, processors: Option<usize>) -> usize {
        assert!(
            processors != Some(0),
            "a runtime without processors runs nothing; `max_procs(None)` reads the number"
        );
        self.live.max_procs(processors)
    }

    /// Tasks of this runtime that have not ended.
    pub fn num_tasks(&self) -> usize {
        self.live.tasks()
    }

    /// What the runtime has done so far; zeros once it has ended.
    pub fn metrics(&self) -> RuntimeMetrics {
        RuntimeMetrics::of(self.live)
    }
}

impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle")
            .field("runtime", &self.live.scheduler.index)
            .finish_non_exhaustive()
    }
}

impl Spawn for Handle {
    fn spawn_obj(&self, future: FutureObj<'static, ()>) -> Result<(), SpawnError> {
        self.status()?;
        drop(self.spawn(future));
        Ok(())
    }

    fn status(&self) -> Result<(), SpawnError> {
        if self.live.is_open() {
            Ok(())
        } else {
            Err(SpawnError::shutdown())
        }
    }
}

/// Leaves the runtime when it is dropped. Guards are dropped in the reverse of their order.
pub struct EnterGuard {
    _entered: Entered,
}

impl fmt::Debug for EnterGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnterGuard").finish_non_exhaustive()
    }
}
