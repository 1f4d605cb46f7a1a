//! Clocks and counters of this process, and the loop that all throughput workloads are measured in.
//!
//! # Not done here
//! Hardware counters: they need rights that not everybody has. For instructions run a child under callgrind.

use std::{
    fs, io,
    mem::MaybeUninit,
    time::{Duration, Instant},
};

use crate::{
    allocations,
    child::Settings,
    metric::{ALLOCATED, ALLOCATIONS, CPU, Sample, WALL},
    runtime::Runtime,
};

/// Long enough for threads to have started, caches and free lists to be filled, the processor to be at its pace.
const WARM_UP: Duration = Duration::from_millis(100);

/// Long beside a clock tick of the kernel (4 ms) and short enough for many interleaved rounds.
const MEASURED: Duration = Duration::from_millis(250);

/// All the counters at one moment.
pub(crate) struct Reading {
    wall: Instant,
    cpu: Duration,
    allocations: u64,
    allocated: u64,
}

impl Reading {
    pub(crate) fn now() -> Self {
        let (allocations, allocated) = allocations::so_far();
        Self {
            wall: Instant::now(),
            cpu: cpu_time(),
            allocations,
            allocated,
        }
    }

    /// What an operation took since this reading, if there were so many. With allocations being counted the times are
    /// left out: counting changes them.
    pub(crate) fn per_operation(&self, operations: usize) -> Sample {
        let now = Self::now();
        let each = |total: f64| total / operations as f64;
        let nanoseconds = |total: Duration| each(total.as_nanos() as f64);
        if allocations::counts() {
            Sample::default()
                .with(
                    ALLOCATIONS,
                    each((now.allocations - self.allocations) as f64),
                )
                .with(ALLOCATED, each((now.allocated - self.allocated) as f64))
        } else {
            Sample::default()
                .with(WALL, nanoseconds(now.wall - self.wall))
                .with(CPU, nanoseconds(now.cpu.saturating_sub(self.cpu)))
        }
    }
}

/// [`measure`] in a task of a runtime that is made for it, which is not measured.
///
/// # Errors
/// The runtime's, when it cannot be made.
pub(crate) fn throughput<R: Runtime, F>(
    settings: &Settings,
    operations: usize,
    round: impl FnMut() -> F + Send + 'static,
) -> io::Result<Sample>
where
    F: Future<Output = ()> + Send + 'static,
{
    Ok(R::new(settings.procs)?.run(measure(operations, round)))
}

/// Repeats `round`, which does so many `operations`: first to warm up, then measured.
pub(crate) async fn measure<F: Future<Output = ()>>(
    operations: usize,
    mut round: impl FnMut() -> F,
) -> Sample {
    repeat(WARM_UP, &mut round).await;
    let start = Reading::now();
    let rounds = repeat(MEASURED, &mut round).await;
    start.per_operation(rounds * operations)
}

/// How many rounds it took until the time was up; at least one.
async fn repeat<F: Future<Output = ()>>(time: Duration, round: &mut impl FnMut() -> F) -> usize {
    let start = Instant::now();
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < time {
        round().await;
        rounds += 1;
    }
    rounds
}

/// What all threads of this process have used, in user and kernel mode.
pub(crate) fn cpu_time() -> Duration {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the pointer is to a `rusage` that the call may write.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr()) };
    assert_eq!(failed, 0, "getrusage knows RUSAGE_SELF");
    // SAFETY: all of it was zeroed, which is a valid `rusage`, and the call has filled it in.
    let usage = unsafe { usage.assume_init() };
    let time = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec as u64) + Duration::from_micros(time.tv_usec as u64)
    };
    time(usage.ru_utime) + time(usage.ru_stime)
}

/// The threads of this process; 0 where there is no `/proc` as Linux has it.
pub(crate) fn threads() -> usize {
    fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}

/// The memory of this process that is resident, in bytes.
///
/// `statm` would be the obvious file; the kernel sums it up from counters of each processor that may be 64 pages off.
///
/// # Errors
/// Where there is no `/proc` as Linux has it.
pub(crate) fn resident_bytes() -> io::Result<u64> {
    const FILE: &str = "/proc/self/smaps_rollup";
    let text = fs::read_to_string(FILE).map_err(|error| {
        io::Error::other(format!(
            "resident memory is measured on Linux only, by {FILE}: {error}"
        ))
    })?;
    let kilobytes = text.lines().find_map(|line| {
        line.strip_prefix("Rss:")?
            .trim()
            .strip_suffix(" kB")?
            .parse()
            .ok()
    });
    let kilobytes: u64 =
        kilobytes.ok_or_else(|| io::Error::other(format!("{FILE} has no line Rss")))?;
    Ok(kilobytes * 1024)
}
