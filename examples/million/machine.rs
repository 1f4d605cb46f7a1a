//! What the operating system tells about this machine and this process: files below `/proc`, limits, CPU time.
//!
//! # Not done here
//! Limits of control groups: where one is smaller than the machine, the memory check of
//! [`preflight`](crate::preflight) is too kind.

use std::{fs, io, num::NonZero, ops::RangeInclusive, thread, time::Duration};

use nix::sys::{
    resource::{Resource, UsageWho, getrlimit, getrusage, setrlimit},
    time::TimeValLike,
};
use serde::Serialize;

#[cfg(test)]
mod tests;

/// What bounds the number of connections.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Limits {
    /// Open files of this process as it was started.
    pub(crate) open_files_soft: u64,
    /// Open files of this process from now on.
    pub(crate) open_files_hard: u64,
    /// Files that may still be opened on this machine.
    pub(crate) files_free: u64,
    pub(crate) memory_available_bytes: u64,
    /// Local ports that `connect` chooses from.
    pub(crate) ports: RangeInclusive<u16>,
    /// Connections that may wait for `accept` at a listener, `net.core.somaxconn`.
    pub(crate) somaxconn: usize,
    /// Connections that a firewall on this machine may still track; `None` where there is no such table.
    pub(crate) tracking_free: Option<u64>,
}

impl Limits {
    /// Raises the soft limit of open files to the hard one and reads the limits.
    pub(crate) fn raise_and_read() -> io::Result<Limits> {
        let (soft, hard) = raise_open_files()?;
        let [opened, _, most] = numbers(FILES)?;
        let [first, last] = numbers("/proc/sys/net/ipv4/ip_local_port_range")?;
        let [somaxconn] = numbers("/proc/sys/net/core/somaxconn")?;
        let port = |number: u64| u16::try_from(number).map_err(io::Error::other);
        Ok(Limits {
            open_files_soft: soft,
            open_files_hard: hard,
            files_free: most.saturating_sub(opened),
            memory_available_bytes: size("/proc/meminfo", "MemAvailable")?,
            ports: port(first)?..=port(last)?,
            somaxconn: usize::try_from(somaxconn).unwrap_or(usize::MAX),
            tracking_free: tracked().and_then(|tracked| {
                let [most] = numbers("/proc/sys/net/netfilter/nf_conntrack_max").ok()?;
                Some(most.saturating_sub(tracked))
            }),
        })
    }
}

/// Open files of the machine, a number without meaning, and the limit.
const FILES: &str = "/proc/sys/fs/file-nr";

/// The connections in the firewall's table, in this namespace.
fn tracked() -> Option<u64> {
    let [count] = numbers("/proc/sys/net/netfilter/nf_conntrack_count").ok()?;
    Some(count)
}

/// Gives the soft limit as it was and the hard one, which is also the soft one from now on.
pub(crate) fn raise_open_files() -> io::Result<(u64, u64)> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard)?;
    Ok((soft, hard))
}

/// User and system time of this process.
pub(crate) fn cpu_time() -> io::Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_SELF)?;
    let micros = (usage.user_time() + usage.system_time()).num_microseconds();
    Ok(Duration::from_micros(micros.unsigned_abs()))
}

/// Resident memory of this process, exact: the figure of `/proc/self/statm` lags by pages for each processor.
pub(crate) fn resident_bytes() -> io::Result<u64> {
    size("/proc/self/smaps_rollup", "Rss")
}

pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

pub(crate) fn kernel_release() -> io::Result<String> {
    read("/proc/sys/kernel/osrelease").map(|text| text.trim().to_owned())
}

/// Figures of the kernel that go up and down with the connections, whoever owns these.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KernelFigures {
    pub(crate) slab_bytes: u64,
    /// Connections dropped since a listener's queue was full.
    pub(crate) listen_overflows: u64,
    pub(crate) syn_retransmissions: u64,
    /// Open files of the whole machine, and how many it may have.
    pub(crate) files_open: u64,
    pub(crate) files_allowed: u64,
    /// Connections that a firewall tracks; `None` where there is no such table.
    pub(crate) tracked: Option<u64>,
}

impl KernelFigures {
    pub(crate) fn read() -> io::Result<KernelFigures> {
        let events = read("/proc/net/netstat")?;
        let [files_open, _, files_allowed] = numbers(FILES)?;
        let event = |name| {
            column(&events, "TcpExt:", name).ok_or_else(|| missing("/proc/net/netstat", name))
        };
        Ok(KernelFigures {
            slab_bytes: size("/proc/meminfo", "Slab")?,
            listen_overflows: event("ListenOverflows")?,
            syn_retransmissions: event("TCPSynRetrans")?,
            files_open,
            files_allowed,
            tracked: tracked(),
        })
    }
}

/// Sockets in the state TIME_WAIT of connections with one of `ports`.
pub(crate) fn time_wait(ports: &[u16]) -> io::Result<usize> {
    read("/proc/net/tcp").map(|table| count_time_wait(&table, ports))
}

fn read(path: &str) -> io::Result<String> {
    let in_words = |error| {
        io::Error::other(format!(
            "cannot read {path}, which this program needs: {error}"
        ))
    };
    fs::read_to_string(path).map_err(in_words)
}

fn missing(path: &str, what: &str) -> io::Error {
    io::Error::other(format!("{path} has no {what}, which this program needs"))
}

/// The only line of a file that holds `N` numbers.
fn numbers<const N: usize>(path: &str) -> io::Result<[u64; N]> {
    let text = read(path)?;
    let found: Vec<u64> = text
        .split_whitespace()
        .filter_map(|word| word.parse().ok())
        .collect();
    found
        .try_into()
        .map_err(|_| missing(path, "line of numbers"))
}

fn size(path: &str, key: &str) -> io::Result<u64> {
    bytes(&read(path)?, key).ok_or_else(|| missing(path, key))
}

/// From a line such as `Slab:  98460 kB`.
fn bytes(text: &str, key: &str) -> Option<u64> {
    let amount = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(
        amount
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse::<u64>()
            .ok()?
            * 1024,
    )
}

/// From two lines with the same first word, of which the first has the names and the second the numbers.
fn column(text: &str, prefix: &str, name: &str) -> Option<u64> {
    let mut lines = text.lines().filter(|line| line.starts_with(prefix));
    let (names, numbers) = (lines.next()?, lines.next()?);
    let at = names.split_whitespace().position(|word| word == name)?;
    numbers.split_whitespace().nth(at)?.parse().ok()
}

/// The state's code in the kernel, `TCP_TIME_WAIT`.
const TIME_WAIT: &str = "06";

/// From lines such as `0: 0100007F:A4C3 0200007F:1F90 06 ..`: a number, the local and the remote end, the state.
fn count_time_wait(table: &str, ports: &[u16]) -> usize {
    let port = |end: &str| u16::from_str_radix(end.rsplit_once(':')?.1, 16).ok();
    let is_ours = |end: &str| port(end).is_some_and(|port| ports.contains(&port));
    let is_left = |line: &&str| {
        let mut words = line.split_whitespace().skip(1);
        let ends = [words.next(), words.next()];
        words.next() == Some(TIME_WAIT) && ends.into_iter().flatten().any(is_ours)
    };
    table.lines().filter(is_left).count()
}
