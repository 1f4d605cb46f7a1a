//! Who is measured.

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Rival {
    Gmp,
    /// The multi-thread scheduler.
    Tokio,
    /// tokio's scheduler of one thread. It has no part in comparisons with several processors.
    TokioCurrent,
    /// The multi-thread scheduler, and `spawn_blocking` for what takes long; only where something does.
    TokioBlocking,
    /// Two runtimes with multi-thread schedulers, one of them for what takes long; only where something does.
    TokioTwo,
    Smol,
    Go,
    /// The crate of channels, on gmp's runtime.
    Flume,
    /// The crate of channels, on gmp's runtime.
    Kanal,
    /// The crate of channels between threads.
    Crossbeam,
    /// The standard library's channels between threads.
    Std,
}

impl Rival {
    pub(crate) const ALL: [Self; 11] = [
        Self::Gmp,
        Self::Tokio,
        Self::TokioCurrent,
        Self::TokioBlocking,
        Self::TokioTwo,
        Self::Smol,
        Self::Go,
        Self::Flume,
        Self::Kanal,
        Self::Crossbeam,
        Self::Std,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gmp => "gmp",
            Self::Tokio => "tokio",
            Self::TokioCurrent => "tokio-current",
            Self::TokioBlocking => "tokio-blocking",
            Self::TokioTwo => "tokio-two",
            Self::Smol => "smol",
            Self::Go => "go",
            Self::Flume => "flume",
            Self::Kanal => "kanal",
            Self::Crossbeam => "crossbeam",
            Self::Std => "std",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rival| rival.name() == name)
    }
}
