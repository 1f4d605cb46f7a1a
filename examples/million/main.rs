//! The load test: as many TCP connections as this machine's limits let one pair of processes hold.
//!
//! `cargo run --release --example million -- --help`
//!
//! # How it works
//! The program is the client. It starts itself again as the server (an echo server and an HTTP server, see
//! [`server`]); both run on gmp. [`preflight`] first works out how many connections fit, then [`shard`], which is one
//! such pair of processes, goes through the phases: connect, hold, echo twice, HTTP, close. [`report`] prints what was
//! measured. One synchronous function goes from phase to phase, the phases are async.
//!
//! # Invariants
//! - I1: whatever the outcome, no process is left running: [`supervisor`] ends the server before the client ends, and
//!   the server ends itself when its standard input does, when its parent dies and at its deadline.
//! - I2: everything has a limit in time: an operation [`parallel::OPERATION_LIMIT`], the run `--deadline`.
//! - I3: all traffic is loopback.
//!
//! # Not done here
//! More connections than one process may have descriptors: that takes several pairs at once.

mod args;
mod connect;
mod echo;
mod http;
mod machine;
mod meter;
mod parallel;
mod preflight;
mod protocol;
mod report;
mod server;
mod server_process;
mod shard;
mod supervisor;

use std::process::ExitCode;

use args::Command;

/// The exit code for what the caller can put right: an argument, a limit, a port.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    match args::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", args::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Serve) => server::run(),
        Ok(Command::Load(options)) => shard::run(&options).unwrap_or_else(|why| refuse(&why)),
        Err(why) => refuse(&format!("{why} (--help lists the options)")),
    }
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("million: {why}");
    ExitCode::from(REFUSED)
}
