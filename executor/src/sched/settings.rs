//! What the environment variable `GMPDEBUG` says: a list of settings, as Go's `GODEBUG`. For tests, and for looking at the runtime
//! itself; nothing here is promised.
//!
//! | setting | |
//! |---|---|
//! | `membarrier=0` | full fences in the place of `membarrier` ([`barrier`](super::barrier)) |
//! | `running_max=N` | so many hot loops at most run on without a processor ([`caps`](super::caps)) |

use std::str::FromStr;

/// `None`: it is not set, or makes no sense.
pub(super) fn setting<T: FromStr>(name: &str) -> Option<T> {
    find(&std::env::var("GMPDEBUG").ok()?, name)
}

fn find<T: FromStr>(settings: &str, name: &str) -> Option<T> {
    settings.split(',').find_map(|setting| {
        let (found, value) = setting.split_once('=')?;
        (found == name).then(|| value.parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_found_by_their_names() {
        assert_eq!(find("a=b,membarrier=0", "membarrier"), Some(0));
        assert_eq!(find("running_max=8", "running_max"), Some(8));
        assert_eq!(find::<u32>("running_max=8", "running"), None);
        assert_eq!(find::<u32>("running_max=few", "running_max"), None);
        assert_eq!(find::<u32>("running_max", "running_max"), None);
        assert_eq!(find::<u32>("", "running_max"), None);
    }
}
