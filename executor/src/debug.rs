//! Looking at a running program: every task, where it was spawned, where and since when it waits.

use std::{
    fmt::{self, Write as _},
    io,
};

use crate::{
    sched::coarse_ms,
    task::{
        Id,
        walk::{self, Seen},
    },
};

/// Prints all live tasks of the process to standard error. (Go: what `SIGQUIT` prints)
///
/// ```text
/// 2 tasks
/// task 2048.1: waits for join at src/main.rs:14:9, 1203 ms, spawned at src/main.rs:9:5
/// task 2050.7 "worker": runs, spawned at src/main.rs:10:13
/// ```
///
/// The name in quotation marks is the one that [`task::Builder`](crate::TaskBuilder) was told.
///
/// Nothing is stopped for it, and no task is polled. The times are good to a few milliseconds.
pub fn dump() {
    // Standard error may be closed; there is nobody to tell.
    let _ = write_dump(&mut io::stderr().lock());
}

/// As [`dump`], to `out`.
///
/// # Errors
/// What writing to `out` says.
pub fn write_dump(out: &mut impl io::Write) -> io::Result<()> {
    let mut text = String::new();
    let mut count = 0;
    for seen in walk::tasks().filter(|seen| !seen.state.is_done()) {
        count += 1;
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", Line(seen));
    }
    writeln!(out, "{count} tasks")?;
    out.write_all(text.as_bytes())
}

struct Line(Seen);

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Seen {
            name,
            state,
            spawned_at,
            waits,
            label,
            ..
        } = self.0;
        write!(f, "task {}", Id(name))?;
        if let Some(label) = label.text() {
            write!(f, " {label:?}")?;
        }
        f.write_str(": ")?;
        if state.is_running() {
            f.write_str("runs")?;
        } else if state.is_scheduled() {
            f.write_str("is ready")?;
        } else {
            let since = coarse_ms().wrapping_sub(waits.since);
            match waits.now() {
                Some(site) => write!(f, "waits for {site}, {since} ms")?,
                None => write!(f, "waits for a future that does not say where, {since} ms")?,
            }
        }
        match spawned_at {
            Some(site) => write!(f, ", spawned at {site}"),
            None => Ok(()),
        }
    }
}
