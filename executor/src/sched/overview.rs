//! What a dump says of the scheduler: who holds which processor, who is idle, who is away. By loads alone, each of a moment of its
//! own: nobody is stopped for it, and no lock is taken, so that a runtime that hangs tells, too.

use std::{fmt, sync::atomic::Ordering};

use super::{processor::Processor, scheduler::Scheduler, table};
use crate::task::Id;

/// All runtimes that have threads.
pub(crate) struct Overview;

impl fmt::Display for Overview {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        table::each()
            .filter(|scheduler| scheduler.machines.load(Ordering::Relaxed) > 0)
            .try_for_each(|scheduler| scheduler.describe(f))
    }
}

impl Scheduler {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = self.idle.counts();
        let (running, all) = (self.absent.want_cpus() as usize, self.absent.all());
        writeln!(
            f,
            "runtime {}: {} processors ({} idle, {} searching), {} machines ({running} run and {} block without a processor){}",
            self.index,
            self.idle.live(),
            counts.idle(),
            counts.searching(),
            self.machines.load(Ordering::Relaxed),
            all.saturating_sub(running),
            if self.is_closing() { ", it ends" } else { "" },
        )?;
        let processors = self.processors.iter();
        let shown = |it: &&Processor| it.holder().is_some() || it.number < self.idle.live();
        processors.filter(shown).try_for_each(|it| it.describe(f))
    }
}

impl Processor {
    fn describe(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "processor {}: ", self.number)?;
        match self.holder().map(|machine| machine.current()) {
            None => f.write_str("nobody holds it")?,
            Some(None) => f.write_str("its machine polls nobody")?,
            Some(Some(task)) => write!(f, "its machine polls task {}", Id(task))?,
        }
        writeln!(f, ", {} turns", self.tick())
    }
}
