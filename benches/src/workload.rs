//! The workloads by name. One file below answers one question; what it asks of a runtime is in [`crate::runtime`].

use std::io;

use crate::{
    child::Settings,
    metric::{CPU, Metric, Sample, WALL},
    runtime::Runtime,
};

mod chained_spawn;
mod fork_join;
mod fork_join_work;
mod hyper_http1;
mod overlap;
mod spawn_detached;
mod spawn_join;
mod task_bytes;
mod tcp_echo;
mod timer_drop;
mod timer_lateness;
mod yield_many;

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Workload {
    SpawnDetached,
    SpawnJoin,
    ChainedSpawn,
    ForkJoin,
    ForkJoinWork,
    Overlap,
    YieldMany,
    TimerDropAlone,
    TimerDropBeside,
    TimerLateness,
    BytesPending,
    BytesSleep,
    BytesConnection,
    EchoShort,
    EchoLong,
    HyperFew,
    HyperMany,
    HyperHttp2,
}

/// What the program says and knows of a workload.
pub(crate) struct About {
    pub(crate) question: &'static str,
    /// The first is the one that ratios are of.
    pub(crate) metrics: &'static [Metric],
    /// The numbers of processors that it is run with unless others are asked for.
    pub(crate) procs: &'static [usize],
    /// Who makes the load.
    pub(crate) driver: Driver,
}

/// Who makes the load. The child makes it itself, or it is a server and the program gives it something to do.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Driver {
    Child,
    /// As many idle connections as the limit on descriptors allows.
    Connections,
    Wrk {
        connections: u32,
    },
    H2load {
        connections: u32,
        streams: u32,
    },
}

impl About {
    /// Of a workload that is [`crate::meter::throughput`] and nothing else.
    const fn throughput(question: &'static str) -> Self {
        Self {
            question,
            metrics: &[WALL, CPU],
            procs: &[1, 2],
            driver: Driver::Child,
        }
    }
}

impl Workload {
    pub(crate) const ALL: [Self; 18] = [
        Self::SpawnDetached,
        Self::SpawnJoin,
        Self::ChainedSpawn,
        Self::ForkJoin,
        Self::ForkJoinWork,
        Self::Overlap,
        Self::YieldMany,
        Self::TimerDropAlone,
        Self::TimerDropBeside,
        Self::TimerLateness,
        Self::BytesPending,
        Self::BytesSleep,
        Self::BytesConnection,
        Self::EchoShort,
        Self::EchoLong,
        Self::HyperFew,
        Self::HyperMany,
        Self::HyperHttp2,
    ];

    /// What stands before the slash is a name too: of all the workloads of one file.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::SpawnDetached => "spawn_detached",
            Self::SpawnJoin => "spawn_join",
            Self::ChainedSpawn => "chained_spawn",
            Self::ForkJoin => "fork_join",
            Self::ForkJoinWork => "fork_join_work",
            Self::Overlap => "overlap",
            Self::YieldMany => "yield_many",
            Self::TimerDropAlone => "timer_drop/alone",
            Self::TimerDropBeside => "timer_drop/beside",
            Self::TimerLateness => "timer_lateness",
            Self::BytesPending => "task_bytes/pending",
            Self::BytesSleep => "task_bytes/sleep",
            Self::BytesConnection => "task_bytes/connection",
            Self::EchoShort => "tcp_echo/64",
            Self::EchoLong => "tcp_echo/4096",
            Self::HyperFew => "hyper_http1/c64",
            Self::HyperMany => "hyper_http1/c1000",
            Self::HyperHttp2 => "hyper_http1/h2",
        }
    }

    pub(crate) fn named(name: &str) -> impl Iterator<Item = Self> {
        let is_meant = move |workload: &Self| {
            let full = workload.name();
            name == "all"
                || full == name
                || full.split_once('/').is_some_and(|(file, _)| file == name)
        };
        Self::ALL.into_iter().filter(is_meant)
    }

    pub(crate) fn about(self) -> About {
        match self {
            Self::SpawnDetached => spawn_detached::ABOUT,
            Self::SpawnJoin => spawn_join::ABOUT,
            Self::ChainedSpawn => chained_spawn::ABOUT,
            Self::ForkJoin => fork_join::ABOUT,
            Self::ForkJoinWork => fork_join_work::ABOUT,
            Self::Overlap => overlap::ABOUT,
            Self::YieldMany => yield_many::ABOUT,
            Self::TimerDropAlone => timer_drop::ALONE,
            Self::TimerDropBeside => timer_drop::BESIDE,
            Self::TimerLateness => timer_lateness::ABOUT,
            Self::BytesPending => task_bytes::PENDING,
            Self::BytesSleep => task_bytes::SLEEP,
            Self::BytesConnection => task_bytes::CONNECTION,
            Self::EchoShort => tcp_echo::SHORT,
            Self::EchoLong => tcp_echo::LONG,
            Self::HyperFew => hyper_http1::FEW,
            Self::HyperMany => hyper_http1::MANY,
            Self::HyperHttp2 => hyper_http1::HTTP2,
        }
    }

    /// Measures, or serves until the program has measured: such a child has printed its figures itself.
    ///
    /// # Errors
    /// What the runtime or the system said; nothing was measured then.
    pub(crate) fn run<R: Runtime>(self, settings: &Settings) -> io::Result<Sample> {
        match self {
            Self::SpawnDetached => spawn_detached::run::<R>(settings),
            Self::SpawnJoin => spawn_join::run::<R>(settings),
            Self::ChainedSpawn => chained_spawn::run::<R>(settings),
            Self::ForkJoin => fork_join::run::<R>(settings),
            Self::ForkJoinWork => fork_join_work::run::<R>(settings),
            Self::Overlap => overlap::run::<R>(settings),
            Self::YieldMany => yield_many::run::<R>(settings),
            Self::TimerDropAlone => timer_drop::run::<R>(settings, timer_drop::Company::None),
            Self::TimerDropBeside => {
                timer_drop::run::<R>(settings, timer_drop::Company::EarlierTimer)
            }
            Self::TimerLateness => timer_lateness::run::<R>(settings),
            Self::BytesPending => task_bytes::pending::<R>(settings),
            Self::BytesSleep => task_bytes::sleep::<R>(settings),
            Self::BytesConnection => task_bytes::connections::<R>(settings),
            Self::EchoShort => tcp_echo::run::<R, 64>(settings),
            Self::EchoLong => tcp_echo::run::<R, 4096>(settings),
            Self::HyperFew | Self::HyperMany => {
                hyper_http1::serve::<R>(settings, hyper_http1::Version::One)
            }
            Self::HyperHttp2 => hyper_http1::serve::<R>(settings, hyper_http1::Version::Two),
        }
    }
}
