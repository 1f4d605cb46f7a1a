//! How a runtime is set up.

use std::{env, io, time::Duration};

use super::{Handle, Runtime};
use crate::{
    cpus::Limits,
    sched::{Config, PROCESSORS_MAX, Scheduler},
};

/// Threads that run tasks, unless the program says otherwise. Go's value, `maxmcount` in proc.go.
const MACHINES_MAX: usize = 10_000;
/// Functions of `spawn_blocking` that run at a time, unless the program says otherwise. tokio's value.
const BLOCKING_MAX: usize = 512;
/// CPU time of a poll, unless the program says otherwise. Go's value, `forcePreemptNS` in proc.go.
const TIME_SLICE: Duration = Duration::from_millis(10);
/// Below, hand-offs would cost more than they win (50 µs each), and the monitor, which looks every 0.1 ms, could not keep to
/// it; above, one might as well have none.
const TIME_SLICE_MIN: Duration = Duration::from_micros(200);
const TIME_SLICE_MAX: Duration = Duration::from_secs(10);
/// How long dropping a runtime waits for tasks that are being polled, unless the program says otherwise: so that a program
/// whose `main` returns ends within a second.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_millis(900);
/// Whoever wants to wait for ever says so: [`Runtime::shutdown`].
const SHUTDOWN_TIMEOUT_MAX: Duration = Duration::from_secs(3600);
/// Sets the number of processors from outside, unless the program does.
const MAX_PROCS_VARIABLE: &str = "GMP_MAXPROCS";

/// Sets up a [`Runtime`].
///
/// ```
/// let runtime = gmp_executor::Builder::new().max_procs(1).thread_name("worker").build()?;
/// # drop(runtime);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Builder {
    processors: Option<usize>,
    machines: Option<usize>,
    blocking: Option<usize>,
    thread_name: Option<String>,
    stack_size: Option<usize>,
    time_slice: Option<Duration>,
    shutdown_timeout: Option<Duration>,
    panic_policy: PanicPolicy,
}

/// What becomes of the process where a task panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum PanicPolicy {
    /// The task ends, and its handle gets the panic; one that nobody joins is reported. All others go on.
    #[default]
    Isolate,
    /// The panic and all tasks are printed to standard error, and the process aborts. (Go: what every panic does)
    Abort,
}

impl Builder {
    /// With the defaults.
    pub fn new() -> Builder {
        Builder::default()
    }

    /// How many tasks run at a time. Default: what the environment variable `GMP_MAXPROCS` says, else one for
    /// each CPU that the process may use: by its affinity, and by the quotas of its control group and those above it,
    /// rounded up, but not below 2. That is asked again once a second while something runs, and followed, until somebody
    /// calls [`max_procs`](crate::max_procs). (Go: `GOMAXPROCS`)
    pub fn max_procs(mut self, processors: usize) -> Builder {
        self.processors = Some(processors);
        self
    }

    /// How many threads there may be to run tasks: one for each processor, and one for each task that blocks its
    /// thread or loops in one poll, whose processor another thread takes on. Above the limit such tasks keep their
    /// processors, and a warning names one. But for the last processor: where nothing else runs, one more thread is started
    /// for it, each 10 ms at most, so that the other tasks run late but run. Default: 10,000. (Go: `debug.SetMaxThreads`)
    pub fn max_machines(mut self, machines: usize) -> Builder {
        self.machines = Some(machines);
        self
    }

    /// How many functions of [`spawn_blocking`](crate::spawn_blocking) run at a time, the look-ups of host names among them. Default:
    /// 512.
    pub fn blocking_threads(mut self, threads: usize) -> Builder {
        self.blocking = Some(threads);
        self
    }

    /// What the threads' names begin with. Default: `gmp`.
    pub fn thread_name(mut self, name: impl Into<String>) -> Builder {
        self.thread_name = Some(name.into());
        self
    }

    /// The size of the threads' stacks, bytes. Default: that of Rust's threads, 2 MiB.
    pub fn thread_stack_size(mut self, bytes: usize) -> Builder {
        self.stack_size = Some(bytes);
        self
    }

