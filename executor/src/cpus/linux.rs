//! Affinity and control groups together.

use std::{num::NonZero, path::Path, thread};

use super::{affinity, cgroups::Cgroups};

/// A quota below this counts as this. Go's value, `adjustCgroupGOMAXPROCS`.
const QUOTA_MIN: usize = 2;

/// What limits the number of CPUs.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    cgroups: Cgroups,
}

impl Limits {
    pub(crate) fn find() -> Limits {
        Limits {
            cgroups: Cgroups::find(Path::new("/")),
        }
    }

    /// As many processors as there should be now, at least 1. The affinity is that of the calling thread, which the threads
    /// that it starts inherit.
    pub(crate) fn processors(&mut self) -> usize {
        let affinity =
            affinity::count().or_else(|| thread::available_parallelism().ok().map(NonZero::get));
        choose(affinity.unwrap_or(1), self.cgroups.quota())
    }
}

/// `quota` is in whole CPUs.
fn choose(affinity: usize, quota: Option<usize>) -> usize {
    quota.map_or(affinity, |quota| affinity.min(quota.max(QUOTA_MIN)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quota_counts_if_it_is_lower_but_never_less_than_two() {
        assert_eq!(choose(8, None), 8);
        assert_eq!(choose(8, Some(3)), 3);
        assert_eq!(choose(8, Some(1)), 2);
        assert_eq!(choose(2, Some(16)), 2);
        assert_eq!(choose(1, Some(1)), 1);
    }

    #[test]
    fn there_is_a_cpu() {
        assert!(Limits::find().processors() >= 1);
    }
}
