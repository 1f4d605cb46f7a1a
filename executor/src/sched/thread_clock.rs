//! What the system says of a thread: how long it has run, and whether it sleeps.
//!
//! # Rejected
//! - A descriptor for each thread, opened when that begins: the tenth part of the usual limit is used up by a hundred threads, and
//!   programs that close all descriptors would make us read others' files. So there is a third answer, where the process has no
//!   descriptor left, a sandbox refuses, or `/proc` is missing.

/// What a thread does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    /// It runs, waits for a CPU, or is stopped; or has ended.
    Runs,
    /// It sleeps in the system.
    Sleeps,
    /// The system does not tell.
    Unknown,
}

#[cfg(all(target_os = "linux", not(miri)))]
mod imp {
    use std::{fs::File, io::Read};

    use super::State;

    /// CPU time that a thread of this process has used, nanoseconds. 0.6 µs. `None`: it has ended.
    pub(crate) fn used(thread: i32) -> Option<u64> {
        /// `CPUCLOCK_SCHED` of one thread: the kernel's encoding in clock ids, linux/posix-timers.h.
        const OF_THREAD: i32 = 4 | 2;
        let mut time = libc::timespec {
            tv_sec: 0,
            tv_nsec: 0,
        };
        // SAFETY: the call writes the structure and nothing else.
        let result = unsafe { libc::clock_gettime((!thread << 3) | OF_THREAD, &raw mut time) };
        (thread != 0 && result == 0)
            .then(|| time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64)
    }

    /// What the thread does. 10 µs; so ask only if its clock stands still.
    pub(crate) fn state(thread: i32) -> State {
        // The name, in parentheses, has at most 15 bytes, but may have any.
        let mut line = [0; 64];
        let file = File::open(format!("/proc/self/task/{thread}/stat"));
        let Ok(length) = file.and_then(|mut file| file.read(&mut line)) else {
            return State::Unknown;
        };
        match letter(&line[..length]) {
            Some(b'S' | b'D') => State::Sleeps,
            Some(_) => State::Runs,
            None => State::Unknown,
        }
    }

    /// The third field.
    fn letter(line: &[u8]) -> Option<u8> {
        let name_ends = line.iter().rposition(|&byte| byte == b')')?;
        line.get(name_ends + 2).copied()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_state_stands_behind_the_last_parenthesis() {
            assert_eq!(letter(b"12 (gmp-0) S 1 2"), Some(b'S'));
            assert_eq!(letter(b"12 (a) R (b) D 1 2"), Some(b'D'));
            assert_eq!(letter(b"12 (gmp-0)"), None);
            assert_eq!(letter(b""), None);
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod imp {
    use super::State;

    pub(crate) fn used(_thread: i32) -> Option<u64> {
        None
    }

    pub(crate) fn state(_thread: i32) -> State {
        State::Unknown
    }
}

pub(super) use imp::{state, used};
