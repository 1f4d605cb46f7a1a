//! What the system says of a thread: how long it has run, and whether it sleeps.

#[cfg(all(target_os = "linux", not(miri)))]
mod imp {
    use std::{fs::File, io::Read};

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

    /// The thread sleeps in the system, and is not just waiting for a CPU, or stopped. 10 µs; so ask only
    /// if its clock stands still. False also if the system does not tell.
    pub(crate) fn sleeps(thread: i32) -> bool {
        // The name, in parentheses, has at most 15 bytes, but may have any.
        let mut line = [0; 64];
        let file = File::open(format!("/proc/self/task/{thread}/stat"));
        let Ok(length) = file.and_then(|mut file| file.read(&mut line)) else {
            return false;
        };
        state(&line[..length]).is_some_and(|state| matches!(state, b'S' | b'D'))
    }

    /// The third field.
    fn state(line: &[u8]) -> Option<u8> {
        let name_ends = line.iter().rposition(|&byte| byte == b')')?;
        line.get(name_ends + 2).copied()
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn the_state_stands_behind_the_last_parenthesis() {
            assert_eq!(state(b"12 (gmp-0) S 1 2"), Some(b'S'));
            assert_eq!(state(b"12 (a) R (b) D 1 2"), Some(b'D'));
            assert_eq!(state(b"12 (gmp-0)"), None);
            assert_eq!(state(b""), None);
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod imp {
    pub(crate) fn used(_thread: i32) -> Option<u64> {
        None
    }

    pub(crate) fn sleeps(_thread: i32) -> bool {
        false
    }
}

pub(super) use imp::{sleeps, used};
