//! What `#[gmp::main]`, `#[gmp::test]` and `#[gmp::preemptible]` expand to. Not public: it changes with the macros.
//!
//! The expansion ends in `Body(main()).main(Builder::new())`. Which `main` that is shows whether the body is `Send`: the
//! one of [`Body`] if it is, else the one of [`StaysOnItsThread`], whose bounds fail. The trait [`Send`] itself cannot
//! carry a sentence about `#[gmp::main(local)]`.

use std::{panic::resume_unwind, process::Termination};

pub use gmp_executor::{preempt::should_yield, yield_now};
pub use std::{
    iter::{IntoIterator, Iterator},
    option::Option::{None, Some},
    process::ExitCode,
};

use crate::{Builder, Runtime, task::LocalSet};

/// Turns of a loop from one look at the soft flag to the next, at most.
const TURNS_MAX: u32 = 64;

/// How many turns come before the next look but one.
#[inline(always)]
pub const fn more(turns: u32) -> u32 {
    if turns < TURNS_MAX { 2 * turns } else { turns }
}

/// The future of a function under an attribute.
pub struct Body<F>(pub F);

impl<F: Future + Send + 'static> Body<F> {
    /// Runs the body as a task. Its exit code is made there, since its error need not be `Send`.
    #[track_caller]
    pub fn main(self, builder: Builder) -> ExitCode
    where
        F::Output: Termination,
    {
        let runtime = start(builder);
        let task = runtime.spawn(async { self.0.await.report() });
        match runtime.block_on(task) {
            Ok(code) => code,
            Err(error) if error.is_panic() => resume_unwind(error.into_panic()),
            Err(error) => panic!("the body did not end: {error}"),
        }
    }

    /// A test is a `main` that the test harness calls.
    #[track_caller]
    pub fn test(self, builder: Builder) -> ExitCode
    where
        F::Output: Termination,
    {
        self.main(builder)
    }
}

impl<F: Future> Body<F> {
    /// Polls the body on the calling thread, in a set of local tasks.
    pub fn local(self, builder: Builder) -> F::Output {
        let runtime = start(builder);
        // It is dropped first: what is left in it may still use the runtime.
        let set = LocalSet::new();
        set.block_on(&runtime, self.0)
    }
}

fn start(builder: Builder) -> Runtime {
    builder
        .build()
        .unwrap_or_else(|error| panic!("the runtime does not start: {error}"))
}

/// The methods of a [`Body`] that is not `Send`; the inherent ones hide them otherwise. Their bounds never hold: the
/// first says what to do, the second names the value.
pub trait StaysOnItsThread: Sized {
    type Future;

    fn main(self, _: Builder) -> ExitCode
    where
        Self: RunsAsTask,
        Self::Future: Send,
    {
        unreachable!("nothing runs as a task without being `Send`")
    }

    fn test(self, _: Builder) -> ExitCode
    where
        Self: RunsAsTask,
        Self::Future: Send,
    {
        unreachable!("nothing runs as a task without being `Send`")
    }
}

impl<F: Future> StaysOnItsThread for Body<F> {
    type Future = F;
}

/// Implemented by nothing.
#[diagnostic::on_unimplemented(
    message = "the body of `#[gmp::main]` or `#[gmp::test]` must be `Send`, for it runs as a task",
    label = "keeps a value across an `.await` that must not move to another thread",
    note = "drop that value before the `.await`, or let the body run on the calling thread: `#[gmp::main(local)]`, `#[gmp::test(local)]`"
)]
pub trait RunsAsTask {}
