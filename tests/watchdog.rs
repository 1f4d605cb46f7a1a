//! A limit in time around a test: what hangs is dumped, and the process ends.
//!
//! No test sleeps to wait for something; it waits for the event itself, in here.

use std::{
    panic::resume_unwind,
    process::abort,
    sync::mpsc::{self, RecvTimeoutError},
    thread,
    time::Duration,
};

use gmp::Runtime;

/// Below the 60 s after which the test runner ends a test without a dump.
const LIMIT: Duration = Duration::from_secs(if cfg!(miri) { 1200 } else { 50 });
/// Tests move futures of some MiB about, several times in a build without optimisation.
const STACK: usize = 256 << 20;
/// The same for outputs, on the threads of runtimes.
const MACHINE_STACK: usize = 16 << 20;

/// Runs `body` on a thread of its own. If it takes longer than the limit, tasks, processors and machines are dumped and the process ends.
pub(crate) fn within_limit(body: impl FnOnce() + Send + 'static) {
    let name = thread::current().name().unwrap_or("test").to_owned();
    let (done, ended) = mpsc::channel();
    let thread = thread::Builder::new().name(name.clone()).stack_size(STACK);
    let thread = thread.spawn(move || {
        body();
        // Nobody listens any more if the limit has passed.
        let _ = done.send(());
    });
    let thread = thread.expect("a thread for the test");
    match ended.recv_timeout(LIMIT) {
        Err(RecvTimeoutError::Timeout) => {
            eprintln!("{name} hangs; the tasks that live, and who runs them:");
            gmp::debug::dump();
            abort();
        }
        Ok(()) | Err(RecvTimeoutError::Disconnected) => {
            thread
                .join()
                .unwrap_or_else(|payload| resume_unwind(payload));
        }
    }
}

/// Runs `body` with a runtime of 1, then 2, then 8 processors. (Miri is slow: with 2.)
pub(crate) fn on_processors(body: impl Fn(Runtime) + Send + 'static) {
    on_each(if cfg!(miri) { &[2] } else { &[1, 2, 8] }, body);
}

/// Runs `body` with a runtime of each of these numbers of processors.
pub(crate) fn on_each(counts: &'static [usize], body: impl Fn(Runtime) + Send + 'static) {
    within_limit(move || {
        for &processors in counts {
            println!("on {processors} processors:");
            body(runtime(processors));
        }
    });
}

pub(crate) fn runtime(processors: usize) -> Runtime {
    builder(processors).build().expect("a runtime")
}

/// What [`runtime`] is built with.
pub(crate) fn builder(processors: usize) -> gmp::Builder {
    gmp::Builder::new()
        .max_procs(processors)
        .thread_stack_size(MACHINE_STACK)
}

/// Waits for what nobody tells of.
pub(crate) fn eventually(mut condition: impl FnMut() -> bool) {
    while !condition() {
        thread::yield_now();
    }
}
