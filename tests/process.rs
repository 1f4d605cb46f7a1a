//! What the system says of this process.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Threads that live.
pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").expect("/proc").count()
}

/// Directories in `/proc` of threads with such a name.
pub(crate) fn tasks_named(is_meant: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let tasks = fs::read_dir("/proc/self/task").expect("/proc");
    let paths = tasks.map(|task| task.expect("/proc").path());
    let named = paths.filter(|path| {
        // A thread may end meanwhile.
        let name = fs::read_to_string(path.join("comm")).unwrap_or_default();
        is_meant(name.trim_end())
    });
    named.collect()
}

/// Machines whose names begin so; a number follows.
pub(crate) fn machines(name: &str) -> usize {
    let is_machine = |thread: &str| {
        let number = thread.strip_prefix(name);
        number.is_some_and(|number| number.parse::<u32>().is_ok())
    };
    tasks_named(is_machine).len()
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
    let tasks = tasks_named(|_| true);
    tasks.iter().map(|task| cpu_time_of(task)).sum()
}

/// The same of one thread, by its directory in `/proc`. Zero if it has ended.
pub(crate) fn cpu_time_of(task: &Path) -> Duration {
    let text = fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    let spent = text.split(' ').next().and_then(|spent| spent.parse().ok());
    Duration::from_nanos(spent.unwrap_or(0))
}
