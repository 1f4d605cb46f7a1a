//! Works out, before anything is started, whether the connections asked for fit this machine, and how many would.
//!
//! # How it works
//! Each resource says how much of it a number of connections needs and how much there is. The scarcest one decides. A
//! number that the user asked for is refused if it does not fit; the default makes way.

use indicatif::{HumanBytes, HumanCount};

use crate::{args::Options, machine::Limits};

#[cfg(test)]
mod tests;

const DEFAULT_CONNECTIONS: usize = 10_000;
const DEFAULT_HTTP_CONNECTIONS: usize = 1_000;

/// Descriptors of a process besides its connections: standard streams, pipes, epoll, and what it has inherited.
const OTHER_FILES: usize = 64;

/// Memory of one connection, both ends together: 8 KiB in the kernel, the rest in the processes and as a margin.
const BYTES_PER_CONNECTION: u64 = 12 << 10;

/// The same for an HTTP connection, where hyper has a buffer at both ends.
const BYTES_PER_HTTP_CONNECTION: u64 = 48 << 10;

/// Memory that is left to the two processes themselves and to the rest of the machine, however few the connections: a
/// machine of 1 GiB runs the default.
const OTHER_BYTES: u64 = 256 << 20;

/// What is left besides for each connection: so that it is 2.5 GiB beside a million, which take the machine up for minutes.
const OTHER_BYTES_PER_CONNECTION: u64 = 2_415;

/// Connections from one source address to one destination. Each needs a source port of its own, and `connect` searches
/// for a free one: with the stock range of 28,232 ports a connection costs 19.5 µs at 13,000 and 191 µs at 19,000.
const CONNECTIONS_PER_DESTINATION: usize = 9_500;

/// The part of the port range that one destination may use where the range is smaller than the stock one.
const PORT_RANGE_PARTS: usize = 3;

/// Destinations are 127.0.0.1 up to 127.0.0.250, each with a listener.
const MOST_DESTINATIONS: usize = 250;

/// Connections that may wait at a listener. Where they do not fit, the kernel drops them, and the client tries again
/// after a second: 20,000 connections take 28.8 s instead of 0.55 s at 128.
const BACKLOG: usize = 4_096;

/// What the run will do, with all limits taken into account.
#[derive(Debug, PartialEq)]
pub(crate) struct Plan {
    pub(crate) connections: usize,
    pub(crate) http_connections: usize,
    /// How many connections go to one address before the next one's turn.
    pub(crate) per_destination: usize,
    pub(crate) window: usize,
    pub(crate) backlog: usize,
    /// Sentences on what is not as asked for.
    pub(crate) notes: Vec<String>,
}

impl Plan {
    pub(crate) fn destinations(&self) -> usize {
        self.connections.div_ceil(self.per_destination)
    }

    pub(crate) fn http_destinations(&self) -> usize {
        self.http_connections.div_ceil(self.per_destination)
    }
}

/// # Errors
/// A sentence that says how many connections would fit and what to raise.
pub(crate) fn plan(limits: &Limits, options: &Options) -> Result<Plan, String> {
    let mut notes = Vec::new();
    let connections = connections(limits, options, &mut notes)?;
    let backlog = BACKLOG.min(limits.somaxconn);
    let http_connections = http_connections(options, connections);
    notes.extend(tracking(limits, connections + http_connections));
    Ok(Plan {
        connections,
        http_connections,
        per_destination: per_destination(limits),
        window: window(options.window, backlog, &mut notes),
        backlog,
        notes,
    })
}

fn connections(
    limits: &Limits,
    options: &Options,
    notes: &mut Vec<String>,
) -> Result<usize, String> {
    let asked = options.connections.unwrap_or(DEFAULT_CONNECTIONS);
    let resources = resources(limits, options);
    let fitting = |resource: &Resource| resource.fitting(asked);
    let Some(scarcest) = resources.iter().min_by_key(|resource| fitting(resource)) else {
        return Ok(asked);
    };
    let fit = fitting(scarcest);
    if fit == asked {
        return Ok(asked);
    }
    let (asked, most) = (HumanCount(asked as u64), HumanCount(fit as u64));
    let Resource {
        name,
        available,
        remedy,
        ..
    } = scarcest;
    if options.connections.is_some() || fit == 0 {
        return Err(format!(
            "{asked} connections do not fit, {most} would: {name} ({available}); {remedy}"
        ));
    }
    notes.push(format!(
        "{most} connections instead of {asked}: {name} ({available}); {remedy}"
    ));
    Ok(fit)
}

