//! The child process: measures one workload on one runtime, prints the figures as JSON, and ends.
//!
//! # How it works
//! The program starts itself once for each workload, runtime, number of processors and round, so that no measurement
//! finds another one's threads, allocator or caches. The Go twin takes the same arguments and prints the same.
//! A child whose standard input ends, ends too: it does not outlive the program.

use std::{ffi::OsString, io, process::ExitCode, thread};

use crate::{allocations, metric::Sample, workload::Driver};

pub(crate) mod server;
mod settings;

pub(crate) use settings::Settings;

/// The argument that makes this a child. Not for people.
pub(crate) const CHILD: &str = "run-as-child";

pub(crate) fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let outcome = Settings::parse(arguments)
        .and_then(|settings| measure(&settings).map_err(|error| error.to_string()));
    match outcome {
        Ok(sample) => {
            println!("{sample}");
            // Without the destructors of a runtime with a million tasks: they are not what is measured.
            std::process::exit(0)
        }
        Err(why) => {
            eprintln!("gmp-benches, child: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(settings: &Settings) -> io::Result<Sample> {
    if settings.count_allocations {
        allocations::count_from_now_on();
    }
    if matches!(
        settings.workload.about().driver,
        Driver::Child | Driver::Scene
    ) {
        thread::spawn(end_with_standard_input);
    }
    match settings.workload.by(settings.rival) {
        Some(measure) => measure(settings),
        None => Err(io::Error::other("this rival has no such workload here")),
    }
}

fn end_with_standard_input() {
    let _ = io::copy(&mut io::stdin(), &mut io::sink());
    std::process::exit(1);
}
