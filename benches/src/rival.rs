//! Who is measured.

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Rival {
    Gmp,
    /// The multi-thread scheduler.
    Tokio,
    /// tokio's scheduler of one thread. It has no part in comparisons with several processors.
    TokioCurrent,
    Smol,
    Go,
}

impl Rival {
    pub(crate) const ALL: [Self; 5] = [
        Self::Gmp,
        Self::Tokio,
        Self::TokioCurrent,
        Self::Smol,
        Self::Go,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Gmp => "gmp",
            Self::Tokio => "tokio",
            Self::TokioCurrent => "tokio-current",
            Self::Smol => "smol",
            Self::Go => "go",
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|rival| rival.name() == name)
    }
}
