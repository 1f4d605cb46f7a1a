//! Loads a child that serves, and measures it meanwhile: connections that we hold ourselves, wrk, h2load.

use std::{
    io::Read,
    net::{Ipv4Addr, SocketAddr, TcpStream},
    process::Command,
    time::Duration,
};

use serde_json::Value;
use socket2::{Domain, Socket, Type};

use crate::{
    descriptors,
    metric::{REQUESTS, RESIDENT, SERVER_CPU, Sample},
    process::{Process, Trouble},
};

mod service;
#[cfg(test)]
mod tests;

/// Enough for bytes by connection that mean something; more would take minutes.
const MOST_CONNECTIONS: u64 = 20_000;

/// What a process has open besides: its listener, its poller, pipes, files.
const OTHER_DESCRIPTORS: u64 = 256;

/// From one source address. Linux looks for a free port ever longer when more of them are taken.
const CONNECTIONS_BY_ADDRESS: usize = 9500;

/// A silent child is a failed one.
const PATIENCE: Duration = Duration::from_secs(10);

const WARM_UP_SECONDS: u32 = 1;
const LOAD_SECONDS: u32 = 3;

/// A child that has said where it listens.
pub(crate) struct Server {
    process: Process,
    address: SocketAddr,
}

/// What a serving child says of itself.
struct Mark {
    cpu: f64,
    resident: f64,
}

impl Server {
    pub(crate) fn start(command: &mut Command) -> Result<Self, Trouble> {
        let mut process = Process::start(command)?;
        let port = number(&process.answer()?, "port")? as u16;
        Ok(Self {
            process,
            address: (Ipv4Addr::LOCALHOST, port).into(),
        })
    }

    fn mark(&mut self) -> Result<Mark, Trouble> {
        self.process.tell("mark")?;
        let line = self.process.answer()?;
        Ok(Mark {
            cpu: number(&line, "cpu")?,
            resident: number(&line, "resident")?,
        })
    }

    /// Connects as often as possible; the connections idle while the memory is read.
    pub(crate) fn hold_connections(mut self) -> Result<Sample, Trouble> {
        let limit = descriptors::raise_limit()
            .map_err(|error| format!("the limit on descriptors: {error}"))?;
        let number = limit
            .min(MOST_CONNECTIONS)
            .saturating_sub(OTHER_DESCRIPTORS) as usize;
        if number == 0 {
            return Err(Trouble::Failed(format!(
                "{limit} descriptors are too few: raise the limit (ulimit -n)"
            )));
        }
        let before = self.mark()?;
        let connect = |at| {
            connect(self.address, at)
                .map_err(|error| format!("connection {at} of {number}: {error}"))
        };
        let connections: Vec<_> = (0..number).map(connect).collect::<Result<_, _>>()?;
        let after = self.mark()?;
        drop(connections);
        Ok(Sample::default().with(RESIDENT, (after.resident - before.resident) / number as f64))
    }

    pub(crate) fn beside_reports(self, reports: usize) -> Result<Sample, Trouble> {
        let sample = service::measure(self.address, reports)
            .map_err(|error| Trouble::Failed(format!("a request: {error}")))?;
        // The reports are asked for until the server ends.
        service::wrk::add(sample, self.address)
    }

    pub(crate) fn wrk(self, connections: u32) -> Result<Sample, Trouble> {
        self.requests(wrk_requests, |seconds| {
            let mut command = Command::new("wrk");
            command.args(["-t1", &format!("-c{connections}"), &format!("-d{seconds}s")]);
            command
        })
    }

    pub(crate) fn h2load(self, connections: u32, streams: u32) -> Result<Sample, Trouble> {
        self.requests(h2load_requests, |seconds| {
            let mut command = Command::new("h2load");
            command.args([
                format!("-c{connections}"),
                format!("-m{streams}"),
                format!("-D{seconds}"),
            ]);
            command
        })
    }

    /// Runs the generator to warm up, then measured. It says itself how many requests were answered.
    fn requests(
        mut self,
        count: fn(&str) -> Result<f64, String>,
        generator: impl Fn(u32) -> Command,
    ) -> Result<Sample, Trouble> {
        let url = format!("http://{}/", self.address);
        let load = |seconds| Process::start(generator(seconds).arg(&url))?.output();
        load(WARM_UP_SECONDS)?;
        let before = self.mark()?;
        let requests = count(&load(LOAD_SECONDS)?)?;
        let after = self.mark()?;
        Ok(Sample::default()
            .with(SERVER_CPU, (after.cpu - before.cpu) / 1e3 / requests)
            .with(REQUESTS, requests / f64::from(LOAD_SECONDS)))
    }
}

/// Returns when the server's task has greeted, so that there is never a line before its `accept`. Closed with a reset,
/// which leaves no port in TIME_WAIT.
fn connect(server: SocketAddr, number: usize) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    let last_byte = (number / CONNECTIONS_BY_ADDRESS) as u8 + 2;
    socket.bind(&SocketAddr::from((Ipv4Addr::new(127, 0, 0, last_byte), 0)).into())?;
    socket.set_linger(Some(Duration::ZERO))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(&server.into())?;
    let mut stream = TcpStream::from(socket);
    stream.read_exact(&mut [0])?;
    Ok(stream)
}

fn number(line: &str, field: &str) -> Result<f64, Trouble> {
    let object: Option<Value> = serde_json::from_str(line).ok();
    let number = object.and_then(|object| object.get(field)?.as_f64());
    number.ok_or_else(|| {
        Trouble::Failed(format!(
            "the server printed {line:?}, where {field:?} was expected"
        ))
    })
}

/// The number before "requests in".
fn wrk_requests(output: &str) -> Result<f64, String> {
    let error = |line: &&str| line.contains("Non-2xx") || line.contains("Socket errors: connect");
    let timed_out_only = |line: &&str| line.contains("connect 0, read 0, write 0");
    if let Some(errors) = output
        .lines()
        .find(|line| error(line) && !timed_out_only(line))
    {
        return Err(format!("wrk saw errors: {}", errors.trim()));
    }
    let requests = output
        .lines()
        .find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok());
    positive(requests).ok_or_else(|| format!("wrk printed no number of requests: {output:?}"))
}

/// The number before "succeeded", if none has failed.
fn h2load_requests(output: &str) -> Result<f64, String> {
    let line = output
        .lines()
        .find_map(|line| line.strip_prefix("requests: "))
        .unwrap_or_default();
    let field = |name| {
        line.split(", ")
            .find_map(|field| field.strip_suffix(name)?.trim().parse().ok())
    };
    if field("failed") != Some(0.0) {
        return Err(format!("h2load saw errors: {line:?}"));
    }
    positive(field("succeeded"))
        .ok_or_else(|| format!("h2load printed no number of requests: {output:?}"))
}

fn positive(number: Option<f64>) -> Option<f64> {
    number.filter(|number| *number > 0.0)
}
