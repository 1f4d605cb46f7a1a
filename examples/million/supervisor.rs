//! Ends the run when it cannot go on: on a signal, at the deadline, when the server process dies.
//!
//! # How it works
//! Each of the three has a thread of its own, so that a stuck runtime cannot keep a run from ending. They all end in
//! [`Supervisor::stop`], which says why, ends the server process and then this one.
//!
//! # Invariants
//! - I1: from the start of the server process to its end, [`Supervisor::server`] holds it.
//! - I2: only the first who stops the run says so.
//! - I3: nobody waits for the server's end with its lock held, but who has killed it: the deadline's thread must get the
//!   lock to kill a server that does not end.

use std::{
    io,
    process::{self, Child, ExitStatus},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    thread,
    time::Duration,
};

use nix::sys::signal::{SigSet, Signal};

use crate::{
    meter::Meter,
    report::{Load, phase_lines},
};

#[cfg(test)]
mod tests;

/// Exit code of a run in which something failed.
pub(crate) const FAILED: u8 = 1;

/// Where a program that a signal has ended begins to count: a shell's rule.
const SIGNAL_EXIT_CODES: u8 = 128;

/// How often the end of the server, a matter of milliseconds, is looked for.
const SERVER_END_POLL: Duration = Duration::from_millis(2);

#[derive(Default)]
pub(crate) struct Supervisor {
    server: Mutex<Option<Child>>,
    /// The phase that runs.
    phase: Mutex<Option<Arc<Meter>>>,
    /// What the phases before it came to.
    finished: Mutex<Vec<Load>>,
    /// The run is over: the end of the server is no surprise.
    over: AtomicBool,
    /// Kept locked by who stops the run (I2).
    stopping: Mutex<()>,
}

impl Supervisor {
    /// Starts the threads that wait for signals and the deadline. To be called before there are other threads: they
    /// inherit that the signals are blocked.
    pub(crate) fn start(deadline: Duration) -> io::Result<Arc<Supervisor>> {
        let supervisor = Arc::new(Supervisor::default());
        let signals = SigSet::from_iter([Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP]);
        signals.thread_block()?;
        supervisor.watch("signals", move || match signals.wait() {
            Ok(signal) => (
                format!("ended by {signal}"),
                SIGNAL_EXIT_CODES + signal as u8,
            ),
            Err(error) => (format!("cannot wait for signals: {error}"), FAILED),
        })?;
        supervisor.watch("deadline", move || {
            thread::sleep(deadline);
            (
                format!("the deadline of {deadline:?} has passed (--deadline)"),
                FAILED,
            )
        })?;
        Ok(supervisor)
    }

    /// Stops the run with what `wait` returns.
    fn watch(
        self: &Arc<Self>,
        name: &str,
        wait: impl FnOnce() -> (String, u8) + Send + 'static,
    ) -> io::Result<()> {
        let supervisor = Arc::clone(self);
        let thread = thread::Builder::new().name(name.to_owned());
        thread.spawn(move || {
            let (why, code) = wait();
            supervisor.stop(&why, code)
        })?;
        Ok(())
    }

    pub(crate) fn adopt_server(&self, child: Child) {
        *lock(&self.server) = Some(child);
    }

    pub(crate) fn enter_phase(&self, meter: &Arc<Meter>) {
        *lock(&self.phase) = Some(Arc::clone(meter));
    }

    /// The figures of a phase that is over, for a run that ends before its report.
    pub(crate) fn leave_phase(&self, load: &Load) {
        lock(&self.finished).push(load.clone());
    }

    /// The server's output has ended.
    pub(crate) fn server_has_ended(&self) {
        if !self.over.load(Relaxed) {
            let how = match self.server_end() {
                Ok(status) => status.to_string(),
                Err(_) => "for an unknown reason".to_owned(),
            };
            self.stop(&format!("the server process has ended ({how})"), FAILED)
        }
    }

    /// Ends the server after an orderly run; `hang_up` closes its standard input.
    pub(crate) fn finish(&self, hang_up: impl FnOnce()) -> io::Result<()> {
        self.over.store(true, Relaxed);
        hang_up();
        self.server_end().map(drop)
    }

    /// Waits for the end of the server; not with `wait`, which would keep the lock (I3).
    fn server_end(&self) -> io::Result<ExitStatus> {
        loop {
            let ended = lock(&self.server)
                .as_mut()
                .map_or(Ok(None), Child::try_wait)?;
            if let Some(status) = ended {
                return Ok(status);
            }
            thread::sleep(SERVER_END_POLL);
        }
    }

    /// Says why the run ends and what has been measured, ends the server process and this one. Does not return.
    pub(crate) fn stop(&self, why: &str, code: u8) -> ! {
        let _first = lock(&self.stopping);
        let state = lock(&self.phase).as_ref().map(|meter| meter.abandon());
        eprintln!("million: {why}{}", state.unwrap_or_default());
        let finished = lock(&self.finished);
        if !finished.is_empty() {
            eprintln!("{}", phase_lines(&finished).join("\n"));
        }
        self.kill_server();
        process::exit(code.into())
    }

    fn kill_server(&self) {
        if let Some(server) = lock(&self.server).as_mut() {
            // Both fail only if it has already ended, which is what they are for.
            let _ = server.kill();
            let _ = server.wait();
        }
    }

    /// For who has noticed that the server has ended: the thread that reads its output stops the run.
    pub(crate) fn wait_for_stop(&self) -> ! {
        loop {
            thread::park();
        }
    }
}

/// A panic elsewhere is no reason to leave a process behind.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
