//! The workloads by name. One file below answers one question; what it asks of a runtime is in [`crate::runtime`], and
//! what it asks for beside that, in [`crate::kit`].

use std::io;

use crate::{
    child::Settings,
    kit::{Buffers, Channels, Contexts, Flume, Kanal, Locks, Selects, SharedChannels, WaitGroups},
    metric::{CPU, Metric, Sample, WALL},
    rival::Rival,
    runtime::{Gmp, Runtime, Smol, Tokio},
    tail::{self, Contestant, Scene, TokioBlocking, TokioTwo, service},
};

mod chained_spawn;
mod chan;
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
    FourToFour100,
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
    pub(crate) const ALL: [Self; 46] = [
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
        Self::FourToFour100,
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
            Self::FourToFour100 => "chan/4x4_100",
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
            Self::FourToFour100 => chan::FOUR_TO_FOUR_100,
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

    /// How this rival measures it, or serves until the program has measured: such a child has printed its figures
    /// itself. `None` if the rival lacks what the workload asks for, and for Go, which has a program of its own.
    pub(crate) fn by(self, rival: Rival) -> Option<Measure> {
        match rival {
            Rival::Gmp => self
                .by_runtime::<Gmp>()
                .or_else(|| self.by_contestant::<Gmp>())
                .or_else(|| self.by_channels::<Gmp>())
                .or_else(|| self.by_shared_channels::<Gmp>())
                .or_else(|| self.by_select::<Gmp>())
                .or_else(|| self.by_locks::<Gmp>())
                .or_else(|| self.by_contexts::<Gmp>())
                .or_else(|| self.by_buffers::<Gmp>())
                .or_else(|| self.by_wait_group::<Gmp>()),
            Rival::Tokio => self
                .by_tokio::<true>()
                .or_else(|| self.by_contestant::<Tokio<true>>()),
            Rival::TokioCurrent => self.by_tokio::<false>(),
            Rival::TokioBlocking => {
                let takes_part = |_: &Measure| match self {
                    Self::Tail(scene) => !scene.polls_often(),
                    _ => true,
                };
                self.by_contestant::<TokioBlocking>().filter(takes_part)
            }
            Rival::TokioTwo => self.by_contestant::<TokioTwo>(),
            Rival::Smol => self
                .by_runtime::<Smol>()
                .or_else(|| self.by_contestant::<Smol>())
                .or_else(|| self.by_channels::<Smol>())
                .or_else(|| self.by_shared_channels::<Smol>())
                .or_else(|| self.by_select::<Smol>())
                .or_else(|| self.by_locks::<Smol>())
                .or_else(|| self.by_buffers::<Smol>()),
            Rival::Flume => self
                .by_channels::<Flume>()
                .or_else(|| self.by_shared_channels::<Flume>())
                .or_else(|| self.by_select::<Flume>()),
            Rival::Kanal => self
                .by_channels::<Kanal>()
                .or_else(|| self.by_shared_channels::<Kanal>()),
            Rival::Go => None,
        }
    }

    fn by_tokio<const WORKERS: bool>(self) -> Option<Measure> {
        self.by_runtime::<Tokio<WORKERS>>()
            .or_else(|| self.by_channels::<Tokio<WORKERS>>())
            .or_else(|| self.by_select::<Tokio<WORKERS>>())
            .or_else(|| self.by_locks::<Tokio<WORKERS>>())
            .or_else(|| self.by_contexts::<Tokio<WORKERS>>())
            .or_else(|| self.by_buffers::<Tokio<WORKERS>>())
            .or_else(|| self.by_wait_group::<Tokio<WORKERS>>())
    }

    fn by_runtime<R: Runtime>(self) -> Option<Measure> {
        Some(match self {
            Self::SpawnDetached => spawn_detached::run::<R>,
            Self::SpawnJoin => spawn_join::run::<R>,
            Self::ChainedSpawn => chained_spawn::run::<R>,
            Self::ForkJoin => fork_join::run::<R>,
            Self::ForkJoinWork => fork_join_work::run::<R>,
            Self::Overlap => overlap::run::<R>,
            Self::YieldMany => yield_many::run::<R>,
            Self::TimerDropAlone => timer_drop::alone::<R>,
            Self::TimerDropBeside => timer_drop::beside::<R>,
            Self::TimerLateness => timer_lateness::run::<R>,
            Self::BytesPending => task_bytes::pending::<R>,
            Self::BytesSleep => task_bytes::sleep::<R>,
            Self::BytesConnection => task_bytes::connections::<R>,
            Self::EchoShort => tcp_echo::run::<R, 64>,
            Self::EchoLong => tcp_echo::run::<R, 4096>,
            Self::HyperFew | Self::HyperMany => hyper_http1::serve_http1::<R>,
            Self::HyperHttp2 => hyper_http1::serve_http2::<R>,
            _ => return None,
        })
    }

    fn by_contestant<C: Contestant>(self) -> Option<Measure> {
        Some(match self {
            Self::Tail(_) => tail::run::<C>,
            Self::ServiceFew | Self::ServiceMany => service::serve::<C>,
            _ => return None,
        })
    }

    fn by_channels<C: Channels>(self) -> Option<Measure> {
        Some(match self {
            Self::PingPong => ping_pong::run::<C>,
            Self::BytesChannel => task_bytes::channel::<C>,
            Self::OneToOne0 => chan::one_to_one::<C, 0>,
            Self::OneToOne10 => chan::one_to_one::<C, 10>,
            Self::OneToOne100 => chan::one_to_one::<C, 100>,
            _ => return None,
        })
    }

    fn by_shared_channels<C: SharedChannels>(self) -> Option<Measure> {
        Some(match self {
            Self::FourToFour0 => chan::four_to_four::<C, 0>,
            Self::FourToFour100 => chan::four_to_four::<C, 100>,
            _ => return None,
        })
    }

    fn by_select<C: Selects>(self) -> Option<Measure> {
        (self == Self::Select).then_some(select::run::<C>)
    }

    fn by_locks<L: Locks>(self) -> Option<Measure> {
        Some(match self {
            Self::MutexAlone => mutex::alone::<L>,
            Self::MutexContended => mutex::contended::<L>,
            Self::RwLockRead => rwlock::run::<L>,
            Self::Once => once::run::<L>,
            _ => return None,
        })
    }

    fn by_contexts<C: Contexts>(self) -> Option<Measure> {
        (self == Self::Context).then_some(context::run::<C>)
    }

    fn by_buffers<B: Buffers>(self) -> Option<Measure> {
        (self == Self::Pool).then_some(pool::run::<B>)
    }

    fn by_wait_group<W: WaitGroups>(self) -> Option<Measure> {
        (self == Self::WaitGroup).then_some(waitgroup::run::<W>)
    }
}
