//! The command line.

use std::{ffi::OsString, fmt::Display, str::FromStr, time::Duration};

use lexopt::{
    Arg::{Long, Short, Value},
    Parser,
};

#[cfg(test)]
mod tests;

/// The argument with which the program starts itself as the server. Not for people: what the server is to do comes
/// over its standard input.
pub(crate) const SERVE: &str = "serve-as-child";

pub(crate) const HELP: &str = "\
Holds many TCP connections between two processes of this machine, over loopback, and measures them.

Usage: million [options]

  --connections N       connections to hold (10000, or as many as the limits permit)
  --http-connections N  keep-alive HTTP connections beside them, 0 for none (as many, at most 1000)
  --requests N          HTTP requests on each of these (10)
  --hold SECS           how long the connections are held idle (5)
  --window N            operations under way at once (256)
  --port P              port of the echo server, 0 for any that is free (0)
  --max-procs N         processors of gmp in each of the two processes (its default)
  --json                print the report as JSON
  --deadline SECS       end after this time, whatever the state (120 more than --hold)
  --help                this text

Exit codes: 0 all went well, 1 something failed, 2 the run as asked for is not possible.
";

/// The time a run has besides holding. 10,000 connections take about 3 s on 2 cores; the rest is for slow machines.
const DEFAULT_DEADLINE: Duration = Duration::from_secs(120);

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    Serve,
    Load(Options),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// `None`: the default number, which makes way for limits.
    pub(crate) connections: Option<usize>,
    /// `None`: depends on the number of connections.
    pub(crate) http_connections: Option<usize>,
    pub(crate) requests: usize,
    pub(crate) hold: Duration,
    pub(crate) window: usize,
    pub(crate) port: u16,
    pub(crate) max_procs: Option<usize>,
    pub(crate) json: bool,
    pub(crate) deadline: Duration,
}

/// # Errors
/// A sentence that names the argument and what it should be.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options {
        connections: None,
        http_connections: None,
        requests: 10,
        hold: Duration::from_secs(5),
        window: 256,
        port: 0,
        max_procs: None,
        json: false,
        deadline: Duration::ZERO,
    };
    let mut deadline = None;
    while let Some(argument) = parser.next().map_err(in_words)? {
        match argument {
            Long("connections") => {
                options.connections = Some(count(&mut parser, "--connections", 1)?)
            }
            Long("http-connections") => {
                options.http_connections = Some(count(&mut parser, "--http-connections", 0)?)
            }
            Long("requests") => options.requests = count(&mut parser, "--requests", 1)?,
            Long("hold") => options.hold = seconds(&mut parser, "--hold")?,
            Long("window") => options.window = count(&mut parser, "--window", 1)?,
            Long("port") => {
                options.port = value(&mut parser, "--port", "a port from 0 to 65535", |_| true)?
            }
            Long("max-procs") => options.max_procs = Some(count(&mut parser, "--max-procs", 1)?),
            Long("json") => options.json = true,
            Long("deadline") => deadline = Some(seconds(&mut parser, "--deadline")?),
            Long("help") | Short('h') => return Ok(Command::Help),
            Value(word) if word == SERVE => return Ok(Command::Serve),
            other => return Err(in_words(other.unexpected())),
        }
    }
    options.deadline = deadline.unwrap_or(options.hold + DEFAULT_DEADLINE);
    if options.deadline <= options.hold {
        return Err(format!(
            "--deadline {} leaves no time beside --hold {}: make it longer",
            options.deadline.as_secs_f64(),
            options.hold.as_secs_f64(),
        ));
    }
    Ok(Command::Load(options))
}

fn count(parser: &mut Parser, option: &str, least: usize) -> Result<usize, String> {
    let wanted = format!("a whole number of at least {least}");
    value(parser, option, &wanted, |number| *number >= least)
}

/// At most a day: whatever is longer is a slip of the hand.
fn seconds(parser: &mut Parser, option: &str) -> Result<Duration, String> {
    let wanted = "a number of seconds from 0 to 86400";
    let holds = |number: &f64| (0.0..=86_400.0).contains(number);
    value(parser, option, wanted, holds).map(Duration::from_secs_f64)
}

fn value<T: FromStr>(
    parser: &mut Parser,
    option: &str,
    wanted: &str,
    holds: impl Fn(&T) -> bool,
) -> Result<T, String> {
    let value = parser
        .value()
        .map_err(|_| format!("{option} needs {wanted}"))?;
    let parsed = value
        .to_str()
        .and_then(|text| text.parse().ok())
        .filter(holds);
    parsed.ok_or_else(|| format!("{option} {value:?}: needs {wanted}"))
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
