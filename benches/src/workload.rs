//! The workloads by name. One file below answers one question; what it asks of a runtime is in [`crate::runtime`], and
//! what it asks for beside that, in [`crate::kit`].

use std::io;

use crate::{
    child::Settings,
    metric::{CPU, Metric, Sample, WALL},
    tail::{self, Scene, service},
};

mod by;
mod chained_spawn;
mod chan;
mod chan_threads;
mod context;
mod fork_join;
mod fork_join_work;
mod hyper_http1;
mod mutex;
mod once;
mod overlap;
mod ping_pong;
mod pool;
mod rwlock;
mod select;
mod spawn_detached;
mod spawn_join;
mod task_bytes;
mod tcp_echo;
mod timer_drop;
mod timer_lateness;
mod waitgroup;
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
    BytesChannel,
    BytesConnection,
    EchoShort,
    EchoLong,
    HyperFew,
    HyperMany,
    HyperHttp2,
    PingPong,
    OneToOne0,
    OneToOne10,
    OneToOne100,
    FourToFour0,
    FourToFour10,
    FourToFour100,
    Threads0,
    Threads100,
    FourThreads100,
    Select,
    MutexAlone,
    MutexContended,
    RwLockRead,
    WaitGroup,
    Once,
    Context,
    Pool,
    /// `tail`: beside tasks that do not return.
    Tail(Scene),
    ServiceFew,
    ServiceMany,
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

/// Measures one workload by one rival.
///
/// # Errors
/// What the runtime or the system said; nothing was measured then.
pub(crate) type Measure = fn(&Settings) -> io::Result<Sample>;

/// Who makes the load. The child makes it itself, or it is a server and the program gives it something to do.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Driver {
    Child,
    /// The child, which ends by itself after some seconds, whatever its runtime does.
    Scene,
    /// As many idle connections as the limit on descriptors allows.
    Connections,
    Wrk {
        connections: u32,
    },
    H2load {
        connections: u32,
        streams: u32,
    },
    /// So many large requests in flight, and small ones by the clock.
    Reports(usize),
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
    pub(crate) const ALL: [Self; 50] = [
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
        Self::BytesChannel,
        Self::BytesConnection,
        Self::EchoShort,
        Self::EchoLong,
        Self::HyperFew,
        Self::HyperMany,
        Self::HyperHttp2,
        Self::PingPong,
        Self::OneToOne0,
        Self::OneToOne10,
        Self::OneToOne100,
        Self::FourToFour0,
        Self::FourToFour10,
        Self::FourToFour100,
        Self::Threads0,
        Self::Threads100,
        Self::FourThreads100,
        Self::Select,
        Self::MutexAlone,
        Self::MutexContended,
        Self::RwLockRead,
        Self::WaitGroup,
        Self::Once,
        Self::Context,
        Self::Pool,
        Self::Tail(Scene::Idle),
        Self::Tail(Scene::Burn4),
        Self::Tail(Scene::Loops2),
        Self::Tail(Scene::Loops4),
        Self::Tail(Scene::Loops100),
        Self::Tail(Scene::Work10000),
        Self::Tail(Scene::Block4),
        Self::Tail(Scene::Block100),
        Self::Tail(Scene::Annotated10000),
        Self::Tail(Scene::Wake4),
        Self::Tail(Scene::Send100),
        Self::ServiceFew,
        Self::ServiceMany,
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
            Self::BytesChannel => "task_bytes/channel",
            Self::BytesConnection => "task_bytes/connection",
            Self::EchoShort => "tcp_echo/64",
            Self::EchoLong => "tcp_echo/4096",
            Self::HyperFew => "hyper_http1/c64",
            Self::HyperMany => "hyper_http1/c1000",
            Self::HyperHttp2 => "hyper_http1/h2",
            Self::PingPong => "ping_pong",
            Self::OneToOne0 => "chan/1x1_0",
            Self::OneToOne10 => "chan/1x1_10",
            Self::OneToOne100 => "chan/1x1_100",
            Self::FourToFour0 => "chan/4x4_0",
            Self::FourToFour10 => "chan/4x4_10",
            Self::FourToFour100 => "chan/4x4_100",
            Self::Threads0 => "chan_threads/1x1_0",
            Self::Threads100 => "chan_threads/1x1_100",
            Self::FourThreads100 => "chan_threads/4x4_100",
            Self::Select => "select",
            Self::MutexAlone => "mutex/alone",
            Self::MutexContended => "mutex/contended",
            Self::RwLockRead => "rwlock/read",
            Self::WaitGroup => "waitgroup",
            Self::Once => "once",
            Self::Context => "context",
            Self::Pool => "pool",
            Self::Tail(scene) => scene.name(),
            Self::ServiceFew => "tail_service/50",
            Self::ServiceMany => "tail_service/1000",
        }
    }

    pub(crate) fn named(name: &str) -> impl Iterator<Item = Self> {
        let is_meant = move |workload: &Self| {
            let full = workload.name();
            (name == "all" && !workload.takes_long())
                || full == name
                || full.split_once('/').is_some_and(|(file, _)| file == name)
        };
        Self::ALL.into_iter().filter(is_meant)
    }

    /// A measurement takes several seconds: such a workload is measured only if it is named.
    fn takes_long(self) -> bool {
        matches!(self, Self::Tail(_) | Self::ServiceFew | Self::ServiceMany)
    }

    /// Go has no threads, but goroutines.
    pub(crate) fn has_go_twin(self) -> bool {
        !matches!(
            self,
            Self::Threads0 | Self::Threads100 | Self::FourThreads100
        )
    }

    /// The part of the name behind the slash.
    pub(crate) fn scene(self) -> Option<&'static str> {
        self.name().split_once('/').map(|(_, scene)| scene)
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
            Self::BytesChannel => task_bytes::CHANNEL,
            Self::BytesConnection => task_bytes::CONNECTION,
            Self::EchoShort => tcp_echo::SHORT,
            Self::EchoLong => tcp_echo::LONG,
            Self::HyperFew => hyper_http1::FEW,
            Self::HyperMany => hyper_http1::MANY,
            Self::HyperHttp2 => hyper_http1::HTTP2,
            Self::PingPong => ping_pong::ABOUT,
            Self::OneToOne0 => chan::ONE_TO_ONE_0,
            Self::OneToOne10 => chan::ONE_TO_ONE_10,
            Self::OneToOne100 => chan::ONE_TO_ONE_100,
            Self::FourToFour0 => chan::FOUR_TO_FOUR_0,
            Self::FourToFour10 => chan::FOUR_TO_FOUR_10,
            Self::FourToFour100 => chan::FOUR_TO_FOUR_100,
            Self::Threads0 => chan_threads::ONE_TO_ONE_0,
            Self::Threads100 => chan_threads::ONE_TO_ONE_100,
            Self::FourThreads100 => chan_threads::FOUR_TO_FOUR_100,
            Self::Select => select::ABOUT,
            Self::MutexAlone => mutex::ALONE,
            Self::MutexContended => mutex::CONTENDED,
            Self::RwLockRead => rwlock::ABOUT,
            Self::WaitGroup => waitgroup::ABOUT,
            Self::Once => once::ABOUT,
            Self::Context => context::ABOUT,
            Self::Pool => pool::ABOUT,
            Self::Tail(scene) => tail::about(scene),
            Self::ServiceFew => service::FEW,
            Self::ServiceMany => service::MANY,
        }
    }
}
