//! One pair of processes, the server and this one, and the phases it goes through.
//!
//! # How it works
//! [`run`] makes the plan, goes through the phases in order and prints the report. Between two phases, while nothing is
//! under way, the server is asked for its figures.

use std::{
    io,
    process::ExitCode,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use gmp::Runtime;

use crate::{
    args::Options,
    connect::{self, connect_all, connect_to_echo},
    echo::echo_on_all,
    http,
    machine::{self, KernelFigures, Limits},
    meter::Meter,
    parallel::{self, run_lanes, within_limit},
    preflight::{self, Plan},
    protocol::{Addresses, Settings},
    report::{Closed, Idle, KernelEvents, Load, Machine, Memory, Report, growth, per},
    server_process::ServerProcess,
    supervisor::{FAILED, Supervisor},
};

/// How much longer than the client the server waits: the client is the one to say what has happened.
const SERVER_DEADLINE_MARGIN: Duration = Duration::from_secs(10);

/// How long the server may take to notice that its connections are gone.
const CLOSE_LIMIT: Duration = Duration::from_secs(10);
const CLOSE_POLL: Duration = Duration::from_millis(10);

/// The progress of the phase *hold*.
const HOLD_STEP: Duration = Duration::from_secs(1);

/// The whole program, as a client.
///
/// # Errors
/// A sentence on why the run is not possible.
pub(crate) fn run(options: &Options) -> Result<ExitCode, String> {
    let limits = Limits::raise_and_read().map_err(in_words)?;
    let plan = preflight::plan(&limits, options)?;
    for note in &plan.notes {
        eprintln!("million: {note}");
    }
    let machine = Machine::new(limits).map_err(in_words)?;
    let report = Shard::start(&plan, options)?.go_through_phases(machine);
    if let Err(error) = report.print(options.json) {
        eprintln!("million: cannot print the report: {error}");
        return Ok(ExitCode::from(FAILED));
    }
    Ok(ExitCode::from(if report.is_success() { 0 } else { FAILED }))
}

type EchoLanes = Vec<connect::Lane>;
type HttpLanes = Vec<http::Lane>;

/// Since the start of each of the two processes.
struct CpuTimes {
    server: Duration,
    client: Duration,
}

struct Shard<'a> {
    plan: &'a Plan,
    options: &'a Options,
    supervisor: Arc<Supervisor>,
    server: ServerProcess,
    addresses: Addresses,
    runtime: Runtime,
}

