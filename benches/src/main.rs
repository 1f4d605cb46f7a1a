//! gmp beside tokio, smol and Go: the same small programs, in one run, on this machine.
//!
//! `cargo run --release -p gmp-benches -- --help`
//!
//! # How it works
//! [`arguments`] says what is to be measured, [`plan`] runs it round by round, each measurement in a fresh [`child`]
//! process; [`report`] prints medians and ranges. The questions are in [`workload`], one file each; a runtime answers
//! them through the trait in [`runtime`], and those in [`kit`]. The folder `go` has the twin of this program's child, in
//! Go.
//!
//! # Invariants
//! - I1: the contestants take turns, round by round (A, B, C, A, B, C), so that what disturbs the machine for a while
//!   disturbs each of them.
//! - I2: each child warms up before it measures.
//! - I3: each child has a limit in time and ends when this program does.
//! - I4: all traffic is loopback.

mod allocations;
mod arguments;
mod child;
mod descriptors;
mod golang;
mod kit;
mod latch;
mod load;
mod meter;
mod metric;
mod plan;
mod process;
mod report;
mod rival;
mod runtime;
mod statistics;
mod tail;
mod work;
mod workload;

use std::process::ExitCode;

use arguments::Command;
use workload::Workload;

/// The exit code for arguments that the caller can put right.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let mut words = std::env::args_os().skip(1).peekable();
    if words.next_if(|word| word == child::CHILD).is_some() {
        return child::run(words);
    }
    match arguments::parse(words) {
        Ok(Command::Help) => print!("{}", arguments::HELP),
        Ok(Command::List) => list(),
        Ok(Command::Run(options)) => return plan::run(&options),
        Err(why) => {
            eprintln!("gmp-benches: {why}");
            return ExitCode::from(REFUSED);
        }
    }
    ExitCode::SUCCESS
}

fn list() {
    for workload in Workload::ALL {
        println!("{:<24}{}", workload.name(), workload.about().question);
    }
}
