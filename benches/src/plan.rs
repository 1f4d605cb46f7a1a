//! What is measured in which order.
//!
//! # How it works
//! Workload by workload. In a round everybody is measured once, with each number of processors; then comes the next
//! round. What is not installed, or has failed, is not tried again.

use std::{
    env, fs,
    io::IsTerminal,
    path::{Path, PathBuf},
    process::{Command, ExitCode},
    thread,
    time::Duration,
};

use crate::{
    arguments::Options,
    child::Settings,
    golang,
    load::Server,
    metric::{SPEED_UP, Sample, WALL, WRK_ANSWERS},
    process::{Process, Trouble},
    report,
    rival::Rival,
    work::Pace,
    workload::{Driver, Workload},
};

#[cfg(test)]
mod tests;

/// A scene takes 4 s, unless nobody gets a processor.
const SCENE_LIMIT: Duration = Duration::from_secs(20);

/// One line of the comparison: who, with how many processors, and what was measured.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) rival: Rival,
    pub(crate) procs: usize,
    pub(crate) samples: Vec<Sample>,
    pub(crate) trouble: Option<Trouble>,
}

/// What all measurements of a run share.
struct Bench {
    this_program: PathBuf,
    go_twin: Result<PathBuf, Trouble>,
    pace: Pace,
}