impl<'a> Shard<'a> {
    fn start(plan: &'a Plan, options: &'a Options) -> Result<Shard<'a>, String> {
        let supervisor = Supervisor::start(options.deadline).map_err(in_words)?;
        let settings = Settings {
            port: options.port,
            echo_listeners: plan.destinations(),
            http_listeners: plan.http_destinations(),
            backlog: plan.backlog,
            max_procs: options.max_procs,
            deadline: options.deadline + SERVER_DEADLINE_MARGIN,
        };
        let runtime = parallel::runtime(options.max_procs).map_err(in_words)?;
        let (server, addresses) = ServerProcess::start(&settings, &supervisor)?;
        Ok(Shard {
            plan,
            options,
            supervisor,
            server,
            addresses,
            runtime,
        })
    }

    fn go_through_phases(mut self, setting: Machine) -> Report {
        let plan = self.plan;
        self.warm_up();
        let kernel = self.kernel_figures();
        let empty = self.server.usage();

        let (connect, lanes) = self.connect();
        let established = connect.figures.done;
        let held = self.server.usage();
        let full = self.kernel_figures();
        let idle = self.hold();

        let (echo, lanes) = self.echo("echo", lanes);
        let (echo_again, lanes) = self.echo("echo 2", lanes);
        let echoed = self.server.usage();

        let (http, sessions) = self.http();
        let requested = self.server.usage();
        let fullest = self.kernel_figures();
        let http_growth = |open: &Load| growth(&echoed, &requested, open.figures.done);

        let closed = self.close(lanes, sessions);
        let kernel_events = KernelEvents::between(&kernel, &fullest, &self.kernel_figures());
        self.end_server();
        Report {
            machine: setting,
            asked: plan.connections,
            established,
            memory: Memory {
                server_resident_bytes_idle: growth(&empty, &held, established),
                server_resident_bytes_after_echoes: growth(&empty, &echoed, established),
                server_resident_bytes_http: http.first().map(http_growth),
                kernel_slab_bytes: per(
                    full.slab_bytes as f64 - kernel.slab_bytes as f64,
                    established,
                ),
            },
            phases: [connect, echo, echo_again]
                .into_iter()
                .chain(http)
                .collect(),
            idle,
            closed,
            kernel_events,
        }
    }

    /// One connection of each kind. It shows that the server answers, and brings in code that would otherwise be
    /// counted as the connections' memory.
    fn warm_up(&mut self) {
        let answered: io::Result<()> = self.runtime.block_on(async {
            drop(within_limit(connect_to_echo(self.addresses.echo[0])).await?);
            for address in &self.addresses.http {
                drop(within_limit(http::open(*address)).await?);
            }
            Ok(())
        });
        if let Err(error) = answered {
            self.supervisor
                .stop(&format!("the server does not answer: {error}"), FAILED);
        }
        self.wait_for_no_connection();
    }

    fn connect(&mut self) -> (Load, EchoLanes) {
        let (plan, addresses) = (self.plan, self.addresses.echo.clone());
        self.load("connect", plan.connections, async |meter| {
            connect_all(plan, &addresses, meter).await
        })
    }

    /// Lets the connections rest, if that is asked for.
    fn hold(&mut self) -> Option<Idle> {
        let hold = Some(self.options.hold).filter(|hold| !hold.is_zero())?;
        let before = self.server.usage();
        let meter = Meter::start(&self.supervisor, "hold", hold.as_secs_f64().ceil() as usize);
        while let Some(rest) = hold
            .checked_sub(meter.elapsed())
            .filter(|rest| !rest.is_zero())
        {
            thread::sleep(rest.min(HOLD_STEP));
            meter.advance(1);
        }
        let seconds = meter.finish().seconds;
        let cpu = self.server.usage().cpu.saturating_sub(before.cpu);
        let server_cpu_ms_per_second = cpu.as_secs_f64() * 1e3 / seconds;
        Some(Idle {
            seconds,
            server_cpu_ms_per_second,
        })
    }

    fn echo(&mut self, phase: &'static str, lanes: EchoLanes) -> (Load, EchoLanes) {
        self.load(phase, connections(&lanes), async |meter| {
            echo_on_all(lanes, meter).await
        })
    }

    /// Two phases, or none without HTTP connections.
    fn http(&mut self) -> (Vec<Load>, HttpLanes) {
        if self.plan.http_connections == 0 {
            return (Vec::new(), Vec::new());
        }
        let (plan, addresses) = (self.plan, self.addresses.http.clone());
        let open = async |meter: &_| http::open_all(plan, &addresses, meter).await;
        let (opened, lanes) = self.load("open HTTP", plan.http_connections, open);

        let each = self.options.requests;
        let total = each * connections(&lanes);
        let request = async |meter: &_| http::request_on_all(lanes, each, meter).await;
        let (requested, lanes) = self.load("HTTP", total, request);
        (vec![opened, requested], lanes)
    }

    /// Does the work of one phase and measures it.
    fn load<T>(
        &mut self,
        phase: &'static str,
        total: usize,
        work: impl AsyncFnOnce(&Arc<Meter>) -> T,
    ) -> (Load, T) {
        let before = self.cpu_times();
        let meter = Meter::start(&self.supervisor, phase, total);
        let output = self.runtime.block_on(work(&meter));
        let figures = meter.finish();
        let after = self.cpu_times();
        let each = |before: Duration, after: Duration| {
            let cpu = after.saturating_sub(before);
            per(cpu.as_secs_f64() * 1e6, figures.done)
        };
        let load = Load {
            server_cpu_us_each: each(before.server, after.server),
            client_cpu_us_each: each(before.client, after.client),
            figures,
        };
        self.supervisor.leave_phase(&load);
        (load, output)
    }

    fn close(&mut self, echo: EchoLanes, http: HttpLanes) -> Closed {
        let total = connections(&echo) + connections(&http);
        let meter = Meter::start(&self.supervisor, "close", total);
        self.runtime.block_on(async {
            close_all(echo, &meter).await;
            close_all(http, &meter).await;
        });
        let left_open = self.wait_for_no_connection();
        let seconds = meter.finish().seconds;
        let time_wait = self.must(machine::time_wait(&self.addresses.ports()));
        Closed {
            seconds,
            left_open,
            time_wait,
        }
    }

    /// Gives how many connections the server still has when it should have none.
    fn wait_for_no_connection(&mut self) -> usize {
        let begun = Instant::now();
        loop {
            let open = self.server.usage().open;
            if open == 0 || begun.elapsed() > CLOSE_LIMIT {
                return open;
            }
            thread::sleep(CLOSE_POLL);
        }
    }

    fn cpu_times(&mut self) -> CpuTimes {
        let server = self.server.usage().cpu;
        let client = self.must(machine::cpu_time());
        CpuTimes { server, client }
    }

    fn kernel_figures(&self) -> KernelFigures {
        self.must(KernelFigures::read())
    }

    /// What the machine tells, or the end of the run.
    fn must<T>(&self, told: io::Result<T>) -> T {
        told.unwrap_or_else(|error| self.supervisor.stop(&error.to_string(), FAILED))
    }

    fn end_server(self) {
        if let Err(error) = self.server.end() {
            eprintln!("million: cannot wait for the server's end: {error}");
        }
    }
}

fn connections<C>(lanes: &[Vec<C>]) -> usize {
    lanes.iter().map(Vec::len).sum()
}

async fn close_all<C: Send + 'static>(lanes: Vec<Vec<C>>, meter: &Arc<Meter>) {
    run_lanes(
        lanes
            .into_iter()
            .map(|lane| close_lane(lane, Arc::clone(meter))),
    )
    .await;
}

async fn close_lane<C>(lane: Vec<C>, meter: Arc<Meter>) {
    for connection in lane {
        drop(connection);
        meter.advance(1);
    }
}

fn in_words(error: io::Error) -> String {
    error.to_string()
}