/// As many as asked for, or as there are other connections, of which there are no more than a thousand then.
fn http_connections(options: &Options, connections: usize) -> usize {
    options
        .http_connections
        .unwrap_or(connections.min(DEFAULT_HTTP_CONNECTIONS))
}

fn per_destination(limits: &Limits) -> usize {
    (limits.ports.len() / PORT_RANGE_PARTS).clamp(1, CONNECTIONS_PER_DESTINATION)
}

/// With a window no larger than the backlog no listener's queue overflows.
fn window(asked: usize, backlog: usize, notes: &mut Vec<String>) -> usize {
    if asked > backlog {
        notes.push(format!(
            "a window of {backlog} instead of {asked}: so many connections may wait at a listener"
        ));
    }
    asked.min(backlog)
}

/// A note where the firewall's table is too small. No refusal, since whether a rule has loopback tracked is not to be seen.
fn tracking(limits: &Limits, sockets: usize) -> Option<String> {
    let free = limits.tracking_free.filter(|free| *free < sockets as u64)?;
    Some(format!(
        "a firewall that tracks loopback would stop this run: room for {} more connections (conntrack), {} are needed; \
         raise the sysctl net.netfilter.nf_conntrack_max",
        HumanCount(free),
        HumanCount(sockets as u64)
    ))
}

/// Something of which each connection takes a part.
struct Resource<'a> {
    name: &'static str,
    /// How much there is, for people.
    available: String,
    remedy: &'static str,
    has_enough_for: Box<dyn Fn(usize) -> bool + 'a>,
}

impl Resource<'_> {
    /// The largest number up to `asked` for which there is enough. More connections never need less.
    fn fitting(&self, asked: usize) -> usize {
        let (mut fits, mut over) = (0, asked + 1);
        while over - fits > 1 {
            let middle = fits + (over - fits) / 2;
            if (self.has_enough_for)(middle) {
                fits = middle
            } else {
                over = middle
            }
        }
        fits
    }
}

fn resources<'a>(limits: &'a Limits, options: &'a Options) -> [Resource<'a>; 4] {
    let http = |connections| http_connections(options, connections);
    let listeners = |connections: usize| connections.div_ceil(per_destination(limits));
    let sockets = move |connections| connections + http(connections);
    let files = move |n| sockets(n) + listeners(n) + listeners(http(n)) + OTHER_FILES;
    let bytes = move |n| {
        n as u64 * (BYTES_PER_CONNECTION + OTHER_BYTES_PER_CONNECTION)
            + http(n) as u64 * BYTES_PER_HTTP_CONNECTION
            + OTHER_BYTES
    };
    [
        Resource {
            name: "open files of one process",
            available: format!("hard limit {}", HumanCount(limits.open_files_hard)),
            remedy: "raise it with `ulimit -Hn` or LimitNOFILE=",
            has_enough_for: Box::new(move |n| files(n) as u64 <= limits.open_files_hard),
        },
        Resource {
            name: "open files of the machine",
            available: format!("{} free", HumanCount(limits.files_free)),
            remedy: "raise the sysctl fs.file-max",
            has_enough_for: Box::new(move |n| 2 * files(n) as u64 <= limits.files_free),
        },
        Resource {
            name: "memory",
            available: format!("{} available", HumanBytes(limits.memory_available_bytes)),
            remedy: "free some",
            has_enough_for: Box::new(move |n| bytes(n) <= limits.memory_available_bytes),
        },
        Resource {
            name: "source ports",
            available: format!("{} to {}", limits.ports.start(), limits.ports.end()),
            remedy: "widen the sysctl net.ipv4.ip_local_port_range",
            has_enough_for: Box::new(move |n| listeners(n.max(http(n))) <= MOST_DESTINATIONS),
        },
    ]
}
