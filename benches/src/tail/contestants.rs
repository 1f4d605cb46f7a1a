//! How each rival's users write tasks that take long.

use std::{
    io,
    sync::{Arc, OnceLock},
};

use tokio::{runtime::Builder, sync::Semaphore, task};

use crate::{
    kit::TrySends,
    runtime::{Gmp, Runtime, Smol, Tokio},
};

/// Iterations of smol's polite loop between two yields: tokio's budget.
const ITERATIONS_BY_YIELD: u32 = 128;

pub(crate) trait Contestant: Sized + 'static {
    /// Of the probes.
    type Runtime: TrySends<Runtime = Self::Runtime> + Runtime;

    /// What the hogs need, beside the runtime.
    fn prepare(_procs: usize) -> io::Result<()> {
        Ok(())
    }

    /// Spawns a hog that is a future by nature.
    fn spawn_hog(future: impl Future<Output = ()> + Send + 'static) {
        Self::Runtime::detach(future);
    }

    /// Works for ever, with the chance for others between two turns.
    fn take_turns(mut turn: impl FnMut() + Send + 'static) {
        Self::spawn_hog(async move {
            loop {
                turn();
                Self::Runtime::yield_now().await;
            }
        });
    }

    /// As [`take_turns`](Self::take_turns), with turns that block their thread.
    fn block_in_turns(turn: impl FnMut() + Send + 'static) {
        Self::take_turns(turn);
    }

    /// Works without a chance for others.
    fn run_through(work: impl FnOnce() + Send + 'static) {
        Self::spawn_hog(async move { work() });
    }

    /// Works inside of a task that waits for it.
    fn calculate(work: impl FnOnce() + Send + 'static) -> impl Future<Output = ()> + Send {
        async move { work() }
    }

    /// Takes steps for ever, and lets itself be interrupted between two of them.
    fn loop_politely(step: impl FnMut() + Send + 'static);
}

impl Contestant for Gmp {
    type Runtime = Self;

    fn loop_politely(step: impl FnMut() + Send + 'static) {
        #[gmp::preemptible]
        async fn loop_on(mut step: impl FnMut() + Send + 'static) {
            loop {
                step();
            }
        }
        Self::detach(loop_on(step));
    }
}

impl Contestant for Tokio<true> {
    type Runtime = Self;

    fn loop_politely(step: impl FnMut() + Send + 'static) {
        tokio::spawn(consume_budget(step));
    }
}

impl Contestant for Smol {
    type Runtime = Self;

    fn loop_politely(mut step: impl FnMut() + Send + 'static) {
        Self::detach(async move {
            loop {
                (0..ITERATIONS_BY_YIELD).for_each(|_| step());
                Self::yield_now().await;
            }
        });
    }
}

async fn consume_budget(mut step: impl FnMut() + Send + 'static) {
    loop {
        step();
        task::coop::consume_budget().await;
    }
}

/// tokio with `spawn_blocking` for all that takes long.
pub(crate) struct TokioBlocking;

/// As many calculations at a time as there are processors.
static CALCULATIONS: OnceLock<Arc<Semaphore>> = OnceLock::new();

impl Contestant for TokioBlocking {
    type Runtime = Tokio<true>;

    fn prepare(procs: usize) -> io::Result<()> {
        CALCULATIONS.get_or_init(|| Arc::new(Semaphore::new(procs)));
        Ok(())
    }

    fn take_turns(mut turn: impl FnMut() + Send + 'static) {
        tokio::spawn(async move {
            loop {
                let turns = CALCULATIONS.get().expect("it is prepared").clone();
                let _turn = turns.acquire_owned().await.expect("nobody closes it");
                turn = blocking(turn).await;
            }
        });
    }

    fn block_in_turns(mut turn: impl FnMut() + Send + 'static) {
        tokio::spawn(async move {
            loop {
                turn = blocking(turn).await;
            }
        });
    }

    fn run_through(work: impl FnOnce() + Send + 'static) {
        tokio::spawn(Self::calculate(work));
    }

    async fn calculate(work: impl FnOnce() + Send + 'static) {
        let turns = CALCULATIONS.get().expect("it is prepared").clone();
        let _turn = turns.acquire_owned().await.expect("nobody closes it");
        task::spawn_blocking(work).await.expect("nobody panics");
    }

    fn loop_politely(_: impl FnMut() + Send + 'static) {
        unreachable!("it has no part in this scene");
    }
}

/// Takes a turn elsewhere, and gives it back for the next one.
async fn blocking<T: FnMut() + Send + 'static>(mut turn: T) -> T {
    let turn = task::spawn_blocking(move || {
        turn();
        turn
    });
    turn.await.expect("nobody panics")
}

/// tokio with a second runtime for all that takes long.
pub(crate) struct TokioTwo;

static SECOND: OnceLock<tokio::runtime::Runtime> = OnceLock::new();

impl Contestant for TokioTwo {
    type Runtime = Tokio<true>;

    fn prepare(procs: usize) -> io::Result<()> {
        let mut builder = Builder::new_multi_thread();
        let second = builder.worker_threads(procs).enable_all().build()?;
        SECOND.get_or_init(|| second);
        Ok(())
    }

    fn spawn_hog(future: impl Future<Output = ()> + Send + 'static) {
        SECOND.get().expect("it is prepared").spawn(future);
    }

    async fn calculate(work: impl FnOnce() + Send + 'static) {
        let second = SECOND.get().expect("it is prepared");
        let done = second.spawn(async move { work() });
        done.await.expect("nobody panics");
    }

    fn loop_politely(step: impl FnMut() + Send + 'static) {
        Self::spawn_hog(consume_budget(step));
    }
}
