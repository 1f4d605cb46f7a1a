//! Looking at a running program: every task, where it was spawned, where and since when it waits; and what tasks
//! did that lost their processors.

use std::{
    fmt::{self, Write as _},
    io,
    sync::Arc,
};

pub use crate::hand_off::{Cause, Frame, HandOff};
use crate::{
    hand_off::hook,
    local::{self, SeenLocal, Stands},
    sched::{Overview, coarse_ms, read_clock},
    task::{
        Id,
        walk::{self, Seen},
    },
    wait::Site,
};

/// Prints all live tasks of the process to standard error, and what the threads of each runtime do. (Go: what `SIGQUIT` prints)
///
/// ```text
/// 2 tasks
/// task 2048.1: waits for join at src/main.rs:14:9, 1203 ms, spawned at src/main.rs:9:5
/// task 2050.7 "worker": runs, spawned at src/main.rs:10:13
/// runtime 0: 2 processors (1 idle, 0 searching), 2 machines (0 run and 0 block without a processor)
/// processor 0: its machine polls task 2050.7, 1204 turns
/// processor 1: nobody holds it, 7 turns
/// ```
///
/// Tasks of a [`LocalSet`](crate::LocalSet) are among them (`task local 7`). One that was woken still waits there until its
/// thread polls it; and if its set is polled inside of a task, what it waits for is told of that one.
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
    // Where all are idle nobody else moves the coarse clock on.
    read_clock();
    for seen in walk::tasks().filter(|seen| !seen.state.is_done()) {
        count += 1;
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}", Line(seen));
    }
    for seen in local::tasks() {
        count += 1;
        let _ = writeln!(text, "{}", LocalLine(seen));
    }
    writeln!(out, "{count} tasks")?;
    out.write_all(text.as_bytes())?;
    write!(out, "{Overview}")
}

/// Calls `hook` from now on for each task that loses its processor: one that ran on for longer than its slice, blocked its
/// thread, or had no CPU for long. The hook takes the place of the one before.
///
/// # Warnings
/// Polls that go on after 0.1 s are warned of in any case, once each, one of a kind in a second at most. With the feature
/// `tracing` that is an event of hot loops and of blocked threads, beside the hook; its target is `gmp`, its level `WARN`, its
/// fields `task`, `name`, `spawned_at`, `last_wait`, `cause` (`"running"`, `"blocked"`), `wall`, `cpu`, `goes_on`, `stack`
/// and `left_out`, as in [`HandOff`]; what is not known is left out. Without that feature it is a report on standard error, of hot loops
/// only, and the hook takes its place: so a program decides what is printed.
///
/// # The thread
/// It is called on a thread of its own that belongs to no runtime: it may block, but later reports wait for it, and when 64
/// of them do, further ones are left out and counted. A panic of it is ignored, but for the panic hook. What asks for no report:
/// [`block_in_place`](crate::block_in_place), [`spawn_blocking`](crate::spawn_blocking) and `block_on`, which say
/// beforehand that they block. [`Runtime::metrics`](crate::Runtime::metrics) counts hand-offs in any case.
///
/// # Stacks
/// On Linux the report on a hot loop has its native stack. It is taken in a handler of `SIGURG`, which the first
/// runtime of the process installs and which calls the one that was there before. Only threads that run are sent the signal, so
/// system calls go on undisturbed. A program that blocks `SIGURG` or replaces the handler gets reports without
/// stacks.
///
/// The innermost function is always right, with all that the compiler has put into it. Its callers are found by frame
/// pointers, which Rust's release builds for x86-64 do without: set `RUSTFLAGS="-C force-frame-pointers=yes"` for
/// whole stacks. Names need the feature `backtrace`, files and lines `debug = "line-tables-only"` in the profile.
///
/// ```
/// gmp_executor::debug::set_hand_off_hook(|hand_off| {
///     if hand_off.is_fault() {
///         eprintln!("{hand_off}");
///     }
/// });
/// ```
pub fn set_hand_off_hook(hook: impl Fn(&HandOff) + Send + Sync + 'static) {
    hook::set(Arc::new(hook));
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
            write_wait(f, waits.now(), waits.since)?;
        }
        match spawned_at {
            Some(site) => write!(f, ", spawned at {site}"),
            None => Ok(()),
        }
    }
}

struct LocalLine(SeenLocal);

impl fmt::Display for LocalLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let SeenLocal {
            name,
            spawned_at,
            stands,
        } = &self.0;
        write!(f, "task {}: ", Id(*name))?;
        match *stands {
            Stands::Runs => f.write_str("runs")?,
            Stands::Ready => f.write_str("is ready")?,
            Stands::Waits { site, since } => write_wait(f, site, since)?,
        }
        write!(f, ", spawned at {spawned_at}")
    }
}

/// Since when is told in milliseconds of the coarse clock.
fn write_wait(f: &mut fmt::Formatter<'_>, site: Option<Site>, since: u32) -> fmt::Result {
    // Two may move it on at a time, each to its own reading: then it has gone back a little.
    let since = (coarse_ms().wrapping_sub(since) as i32).max(0);
    match site {
        Some(site) => write!(f, "waits for {site}, {since} ms"),
        None => write!(f, "waits for a future that does not say where, {since} ms"),
    }
}
