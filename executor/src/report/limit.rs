//! How many warnings of a kind are given: many at once say no more than some.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use crate::{shim::lock, time::clock};

/// So many in a second.
const BURST: u32 = 10;
const WINDOW: Duration = Duration::from_secs(1);

/// For one kind of warnings.
pub(crate) struct Limit(Mutex<Window>);

struct Window {
    begun: Option<Instant>,
    said: u32,
    unsaid: u64,
}

impl Limit {
    pub(crate) const fn new() -> Limit {
        Limit(Mutex::new(Window {
            begun: None,
            said: 0,
            unsaid: 0,
        }))
    }

    /// One more: how many were left out before it. `None`: this one is to be left out too.
    pub(crate) fn pass(&self) -> Option<u64> {
        let mut window = lock(&self.0);
        let now = clock::now_instant();
        if window.begun.is_none_or(|begun| now - begun >= WINDOW) {
            window.begun = Some(now);
            window.said = 0;
        }
        if window.said == BURST {
            window.unsaid += 1;
            return None;
        }
        window.said += 1;
        Some(std::mem::take(&mut window.unsaid))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_counted() {
        let limit = Limit::new();
        let passed: Vec<_> = (0..BURST).map(|_| limit.pass()).collect();
        assert_eq!(passed, vec![Some(0); BURST as usize]);
        assert_eq!([limit.pass(), limit.pass()], [None; 2]);
        let begun = lock(&limit.0).begun;
        lock(&limit.0).begun = begun.map(|begun| begun - WINDOW);
        assert_eq!([limit.pass(), limit.pass()], [Some(2), Some(0)]);
    }
}
