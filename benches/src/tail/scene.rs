//! What stands beside the probes.

use std::time::Duration;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Scene {
    /// Nothing.
    Idle,
    /// 4 tasks that burn 20 ms in each poll, then yield.
    Burn4,
    /// Loops that never end, in one poll.
    Loops2,
    Loops4,
    Loops100,
    /// 10,000 tasks with 5 ms of work in their only poll: 25 s of work for two processors, of which 3 are seen.
    Work10000,
    /// Tasks that put their thread to sleep for 20 ms in each poll, then yield.
    Block4,
    Block100,
    /// 10,000 loops that never end, written as the runtime's documents tell who writes such loops.
    Annotated10000,
    /// 4 tasks that wake themselves and are pending, for ever.
    Wake4,
    /// 100 loops that never end, and send and spawn all the time.
    Send100,
}

impl Scene {
    /// As a workload.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Idle => "tail/idle",
            Self::Burn4 => "tail/burn_4",
            Self::Loops2 => "tail/loops_2",
            Self::Loops4 => "tail/loops_4",
            Self::Loops100 => "tail/loops_100",
            Self::Work10000 => "tail/work_10000",
            Self::Block4 => "tail/block_4",
            Self::Block100 => "tail/block_100",
            Self::Annotated10000 => "tail/annotated_10000",
            Self::Wake4 => "tail/wake_4",
            Self::Send100 => "tail/send_100",
        }
    }

    pub(super) const fn question(self) -> &'static str {
        match self {
            Self::Idle => "a sleeper and an echo beside nothing",
            Self::Burn4 => "… beside 4 tasks that burn 20 ms a poll, then yield",
            Self::Loops2 => "… beside 2 infinite loops",
            Self::Loops4 => "… beside 4 infinite loops",
            Self::Loops100 => "… beside 100 infinite loops",
            Self::Work10000 => "… beside 10,000 tasks with 5 ms of work each",
            Self::Block4 => "… beside 4 tasks that block their thread for 20 ms a poll",
            Self::Block100 => "… beside 100 tasks that block their thread for 20 ms a poll",
            Self::Annotated10000 => "… beside 10,000 infinite loops that may be interrupted",
            Self::Wake4 => "… beside 4 tasks that wake themselves",
            Self::Send100 => "… beside 100 infinite loops that send and spawn",
        }
    }

    /// The hogs are futures by nature: `spawn_blocking` has no place for them.
    pub(crate) fn polls_often(self) -> bool {
        matches!(self, Self::Annotated10000 | Self::Wake4)
    }

    /// The hogs' units of work are counted.
    pub(super) fn works(self) -> bool {
        !matches!(
            self,
            Self::Idle | Self::Wake4 | Self::Block4 | Self::Block100
        )
    }

    /// How often the hogs would sleep in a second if nobody waited for anything else.
    pub(super) fn ideal_sleeps(self) -> Option<f64> {
        let tasks = match self {
            Self::Block4 => 4.0,
            Self::Block100 => 100.0,
            _ => return None,
        };
        Some(tasks / BLOCKED.as_secs_f64())
    }
}

/// Units of work in one poll of a task that burns.
pub(super) const BURNT: u32 = 20_000;
/// And of one that works once.
pub(super) const WORKED: u32 = 5_000;
/// How long a task puts its thread to sleep.
pub(super) const BLOCKED: Duration = Duration::from_millis(20);
