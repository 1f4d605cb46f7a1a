//! The report on one hand-off.

use std::{fmt, panic::Location, time::Duration};

use super::Frame;
use crate::{task::Id, wait::Site};

/// Why a processor was taken from a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// The task ran on: a hot loop, or a long calculation.
    Running,
    /// The task blocked its thread: it slept in a system call.
    Blocked,
    /// The task's thread had no CPU for long, because of busy neighbours or a quota: not the task's fault. Or the system
    /// does not tell how long it ran (all but Linux), so that nobody is to blame. If the same poll runs on and uses a slice of CPU
    /// time after all, it is reported once more, as [`Running`](Cause::Running), but not counted again.
    Starved,
}

/// What a task did that lost its processor, for the hook of
/// [`debug::set_hand_off_hook`](crate::debug::set_hand_off_hook). Its `Display` is a report of several lines:
///
/// ```text
/// task 2048.1 "primes" has run for 12 ms (12 ms on a CPU) without letting others run, and runs on without a processor
///   spawned at src/main.rs:9:5
///   last waited for sleep at src/main.rs:14:9
///   its stack:
///     primes::count (src/primes.rs:31)
///     primes::main::{{closure}} (src/main.rs:16)
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HandOff {
    /// Which task. `None`: it was no task but the waker of another executor that a task woke.
    pub task: Option<Id>,
    /// What [`task::Builder::name`](crate::TaskBuilder::name) said.
    pub name: Option<&'static str>,
    /// Where it was spawned.
    pub spawned_at: Option<&'static Location<'static>>,
    /// Where it waited last, and for what. `None`: it has not waited yet, or for nothing that says so.
    pub last_wait: Option<Site>,
    /// Why the processor was taken.
    pub cause: Cause,
    /// How long its poll had lasted when the report was made, or when the processor was taken if it was over before that. Too
    /// short by the time until the monitor saw it first, 2.5 ms at most.
    pub wall: Duration,
    /// How long of that it had a CPU. `None`: the system does not tell.
    pub cpu: Option<Duration>,
    /// Its poll had not returned when the report was made.
    pub goes_on: bool,
    /// Its thread's native stack, innermost function first. Empty if the task blocked or was over too soon, where the
    /// program blocks `SIGURG` or has replaced its handler, and on other systems than Linux. See
    /// [`debug::set_hand_off_hook`](crate::debug::set_hand_off_hook) for how to get whole stacks.
    pub stack: Vec<Frame>,
    /// Hand-offs before this one that were not reported, since there were too many.
    pub left_out: u64,
}

impl HandOff {
    /// Whether the task is to blame: it ran on, or blocked its thread.
    pub fn is_fault(&self) -> bool {
        self.cause != Cause::Starved
    }

    fn write_head(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.task {
            Some(task) => write!(f, "task {task}")?,
            None => f.write_str("a waker of another executor")?,
        }
        if let Some(name) = self.name {
            write!(f, " {name:?}")?;
        }
        let wall = Milliseconds(self.wall);
        match self.cause {
            Cause::Running => write!(f, " has run for {wall}")?,
            Cause::Blocked => write!(f, " has blocked its thread, {wall} after its poll began")?,
            Cause::Starved => write!(f, " got no CPU, through no fault of its own, for {wall}")?,
        }
        if let (Some(cpu), Cause::Running | Cause::Starved) = (self.cpu, self.cause) {
            write!(f, " ({} on a CPU)", Milliseconds(cpu))?;
        }
        if self.cause == Cause::Running {
            f.write_str(" without letting others run")?;
        }
        f.write_str(if self.goes_on {
            "; it goes on without a processor"
        } else {
            "; it is over"
        })
    }
}

/// The first line of a report.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct Head<'a>(&'a HandOff);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.write_head(f)
    }
}

/// Its stack, a line for each frame.
#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
pub(crate) struct Stack<'a>(&'a [Frame]);

impl fmt::Display for Stack<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, frame) in self.0.iter().enumerate() {
            let begin = if number == 0 { "" } else { "\n" };
            write!(f, "{begin}{frame}")?;
        }
        Ok(())
    }
}

#[cfg_attr(not(feature = "tracing"), allow(dead_code))]
impl HandOff {
    pub(crate) fn head(&self) -> Head<'_> {
        Head(self)
    }

    pub(crate) fn stack(&self) -> Stack<'_> {
        Stack(&self.stack)
    }
}

impl fmt::Display for HandOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_head(f)?;
        if let Some(site) = self.spawned_at {
            write!(f, "\n  spawned at {site}")?;
        }
        if let Some(site) = self.last_wait {
            write!(f, "\n  last waited for {site}")?;
        }
        if !self.stack.is_empty() {
            f.write_str("\n  its stack:")?;
        }
        for frame in &self.stack {
            write!(f, "\n    {frame}")?;
        }
        if self.left_out > 0 {
            write!(
                f,
                "\n  ({} more hand-offs were not reported)",
                self.left_out
            )?;
        }
        Ok(())
    }
}

struct Milliseconds(Duration);

impl fmt::Display for Milliseconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let milliseconds = self.0.as_secs_f64() * 1e3;
        let decimals = usize::from(milliseconds < 10.0);
        write!(f, "{milliseconds:.decimals$} ms")
    }
}
