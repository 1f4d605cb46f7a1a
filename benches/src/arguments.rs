//! The command line.

use std::{collections::HashSet, ffi::OsString, fmt::Display, str::FromStr};

use lexopt::{
    Arg::{Long, Short, Value},
    Parser,
};

use crate::{rival::Rival, workload::Workload};

#[cfg(test)]
mod tests;

pub(crate) const HELP: &str = "\
Runs the same small programs on gmp and its rivals and compares them.

Usage: gmp-benches NAME... [options]

  NAME            a workload, or those of one file (task_bytes), or all but tail and tail_service, which take long
  --list          print the workloads and what they ask
  --scenes A[,B]  of the named workloads only those with such a part behind the slash
  --rivals A[,B]  whom to compare gmp with: tokio, tokio-current, tokio-blocking, tokio-two, smol, go, flume, kanal,
                  crossbeam, std, or none (all but tokio-current); flume and kanal are channels, measured on gmp's runtime
                  or, as crossbeam's and std's, between threads; tokio-blocking
                  and tokio-two, what an expert does about tasks that take long, are measured where there are some
  --procs N[,M]   the numbers of processors to run with (each workload has its own, most 1,2)
  --reps R        rounds; each takes a measurement of everyone in turn (5)
  --count-allocs  count allocations too, in a round of its own
  --json          print JSON, a line for each figure
  --help          this text

Go is taken from PATH, or from where GMP_GO says. The servers are loaded by wrk and h2load, where these are installed.
Exit codes: 0 all was measured but what is not installed, 1 a measurement failed, 2 the arguments are wrong.
";

/// A machine with more is not known; what is larger is a slip of the hand.
const MOST_PROCS: usize = 4096;

#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    Help,
    List,
    Run(Options),
}

#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    pub(crate) workloads: Vec<Workload>,
    /// gmp itself comes first.
    pub(crate) contestants: Vec<Rival>,
    /// `None`: what each workload has of itself.
    pub(crate) procs: Option<Vec<usize>>,
    pub(crate) rounds: usize,
    pub(crate) count_allocations: bool,
    pub(crate) json: bool,
}

/// # Errors
/// A sentence that names the argument and what it should be.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Command, String> {
    let mut parser = Parser::from_args(arguments);
    let mut options = Options {
        workloads: Vec::new(),
        contestants: vec![
            Rival::Gmp,
            Rival::Tokio,
            Rival::TokioBlocking,
            Rival::TokioTwo,
            Rival::Smol,
            Rival::Go,
            Rival::Flume,
            Rival::Kanal,
            Rival::Crossbeam,
            Rival::Std,
        ],
        procs: None,
        rounds: 5,
        count_allocations: false,
        json: false,
    };
    let mut scenes = None;
    while let Some(argument) = parser.next().map_err(in_words)? {
        match argument {
            Value(name) => options
                .workloads
                .extend(workloads(&name.to_string_lossy())?),
            Long("list") => return Ok(Command::List),
            Long("rivals") => {
                options.contestants = contestants(&text(&mut parser, "--rivals", RIVALS)?)?
            }
            Long("scenes") => scenes = Some(text(&mut parser, "--scenes", SCENES)?),
            Long("procs") => options.procs = Some(procs(&text(&mut parser, "--procs", PROCS)?)?),
            Long("reps") => options.rounds = rounds(&text(&mut parser, "--reps", ROUNDS)?)?,
            Long("count-allocs") => options.count_allocations = true,
            Long("json") => options.json = true,
            Long("help") | Short('h') => return Ok(Command::Help),
            other => return Err(format!("{} (--help lists the options)", other.unexpected())),
        }
    }
    options.workloads = once_each(options.workloads);
    if let Some(scenes) = scenes {
        options.workloads = only(options.workloads, &scenes)?;
    }
    match options.workloads.is_empty() {
        true => Err("no workload is named: name some, or all (--list shows them)".to_owned()),
        false => Ok(Command::Run(options)),
    }
}

const RIVALS: &str = "names from tokio, tokio-current, tokio-blocking, tokio-two, smol, go, flume, kanal, crossbeam, std, separated by commas, or none";
const SCENES: &str = "names that --list shows behind a slash, separated by commas";
const PROCS: &str = "whole numbers from 1 to 4096, separated by commas";
const ROUNDS: &str = "a whole number from 1 to 10000";

fn workloads(name: &str) -> Result<Vec<Workload>, String> {
    let named: Vec<_> = Workload::named(name).collect();
    match named.is_empty() {
        true => Err(format!(
            "there is no workload {name:?}: --list shows them, all means each"
        )),
        false => Ok(named),
    }
}

fn only(workloads: Vec<Workload>, scenes: &str) -> Result<Vec<Workload>, String> {
    let wanted: Vec<_> = scenes.split(',').collect();
    let is = |scene: &str, workload: &Workload| workload.scene() == Some(scene);
    if let Some(unknown) = wanted
        .iter()
        .find(|scene| !workloads.iter().any(|it| is(scene, it)))
    {
        return Err(format!(
            "--scenes {unknown:?}: none of the named workloads has it; needs {SCENES}"
        ));
    }
    let mut kept = workloads;
    kept.retain(|workload| wanted.iter().any(|scene| is(scene, workload)));
    Ok(kept)
}

fn contestants(list: &str) -> Result<Vec<Rival>, String> {
    let known =
        |name| Rival::named(name).ok_or_else(|| format!("--rivals {list:?}: needs {RIVALS}"));
    let rivals: Vec<_> = match list {
        "none" => Vec::new(),
        names => names.split(',').map(known).collect::<Result<_, _>>()?,
    };
    Ok(once_each([Rival::Gmp].into_iter().chain(rivals)))
}

fn procs(list: &str) -> Result<Vec<usize>, String> {
    let numbers = list
        .split(',')
        .map(|number| number_up_to(number, MOST_PROCS));
    let numbers: Option<Vec<_>> = numbers.collect();
    numbers
        .map(once_each)
        .ok_or_else(|| format!("--procs {list:?}: needs {PROCS}"))
}

fn rounds(number: &str) -> Result<usize, String> {
    number_up_to(number, 10_000).ok_or_else(|| format!("--reps {number:?}: needs {ROUNDS}"))
}

fn number_up_to(text: &str, most: usize) -> Option<usize> {
    usize::from_str(text)
        .ok()
        .filter(|number| (1..=most).contains(number))
}

/// In the order in which they were named first.
fn once_each<T: Copy + Eq + std::hash::Hash>(all: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen = HashSet::new();
    all.into_iter().filter(|one| seen.insert(*one)).collect()
}

fn text(parser: &mut Parser, option: &str, wanted: &str) -> Result<String, String> {
    let value = parser
        .value()
        .map_err(|_| format!("{option} needs {wanted}"))?;
    Ok(value.to_string_lossy().into_owned())
}

fn in_words(error: impl Display) -> String {
    error.to_string()
}
