//! What the client and the server process say to each other: one JSON value a line, over the server's standard input
//! and output.
//!
//! The client sends [`Settings`], the server answers [`Answer::Ready`] or [`Answer::Refused`]; from then on each empty
//! line of the client is answered by [`Answer::Usage`]. The end of its input ends the server.

use std::{
    io::{self, Write},
    net::SocketAddr,
    time::Duration,
};

use serde::{Deserialize, Serialize};

#[cfg(test)]
mod tests;

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// Port of the echo server, 0 for any.
    pub(crate) port: u16,
    /// How many addresses of 127.0.0.0/8 the echo server listens on.
    pub(crate) echo_listeners: usize,
    pub(crate) http_listeners: usize,
    pub(crate) backlog: usize,
    pub(crate) max_procs: Option<usize>,
    /// The server ends after this time if nobody has ended it before.
    pub(crate) deadline: Duration,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Answer {
    Ready(Addresses),
    /// Why the server cannot be started as asked for.
    Refused(String),
    Usage(Usage),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Addresses {
    pub(crate) echo: Vec<SocketAddr>,
    pub(crate) http: Vec<SocketAddr>,
}

impl Addresses {
    pub(crate) fn ports(&self) -> Vec<u16> {
        self.echo
            .iter()
            .chain(&self.http)
            .map(SocketAddr::port)
            .collect()
    }
}

/// What the server has used since its start.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Usage {
    pub(crate) cpu: Duration,
    pub(crate) resident_bytes: u64,
    /// Connections that are served at this moment.
    pub(crate) open: usize,
}

/// Writes one line and hands it over.
pub(crate) fn send(mut to: impl Write, message: &impl Serialize) -> io::Result<()> {
    let line = serde_json::to_string(message)?;
    writeln!(to, "{line}")?;
    to.flush()
}