    /// How much CPU time a poll may use before another thread takes its processor on: from 0.2 ms to 10 s, by default 10 ms. A
    /// fifth of that is allowed while a timer is due or an event of a socket waits, and every processor is busy. Polls that
    /// block their threads lose their processors after a fraction of a millisecond, whatever the slice is.
    ///
    /// A shorter slice makes for less delay beside long calculations, and for more threads: each hand-off costs some 50 µs of
    /// CPU time, a quarter of the shortest slice, and a thread as long as the poll goes on. The slice is kept to some 0.1 ms
    /// at best. (Go: `forcePreemptNS`, which cannot be set)
    pub fn time_slice(mut self, slice: Duration) -> Builder {
        self.time_slice = Some(slice);
        self
    }

    /// How long dropping the [`Runtime`], and so the end of `main`, waits for tasks that are being polled: up to an hour, by
    /// default 900 ms. Zero waits for none. Tasks that wait are dropped at once in any case; polls that go on after this time
    /// are cut, as by [`Runtime::shutdown_timeout`], and a warning names them.
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Builder {
        self.shutdown_timeout = Some(timeout);
        self
    }

    /// What becomes of the process where a task panics. Default: [`PanicPolicy::Isolate`].
    pub fn panic_policy(mut self, policy: PanicPolicy) -> Builder {
        self.panic_policy = policy;
        self
    }

    /// Starts the runtime.
    ///
    /// # Errors
    /// If a number makes no sense (fewer machines than processors, say), a thread cannot be started, or address space cannot be reserved: the
    /// error names the value and the remedy, and nothing is left running.
    pub fn build(self) -> io::Result<Runtime> {
        let thread_name = self.thread_name.unwrap_or_else(|| "gmp".to_owned());
        if thread_name.contains('\0') {
            return Err(invalid(format!(
                "the thread name {thread_name:?} contains a zero byte"
            )));
        }
        let chosen = match self.processors {
            Some(processors) => Some(check("max_procs", processors)?),
            None => chosen_from_outside()?,
        };
        let (processors, limits) = match chosen {
            Some(processors) => (processors, None),
            None => {
                let mut limits = Limits::find();
                let processors = limits.processors().min(PROCESSORS_MAX);
                (processors, Some(limits))
            }
        };
        let machines = self.machines.unwrap_or(MACHINES_MAX.max(processors));
        if machines < processors {
            return Err(invalid(format!(
                "max_machines is {machines}; it must be at least the number of processors, {processors}"
            )));
        }
        let blocking = self.blocking.unwrap_or(BLOCKING_MAX);
        if blocking == 0 {
            return Err(invalid(
                "blocking_threads is 0; it must be at least 1".to_owned(),
            ));
        }
        let time_slice = self.time_slice.unwrap_or(TIME_SLICE);
        if !(TIME_SLICE_MIN..=TIME_SLICE_MAX).contains(&time_slice) {
            return Err(invalid(format!(
                "time_slice is {time_slice:?}; it must be from {TIME_SLICE_MIN:?} to {TIME_SLICE_MAX:?}"
            )));
        }
        let drop_timeout = self.shutdown_timeout.unwrap_or(SHUTDOWN_TIMEOUT);
        if drop_timeout > SHUTDOWN_TIMEOUT_MAX {
            return Err(invalid(format!(
                "shutdown_timeout is {drop_timeout:?}; it must be at most {SHUTDOWN_TIMEOUT_MAX:?} (`Runtime::shutdown` waits for ever)"
            )));
        }
        let config = Config {
            time_slice,
            machines,
            blocking,
            processors,
            limits,
            thread_name,
            stack_size: self.stack_size,
            aborts_on_panic: self.panic_policy == PanicPolicy::Abort,
        };
        Ok(Runtime {
            handle: Handle::new(Scheduler::start(config)?),
            drop_timeout,
        })
    }
}

fn chosen_from_outside() -> io::Result<Option<usize>> {
    let Some(text) = env::var_os(MAX_PROCS_VARIABLE) else {
        return Ok(None);
    };
    match text.to_str().and_then(|text| text.trim().parse().ok()) {
        Some(processors) => check(MAX_PROCS_VARIABLE, processors).map(Some),
        None => Err(invalid(format!(
            "{MAX_PROCS_VARIABLE} is {text:?}; set it to a number from 1 to {PROCESSORS_MAX}, or unset it"
        ))),
    }
}

fn check(what: &str, processors: usize) -> io::Result<usize> {
    if (1..=PROCESSORS_MAX).contains(&processors) {
        return Ok(processors);
    }
    Err(invalid(format!(
        "{what} is {processors}; it must be from 1 to {PROCESSORS_MAX}"
    )))
}

fn invalid(message: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, message)
}
