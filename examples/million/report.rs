//! What was measured: as a table for people, as JSON for programs.
//!
//! # Not done here
//! Comparing: every figure is from loopback, with both ends and the kernel's part on the same processors.

use std::{
    fmt::{self, Display, Formatter},
    io::{self, Write},
};

use indicatif::{HumanBytes, HumanCount};
use serde::Serialize;

use crate::{
    machine::{self, KernelFigures, Limits},
    meter::Figures,
    protocol::Usage,
};

#[cfg(test)]
mod tests;

#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) machine: Machine,
    pub(crate) asked: usize,
    pub(crate) established: u64,
    pub(crate) phases: Vec<Load>,
    pub(crate) memory: Memory,
    /// `None`: they were not held.
    pub(crate) idle: Option<Idle>,
    pub(crate) closed: Closed,
    pub(crate) kernel_events: KernelEvents,
}

#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cores: usize,
    pub(crate) kernel: String,
    pub(crate) limits: Limits,
}

impl Machine {
    pub(crate) fn new(limits: Limits) -> io::Result<Machine> {
        Ok(Machine {
            cores: machine::cores(),
            kernel: machine::kernel_release()?,
            limits,
        })
    }
}

/// A phase that loads the server.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Load {
    #[serde(flatten)]
    pub(crate) figures: Figures,
    /// User and system time of the server for one operation.
    pub(crate) server_cpu_us_each: f64,
    /// The same of this process, the client.
    pub(crate) client_cpu_us_each: f64,
}

/// Growth by one connection.
#[derive(Debug, Serialize)]
pub(crate) struct Memory {
    pub(crate) server_resident_bytes_idle: f64,
    pub(crate) server_resident_bytes_after_echoes: f64,
    pub(crate) server_resident_bytes_http: Option<f64>,
    /// Both ends together, for they are on one machine.
    pub(crate) kernel_slab_bytes: f64,
}

/// While the connections were held.
#[derive(Debug, Serialize)]
pub(crate) struct Idle {
    pub(crate) seconds: f64,
    pub(crate) server_cpu_ms_per_second: f64,
}

#[derive(Debug, Serialize)]
pub(crate) struct Closed {
    /// Until the server had noticed.
    pub(crate) seconds: f64,
    /// Connections that the server still had when it should have had none.
    pub(crate) left_open: usize,
    pub(crate) time_wait: usize,
}

/// What the kernel has counted during the run, of this program and of all others.
#[derive(Debug, Serialize)]
pub(crate) struct KernelEvents {
    pub(crate) listen_overflows: u64,
    pub(crate) tcp_syn_retrans: u64,
    /// Files that were open on the machine while this program had most connections, and how many there may be.
    pub(crate) most_files: u64,
    pub(crate) files_allowed: u64,
    /// Connections that a firewall began to track meanwhile; `None` where none tracks.
    pub(crate) tracked: Option<u64>,
}

impl KernelEvents {
    /// `fullest`: of the moment when there were most connections.
    pub(crate) fn between(
        before: &KernelFigures,
        fullest: &KernelFigures,
        after: &KernelFigures,
    ) -> KernelEvents {
        let overflows = after
            .listen_overflows
            .saturating_sub(before.listen_overflows);
        let retrans = after
            .syn_retransmissions
            .saturating_sub(before.syn_retransmissions);
        KernelEvents {
            listen_overflows: overflows,
            tcp_syn_retrans: retrans,
            most_files: fullest.files_open,
            files_allowed: fullest.files_allowed,
            tracked: before
                .tracked
                .zip(fullest.tracked)
                .map(|(before, fullest)| fullest.saturating_sub(before)),
        }
    }
}

/// Resident bytes that came with each of `count` connections.
pub(crate) fn growth(before: &Usage, after: &Usage, count: u64) -> f64 {
    per(
        after.resident_bytes as f64 - before.resident_bytes as f64,
        count,
    )
}

/// `amount` for each of `count`, 0 where there is none.
pub(crate) fn per(amount: f64, count: u64) -> f64 {
    if count == 0 {
        0.0
    } else {
        amount / count as f64
    }
}

impl Report {
    /// Whether nothing has failed.
    pub(crate) fn is_success(&self) -> bool {
        self.closed.left_open == 0 && self.phases.iter().all(|load| load.figures.failures() == 0)
    }

    pub(crate) fn print(&self, json: bool) -> io::Result<()> {
        let mut output = io::stdout().lock();
        if json {
            serde_json::to_writer_pretty(&mut output, self)?;
            writeln!(output)
        } else {
            write!(output, "{self}")
        }
    }
}

impl Display for Report {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (established, asked) = (count(self.established), count(self.asked as u64));
        writeln!(f, "\n{established} of {asked} connections established")?;
        phase_lines(&self.phases)
            .iter()
            .try_for_each(|line| writeln!(f, "{line}"))?;
        self.write_failures(f)?;
        writeln!(f)?;
        self.memory.fmt(f)?;
        self.idle.iter().try_for_each(|idle| idle.fmt(f))?;
        self.closed.fmt(f)?;
        self.kernel_events.fmt(f)?;
        self.machine.fmt(f)
    }
}

