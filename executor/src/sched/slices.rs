//! How long the kernel lets our threads run at a time, where it lets us say so: Linux 6.12 and later.
//!
//! # How it works
//! A machine that polls without a processor competes with those that hold one. Both get the same share of the CPUs; but
//! with a long slice the one is put aside seldom and long, and with a short one the other is run at once when it wakes
//! (EEVDF prefers the earlier virtual deadline). So 100 hot loops beside a sleeper of 1 ms cost it 9 ms at the
//! 99th percentile instead of 50. Any process may set this for its own threads, and may set it back.
//!
//! Threads and processes that user code starts on a machine do not inherit the slice (`SCHED_FLAG_RESET_ON_FORK`). That flag
//! cannot be taken back without privilege, so it is set on threads of ours only.
//!
//! # Rejected
//! - `nice` and `SCHED_IDLE` for the hogs: better with few of them, but there is no way back without privilege, and whoever
//!   waits for a lock that such a thread holds waits for very long.

/// How long a thread may run at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slice {
    /// Machines that hold a processor, or wait for one; and the monitor.
    Short,
    /// Machines whose hot poll has lost its processor.
    Long,
}

#[cfg(all(target_os = "linux", not(miri)))]
mod imp {
    use std::{
        io,
        sync::atomic::{AtomicBool, Ordering},
    };

    use super::Slice;

    /// Nanoseconds; the kernel clamps to 0.1 ms to 100 ms, so these are the shortest and the longest.
    const SHORT: u64 = 100_000;
    const LONG: u64 = 100_000_000;

    /// `SCHED_NORMAL` and `SCHED_BATCH`, linux/sched.h: who has chosen another policy knows better.
    const FAIR: [u32; 2] = [0, 3];

    const SIZE: u32 = size_of::<libc::sched_attr>() as u32;

    static REFUSED: AtomicBool = AtomicBool::new(false);

    /// The system's id of this thread.
    pub(crate) fn own_thread() -> i32 {
        // SAFETY: the call takes nothing and touches no memory.
        unsafe { libc::gettid() }
    }

    /// Sets a thread's slice; 0 is the caller's own. Where the system refuses, threads keep the slice of all.
    pub(crate) fn set(thread: i32, slice: Slice) {
        if REFUSED.load(Ordering::Relaxed) {
            return;
        }
        let Err(error) = try_set(thread, slice) else {
            return;
        };
        // One that has ended meanwhile is no reason to give up.
        if error.raw_os_error() != Some(libc::ESRCH) && !REFUSED.swap(true, Ordering::Relaxed) {
            // Where no thread is to be had for it, there are graver warnings.
            let _ = crate::report::warn_elsewhere(format!(
                "threads cannot choose their time slices ({error}): tasks beside hot loops may run some milliseconds late"
            ));
        }
    }

    fn try_set(thread: i32, slice: Slice) -> io::Result<()> {
        let mut attributes = libc::sched_attr {
            size: SIZE,
            sched_policy: 0,
            sched_flags: 0,
            sched_nice: 0,
            sched_priority: 0,
            sched_runtime: 0,
            sched_deadline: 0,
            sched_period: 0,
        };
        let pointer = &raw mut attributes;
        // SAFETY: the structure has the size that is passed, and the call writes it only.
        check(unsafe { libc::syscall(libc::SYS_sched_getattr, thread, pointer, SIZE, 0) })?;
        if !FAIR.contains(&attributes.sched_policy) {
            return Ok(());
        }
        attributes.sched_flags |= libc::SCHED_FLAG_RESET_ON_FORK as u64;
        attributes.sched_runtime = match slice {
            Slice::Short => SHORT,
            Slice::Long => LONG,
        };
        let pointer = &raw const attributes;
        // SAFETY: the structure has the size that its first field says, and the call reads it only.
        check(unsafe { libc::syscall(libc::SYS_sched_setattr, thread, pointer, 0) })
    }

    fn check(result: libc::c_long) -> io::Result<()> {
        if result == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod imp {
    use super::Slice;

    pub(crate) fn own_thread() -> i32 {
        0
    }

    pub(crate) fn set(_thread: i32, _slice: Slice) {}
}

pub(super) use imp::{own_thread, set};
