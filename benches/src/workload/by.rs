//! Who can measure what, read off the traits of [`crate::runtime`] and [`crate::kit`].

use super::{
    Measure, Workload, chained_spawn, chan, chan_threads, context, fork_join, fork_join_work,
    hyper_http1, mutex, once, overlap, ping_pong, pool, rwlock, select, spawn_detached, spawn_join,
    task_bytes, tcp_echo, timer_drop, timer_lateness, waitgroup, yield_many,
};
use crate::{
    kit::{
        Buffers, Channels, Contexts, Crossbeam, Flume, Kanal, Locks, Selects, SharedChannels,
        SharedThreadChannels, Std, ThreadChannels, WaitGroups,
    },
    rival::Rival,
    runtime::{Gmp, Runtime, Smol, Tokio},
    tail::{self, Contestant, TokioBlocking, TokioTwo, service},
};

impl Workload {
    /// How this rival measures it, or serves until the program has measured: such a child has printed its figures
    /// itself. `None` if the rival lacks what the workload asks for, and for Go, which has a program of its own.
    pub(crate) fn by(self, rival: Rival) -> Option<Measure> {
        match rival {
            Rival::Gmp => self
                .by_runtime::<Gmp>()
                .or_else(|| self.by_contestant::<Gmp>())
                .or_else(|| self.by_channels::<Gmp>())
                .or_else(|| self.by_shared_channels::<Gmp>())
                .or_else(|| self.by_thread_channels::<Gmp>())
                .or_else(|| self.by_shared_thread_channels::<Gmp>())
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
                .or_else(|| self.by_thread_channels::<Flume>())
                .or_else(|| self.by_shared_thread_channels::<Flume>())
                .or_else(|| self.by_select::<Flume>()),
            Rival::Kanal => self
                .by_channels::<Kanal>()
                .or_else(|| self.by_shared_channels::<Kanal>())
                .or_else(|| self.by_thread_channels::<Kanal>())
                .or_else(|| self.by_shared_thread_channels::<Kanal>()),
            Rival::Crossbeam => self
                .by_thread_channels::<Crossbeam>()
                .or_else(|| self.by_shared_thread_channels::<Crossbeam>()),
            Rival::Std => self.by_thread_channels::<Std>(),
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
            Self::FourToFour10 => chan::four_to_four::<C, 10>,
            Self::FourToFour100 => chan::four_to_four::<C, 100>,
            _ => return None,
        })
    }

    fn by_thread_channels<C: ThreadChannels>(self) -> Option<Measure> {
        Some(match self {
            Self::Threads0 => chan_threads::one_to_one::<C, 0>,
            Self::Threads100 => chan_threads::one_to_one::<C, 100>,
            _ => return None,
        })
    }

    fn by_shared_thread_channels<C: SharedThreadChannels>(self) -> Option<Measure> {
        (self == Self::FourThreads100).then_some(chan_threads::four_to_four::<C, 100>)
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
