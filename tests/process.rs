//! What the system says of this process.

use std::{fs, time::Duration};

/// Threads that live.
pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("/proc").count()
}

/// Descriptors that are open.
pub(crate) fn descriptors() -> usize {
    // One of them is that of the listing itself.
    fs::read_dir("/proc/self/fd").expect("/proc").count() - 1
}

/// Resident memory, bytes.
pub(crate) fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").expect("/proc");
    let pages: usize = statm
        .split(' ')
        .nth(1)
        .expect("a second field")
        .parse()
        .expect("a number");
    pages * 4096
}

/// Time that the process has spent on CPUs, in the kernel too.
pub(crate) fn cpu_time() -> Duration {
    let schedstat = fs::read_dir("/proc/self/task")
        .expect("/proc")
        .filter_map(|task| {
            // A thread may end meanwhile.
            let text = fs::read_to_string(task.ok()?.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<u64>().ok()
        });
    Duration::from_nanos(schedstat.sum())
}