impl Report {
    fn write_failures(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for Load { figures, .. } in &self.phases {
            for (name, times) in &figures.failed {
                writeln!(
                    f,
                    "failed in {}: {} times {name}",
                    figures.phase,
                    count(*times)
                )?;
            }
        }
        Ok(())
    }
}

/// Width of what stands before a line of figures.
const LABEL: usize = 15;

impl Display for Memory {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let idle = bytes(self.server_resident_bytes_idle);
        let echoed = bytes(self.server_resident_bytes_after_echoes);
        let label = "server memory";
        write!(
            f,
            "{label:<LABEL$}{idle} resident a connection while idle, {echoed} after the echoes"
        )?;
        if let Some(http) = self.server_resident_bytes_http {
            write!(f, ", {} an HTTP connection", bytes(http))?;
        }
        let (label, slab) = ("kernel memory", bytes(self.kernel_slab_bytes));
        writeln!(f, "\n{label:<LABEL$}{slab} of slab a connection, both ends")
    }
}

impl Display for Idle {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Idle {
            seconds,
            server_cpu_ms_per_second: cpu,
        } = self;
        let label = "idle server";
        writeln!(
            f,
            "{label:<LABEL$}{cpu:.2} ms of CPU a second, in {seconds:.1} s"
        )
    }
}

impl Display for Closed {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (seconds, open, time_wait) = (
            self.seconds,
            count(self.left_open as u64),
            count(self.time_wait as u64),
        );
        let label = "close";
        writeln!(
            f,
            "{label:<LABEL$}{seconds:.2} s, {open} left open, {time_wait} left in TIME_WAIT"
        )
    }
}

impl Display for KernelEvents {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (overflows, retrans) = (count(self.listen_overflows), count(self.tcp_syn_retrans));
        let label = "kernel events";
        writeln!(
            f,
            "{label:<LABEL$}ListenOverflows {overflows}, TCPSynRetrans {retrans}"
        )?;
        let (label, most) = ("kernel tables", count(self.most_files));
        let allowed = count(self.files_allowed);
        write!(
            f,
            "{label:<LABEL$}{most} files open on the machine at most (file-nr), of {allowed}"
        )?;
        match self.tracked {
            Some(tracked) => writeln!(f, "; {} connections tracked (conntrack)", count(tracked)),
            None => writeln!(f),
        }
    }
}

impl Display for Machine {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Machine {
            cores,
            kernel,
            limits,
        } = self;
        let (hard, soft) = (count(limits.open_files_hard), count(limits.open_files_soft));
        let (first, last, somaxconn) = (limits.ports.start(), limits.ports.end(), limits.somaxconn);
        writeln!(
            f,
            "\nLoopback, both ends on one machine: {cores} cores, Linux {kernel}."
        )?;
        write!(
            f,
            "Limits: {hard} open files a process ({soft} as it was started), "
        )?;
        writeln!(f, "source ports {first} to {last}, somaxconn {somaxconn}.")
    }
}

const HEADS: [&str; 12] = [
    "phase",
    "asked",
    "done",
    "failed",
    "seconds",
    "per second",
    "p50 µs",
    "p99 µs",
    "p99.9 µs",
    "max µs",
    "server CPU µs",
    "client CPU µs",
];

fn row(load: &Load) -> [String; 12] {
    let figures = &load.figures;
    [
        figures.phase.to_owned(),
        count(figures.asked as u64).to_string(),
        count(figures.done).to_string(),
        count(figures.failures()).to_string(),
        format!("{:.2}", figures.seconds),
        count(figures.per_second as u64).to_string(),
        count(figures.p50_us).to_string(),
        count(figures.p99_us).to_string(),
        count(figures.p999_us).to_string(),
        count(figures.max_us).to_string(),
        format!("{:.1}", load.server_cpu_us_each),
        format!("{:.1}", load.client_cpu_us_each),
    ]
}

/// The table of phases, also of those that were over when a run was stopped.
pub(crate) fn phase_lines(phases: &[Load]) -> Vec<String> {
    let mut rows = vec![HEADS.map(str::to_owned)];
    rows.extend(phases.iter().map(row));
    aligned(&rows).collect()
}

/// The first column to the left, the others to the right.
fn aligned<const N: usize>(rows: &[[String; N]]) -> impl Iterator<Item = String> {
    let width = |column: usize| {
        rows.iter()
            .map(|row| row[column].chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: [usize; N] = std::array::from_fn(width);
    rows.iter().map(move |row| {
        let first = format!("{:<1$}", row[0], widths[0]);
        let others = row.iter().zip(widths).skip(1);
        others.fold(first, |line, (cell, width)| {
            format!("{line}  {cell:>width$}")
        })
    })
}

fn count(number: u64) -> HumanCount {
    HumanCount(number)
}

/// Memory that went back is none that grew.
fn bytes(amount: f64) -> HumanBytes {
    HumanBytes(amount as u64)
}
