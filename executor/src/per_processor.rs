//! What a crate keeps for each processor, and reaches without a lock.
//!
//! For runtimes' own crates: `gmp-sync`'s pool has a place for each processor, with a [`Gate`] before all of them.
//!
//! A poll may lose its processor at any time, so what belongs to a processor must not be touched in the middle of user code.
//! It is touched on a *visit*, for whose length the thread keeps its processor. See `sched::gate` for how that is done.

use std::fmt;

use crate::sched::{gate, visits};

/// Before the places of all processors: open to who holds one of them, or closed to all.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// use gmp_executor::per_processor::Gate;
/// static GATE: Gate = Gate::closed();
/// assert_eq!(GATE.enter(|_| ()), None);
/// GATE.open();
/// // This thread has no processor, and a task has.
/// assert_eq!(GATE.enter(|_| ()), None);
/// let task = runtime.spawn(async { GATE.enter(|_| ()) });
/// assert_eq!(runtime.block_on(task).unwrap(), Some(()));
/// # Ok::<(), std::io::Error>(())
/// ```
pub struct Gate(gate::Word);

impl Gate {
    /// One that nobody passes before it is opened.
    pub const fn closed() -> Gate {
        Gate(gate::Word::closed())
    }

    /// Runs `visit` with the number of the processor that this thread holds. `None`, and `visit` is not run: the gate is
    /// closed, or the thread holds no processor.
    ///
    /// No two visits have the same number at a time, also not of different runtimes, and each sees what the earlier ones
    /// with its number did. Numbers are small: there are as many as there have been processors at a time.
    ///
    /// `visit` is a part of the scheduler. It must be short and run no code of users; whatever of gmp it calls finds
    /// itself without a processor. A panic in it ends the process.
    #[inline(always)]
    pub fn enter<R>(&self, visit: impl FnOnce(usize) -> R) -> Option<R> {
        visits::enter(&self.0, visit)
    }

    /// Lets visitors in. They see what was done before.
    pub fn open(&self) {
        self.0.open();
    }

    /// It was open a moment ago.
    pub fn is_open(&self) -> bool {
        self.0.is_open()
    }

    /// Lets nobody in any more, and waits until nobody is inside: then the places of all processors are the caller's, who sees
    /// what visitors did. It costs a system call that interrupts all threads of the process. Two may not close or open at a time.
    ///
    /// # Panics
    /// On a visit.
    pub fn close(&self) {
        visits::close(&self.0);
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("open", &self.is_open())
            .finish()
    }
}

/// The number of the processor that this thread holds at the moment. It may be another's when this returns.
pub fn number() -> Option<usize> {
    visits::processor_number()
}
