//! Can one task stall the others? Sleepers and an echo beside tasks that do not return from their polls.
//!
//! # How it works
//! A [`Scene`] puts tasks of one kind beside three probes: a task that sleeps for 1 ms over and over, the same in the
//! body of `main` (the root task in gmp, the future in `block_on` in the others), and a client and a server that send 64 bytes to and fro
//! over loopback, once in a millisecond. How late each was is kept in a [`Record`]. After 3 s a thread that is none of the runtime's reads all
//! and ends the process, so that a runtime which stands still is measured like all others. What has not come by then counts as one
//! sample, as late as it is: a *stall* is a scene with one sample of 3 s.
//!
//! The hogs do work in units of a microsecond and count them. The share of useful work is what they counted, of what as many
//! plain threads as there are processors counted in the same process before the runtime was made. `getrusage` stands beside it:
//! what is not work is the runtime's own, or that of a loop around the unit.
//!
//! # What it does not show
//! An average: each probe waits for its own answer before it asks again, so a runtime that stalls for a second
//! has one bad sample of it where it kept a thousand askers waiting. Compare the numbers of samples. (`tail_service` asks by the
//! clock.) The first slices of the hogs are measured with the rest: 100 loops need 0.1 s to be told from tasks that return.
//! A machine with more processors than hogs. The share of work when the machine does something else at the time of the
//! calibration or of the scene; above 100 means the former.
//!
//! # Who runs what
//! - `tokio`, `smol`, `go`, `gmp`: the plain program, with nothing done about hogs; but in `annotated_10000`, where the loops are
//!   gmp's `#[preemptible]`; tokio's with `consume_budget().await` in each iteration; smol's with `yield_now().await` in
//!   every 128th (smol has no budget: nobody's documents say how often, and tokio's budget is 128); Go's plain, as it preempts.
//! - `tokio-blocking`: what its documents tell an expert: work in `spawn_blocking` behind a semaphore of as many permits as
//!   processors, calls that block in `spawn_blocking` without it. It has no part where tasks are polled often.
//! - `tokio-two`: a runtime for the probes, and another with as many workers for the hogs.

use std::{
    io,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::{
    child::Settings,
    meter,
    metric::{
        CPU_SHARE, ECHO_MEDIAN, ECHO_P99, MAIN_MEDIAN, MAIN_P99, SLEEPER_MEDIAN, SLEEPER_MOST,
        SLEEPER_P99, SLEEPERS, SLEEPS_SHARE, Sample, THREADS, WORK_SHARE,
    },
    runtime::Runtime,
    workload::{About, Driver, Workload},
};

mod contestants;
mod count;
mod hogs;
mod probes;
mod record;
mod scene;
pub(crate) mod service;

pub(crate) use self::{
    contestants::{Contestant, TokioBlocking, TokioTwo},
    scene::Scene,
};
use self::{
    count::{Count, Rate},
    record::Record,
};

/// Until the hogs come: connections are made, threads have started.
const WARM_UP: Duration = Duration::from_millis(200);
const MEASURED: Duration = Duration::from_secs(3);

/// What the probes and the hogs write, and the thread that ends the scene reads.
#[derive(Clone, Default)]
struct Stage {
    sleeper: Arc<Record>,
    main: Arc<Record>,
    echo: Arc<Record>,
    /// Units of work done by hogs, or how often they slept or were polled.
    count: Arc<Count>,
}

pub(crate) const fn about(scene: Scene) -> About {
    About {
        question: scene.question(),
        metrics: &[
            SLEEPER_MEDIAN,
            SLEEPER_P99,
            SLEEPER_MOST,
            SLEEPERS,
            MAIN_MEDIAN,
            MAIN_P99,
            ECHO_MEDIAN,
            ECHO_P99,
            WORK_SHARE,
            CPU_SHARE,
            SLEEPS_SHARE,
            THREADS,
        ],
        procs: &[2],
        driver: Driver::Scene,
    }
}

/// # Errors
/// What the runtime or the system said.
pub(crate) fn run<C: Contestant>(settings: &Settings) -> io::Result<Sample> {
    let Workload::Tail(scene) = settings.workload else {
        return Err(io::Error::other("this workload is no scene"));
    };
    let rate = Rate::measure(settings.pace, settings.procs);
    let runtime = C::Runtime::new(settings.procs)?;
    C::prepare(settings.procs)?;
    let stage = Stage::default();
    let (begun, begin) = mpsc::channel();
    let reporter = Reporter {
        stage: stage.clone(),
        rate,
        procs: settings.procs,
        scene,
    };
    thread::spawn(move || {
        let begin = begin.recv().expect("the scene begins");
        println!("{}", reporter.report(begin));
        std::process::exit(0);
    });
    let pace = settings.pace;
    runtime.run_main(async move {
        C::Runtime::detach(probes::sleep::<C::Runtime>(stage.sleeper.clone()));
        probes::echo::<C::Runtime>(stage.echo.clone()).await?;
        C::Runtime::sleep(WARM_UP).await;
        let begin = Instant::now();
        stage.begin(begin);
        begun.send(begin).expect("the reporter waits");
        hogs::enter::<C>(scene, pace, &stage.count);
        probes::sleep::<C::Runtime>(stage.main.clone()).await;
        unreachable!("the process has ended")
    })
}

impl Stage {
    fn begin(&self, now: Instant) {
        for record in [&self.sleeper, &self.main, &self.echo] {
            record.begin(now);
        }
    }
}

/// Waits on a thread of its own until the scene is over.
struct Reporter {
    stage: Stage,
    rate: Rate,
    procs: usize,
    scene: Scene,
}

impl Reporter {
    fn report(self, begin: Instant) -> Sample {
        let cpu = meter::cpu_time();
        thread::sleep(MEASURED.saturating_sub(begin.elapsed()));
        let wall = begin.elapsed().as_secs_f64();
        let (counted, cpu) = (self.stage.count.total(), meter::cpu_time() - cpu);
        let threads = meter::threads();
        let sleeper = self.stage.sleeper.end();
        let (main, echo) = (self.stage.main.end(), self.stage.echo.end());
        let machine = wall * self.procs as f64;
        let mut sample = Sample::default()
            .with(SLEEPER_MEDIAN, sleeper.median)
            .with(SLEEPER_P99, sleeper.p99)
            .with(SLEEPER_MOST, sleeper.most)
            .with(SLEEPERS, sleeper.number as f64)
            .with(MAIN_MEDIAN, main.median)
            .with(MAIN_P99, main.p99)
            .with(ECHO_MEDIAN, echo.median)
            .with(ECHO_P99, echo.p99)
            .with(CPU_SHARE, 100.0 * cpu.as_secs_f64() / machine)
            .with(THREADS, threads as f64);
        if self.scene.works() {
            sample = sample.with(WORK_SHARE, self.rate.share(counted, wall));
        }
        if let Some(ideal) = self.scene.ideal_sleeps() {
            sample = sample.with(SLEEPS_SHARE, 100.0 * counted as f64 / (ideal * wall));
        }
        sample
    }
}