pub(crate) fn run(options: &Options) -> ExitCode {
    let bench = match Bench::new(options) {
        Ok(bench) => bench,
        Err(why) => {
            eprintln!("gmp-benches: {why}");
            return ExitCode::FAILURE;
        }
    };
    report::machine(&machine(), options);
    let mut failed = false;
    for workload in &options.workloads {
        let rows = bench.compare(*workload, options);
        report::comparison(*workload, &rows, options.json);
        failed |= rows
            .iter()
            .any(|row| matches!(row.trouble, Some(Trouble::Failed(_))));
    }
    if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

impl Bench {
    fn new(options: &Options) -> Result<Self, String> {
        let this_program =
            env::current_exe().map_err(|error| format!("this program's path: {error}"))?;
        let go_twin = match options.contestants.contains(&Rival::Go) {
            true => golang::build(),
            false => Err(Trouble::Missing("Go is not asked for".to_owned())),
        };
        Ok(Self {
            this_program,
            go_twin,
            pace: Pace::calibrate(),
        })
    }

    fn compare(&self, workload: Workload, options: &Options) -> Vec<Row> {
        let mut rows = rows(workload, options);
        for round in 1..=options.rounds {
            progress(&format!(
                "{}: round {round} of {}",
                workload.name(),
                options.rounds
            ));
            self.round(workload, &mut rows, false);
            add_speed_up(workload, &mut rows);
        }
        tell_of_wrk(workload, &mut rows);
        if options.count_allocations && workload.about().driver == Driver::Child {
            progress(&format!("{}: counting allocations", workload.name()));
            self.round(workload, &mut rows, true);
        }
        progress("");
        rows
    }

    fn round(&self, workload: Workload, rows: &mut [Row], count_allocations: bool) {
        for row in rows.iter_mut().filter(|row| row.trouble.is_none()) {
            let (rival, procs) = (row.rival, row.procs);
            let settings = Settings {
                workload,
                rival,
                procs,
                pace: self.pace,
                count_allocations,
            };
            match self.measure(&settings) {
                Ok(sample) if count_allocations => row.samples.push(sample.allocations_only()),
                Ok(sample) => row.samples.push(sample),
                Err(trouble) => row.trouble = Some(trouble),
            }
        }
    }

    fn measure(&self, settings: &Settings) -> Result<Sample, Trouble> {
        let program: &Path = match settings.rival {
            Rival::Go => self.go_twin.as_deref().map_err(Clone::clone)?,
            _ => &self.this_program,
        };
        let mut command = Command::new(program);
        command.args(settings.arguments());
        match settings.workload.about().driver {
            Driver::Child => {
                let mut process = Process::start(&mut command)?;
                Ok(Sample::parse(&process.answer()?)?)
            }
            Driver::Scene => {
                let mut process = Process::start(&mut command)?.within(SCENE_LIMIT);
                Ok(Sample::parse(&process.answer()?)?)
            }
            Driver::Reports(number) => Server::start(&mut command)?.beside_reports(number),
            Driver::Connections => Server::start(&mut command)?.hold_connections(),
            Driver::Wrk { connections } => Server::start(&mut command)?.wrk(connections),
            Driver::H2load {
                connections,
                streams,
            } => Server::start(&mut command)?.h2load(connections, streams),
        }
    }
}

/// Who takes part, in the order of a round. A runtime that lacks what the workload asks for has a row that says so.
fn rows(workload: Workload, options: &Options) -> Vec<Row> {
    let mut rows = Vec::new();
    for procs in procs(workload, options) {
        for rival in contestants(workload, options) {
            let supports = match rival {
                Rival::Go => workload.has_go_twin(),
                _ => workload.by(rival).is_some(),
            };
            let takes_part = match rival {
                Rival::TokioCurrent => procs == 1,
                Rival::TokioBlocking | Rival::TokioTwo => supports,
                Rival::Flume | Rival::Kanal | Rival::Crossbeam | Rival::Std => supports,
                _ => true,
            };
            if takes_part {
                rows.push(Row {
                    rival,
                    procs,
                    samples: Vec::new(),
                    trouble: (!supports).then_some(Trouble::Unsupported),
                });
            }
        }
    }
    rows
}

/// A speed-up needs the time with one processor beside those that are asked for.
fn procs(workload: Workload, options: &Options) -> Vec<usize> {
    let about = workload.about();
    let mut procs = options
        .procs
        .clone()
        .unwrap_or_else(|| about.procs.to_vec());
    if about.metrics.contains(&SPEED_UP) && !procs.contains(&1) {
        procs.insert(0, 1);
    }
    procs
}

/// For a server tokio is two: people choose its scheduler of one thread for its speed.
fn contestants(workload: Workload, options: &Options) -> Vec<Rival> {
    let mut contestants = options.contestants.clone();
    let serves_http = matches!(
        workload.about().driver,
        Driver::Wrk { .. } | Driver::H2load { .. }
    );
    let tokio = contestants.iter().position(|rival| *rival == Rival::Tokio);
    if let (true, Some(at), false) = (
        serves_http,
        tokio,
        contestants.contains(&Rival::TokioCurrent),
    ) {
        contestants.insert(at + 1, Rival::TokioCurrent);
    }
    contestants
}

/// By the last samples, which are of the same round.
fn add_speed_up(workload: Workload, rows: &mut [Row]) {
    if !workload.about().metrics.contains(&SPEED_UP) {
        return;
    }
    let last_wall = |row: &Row| row.samples.last().and_then(|sample| sample.get(WALL));
    let alone: Vec<_> = rows
        .iter()
        .filter(|row| row.procs == 1)
        .map(|row| (row.rival, last_wall(row)))
        .collect();
    for row in rows
        .iter_mut()
        .filter(|row| row.procs > 1 && row.trouble.is_none())
    {
        let one = alone
            .iter()
            .find(|(rival, _)| *rival == row.rival)
            .and_then(|(_, wall)| *wall);
        if let (Some(one), Some(several), Some(sample)) =
            (one, last_wall(row), row.samples.last_mut())
        {
            *sample = std::mem::take(sample).with(SPEED_UP, one / several);
        }
    }
}

/// Whoever was measured without wrk says so, beside its other figures: after the rounds, since trouble ends them.
fn tell_of_wrk(workload: Workload, rows: &mut [Row]) {
    if !workload.about().metrics.contains(&WRK_ANSWERS) {
        return;
    }
    let lacks = |sample: &Sample| sample.get(WRK_ANSWERS).is_none();
    for row in rows.iter_mut().filter(|row| row.trouble.is_none()) {
        if row.samples.iter().any(lacks) {
            row.trouble = Some(Trouble::not_on_path("wrk"));
        }
    }
}

/// What reads the figures must know: how large the machine is, and whether it was busy with something else.
fn machine() -> String {
    let processors = thread::available_parallelism().map_or(0, usize::from);
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load
        .split(' ')
        .next()
        .filter(|load| !load.is_empty())
        .unwrap_or("unknown")
        .to_owned();
    format!(
        "{processors} processors, load average at the start {load}, {}",
        env::consts::ARCH
    )
}

/// One line, written over and over; only for people.
fn progress(text: &str) {
    if std::io::stderr().is_terminal() {
        eprint!("\r\x1b[K{text}");
    }
}
