//! The command line of a child, which only the program writes.

use std::{ffi::OsString, num::NonZeroU32};

use lexopt::{Arg::Long, Parser, ValueExt};

use super::CHILD;
use crate::{rival::Rival, work::Pace, workload::Workload};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) workload: Workload,
    pub(crate) rival: Rival,
    pub(crate) procs: usize,
    pub(crate) pace: Pace,
    pub(crate) count_allocations: bool,
}

impl Settings {
    pub(crate) fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![
            CHILD.to_owned(),
            format!("--workload={}", self.workload.name()),
            format!("--rival={}", self.rival.name()),
            format!("--procs={}", self.procs),
            format!("--steps={}", self.pace.0),
        ];
        if self.count_allocations {
            arguments.push("--count-allocs".to_owned());
        }
        arguments
    }

    /// Of what follows [`CHILD`].
    pub(super) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Self, String> {
        Self::read(&mut Parser::from_args(arguments)).map_err(|error| error.to_string())
    }

    fn read(parser: &mut Parser) -> Result<Self, lexopt::Error> {
        let (mut workload, mut rival, mut procs, mut pace) = (None, None, None, None);
        let mut count_allocations = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("workload") => workload = Workload::named(&parser.value()?.string()?).next(),
                Long("rival") => rival = Rival::named(&parser.value()?.string()?),
                Long("procs") => procs = Some(parser.value()?.parse()?),
                Long("steps") => pace = Some(Pace(parser.value()?.parse::<NonZeroU32>()?)),
                Long("count-allocs") => count_allocations = true,
                other => return Err(other.unexpected()),
            }
        }
        Ok(Self {
            workload: workload.ok_or("--workload is missing")?,
            rival: rival.ok_or("--rival is missing")?,
            procs: procs.ok_or("--procs is missing")?,
            pace: pace.ok_or("--steps is missing")?,
            count_allocations,
        })
    }
}
