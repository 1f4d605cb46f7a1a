//! False alarms: where the system gives a process little, nobody is taken for a hog who is none.
//!
//! The tasks here compute for a fifth of a millisecond between two yields, or sleep. Counted is how often one of them lost its
//! processor.

use std::{
    fs, io,
    path::PathBuf,
    process::{Child, Command},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use gmp::Runtime;

use crate::{child::in_child_with, watchdog::runtime};

const PROCESSORS: usize = 2;
/// How long the innocent run.
const SPAN: Duration = Duration::from_secs(3);

/// How often a processor was taken: from who ran, from who blocked, for want of a CPU.
fn hand_offs(runtime: &Runtime) -> [u64; 3] {
    let metrics = runtime.metrics();
    [
        metrics.hand_offs_running,
        metrics.hand_offs_blocked,
        metrics.hand_offs_starved,
    ]
}

fn compute(time: Duration) {
    // Work, not time: with half a CPU it takes twice as long. It takes about as long without optimisation.
    let mut state = 1_u64;
    for _ in 0..time.as_nanos() / 40 {
        state = std::hint::black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        );
    }
}

/// Hears who is reported as being at fault from now on. (The hook of the process)
fn hear_of_faults() -> Arc<Mutex<Vec<String>>> {
    let faults = Arc::<Mutex<Vec<String>>>::default();
    let heard = faults.clone();
    gmp::debug::set_hand_off_hook(move |hand_off| {
        if hand_off.is_fault() {
            heard.lock().unwrap().push(hand_off.to_string());
        }
    });
    faults
}

/// Runs innocent tasks for [`SPAN`] beside `meanwhile`. At most one hand-off a second and processor, and nobody is blamed.
fn assert_no_alarm(meanwhile: impl FnOnce()) {
    let faults = hear_of_faults();
    let runtime = runtime(PROCESSORS);
    let over = Arc::new(AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|n| {
            let over = over.clone();
            runtime.spawn(async move {
                while !over.load(SeqCst) {
                    compute(Duration::from_micros(200));
                    if n % 2 == 0 {
                        gmp::yield_now().await;
                    } else {
                        gmp::sleep(Duration::from_millis(1)).await;
                    }
                }
            })
        })
        .collect();
    let begun = Instant::now();
    meanwhile();
    thread::sleep(SPAN.saturating_sub(begun.elapsed()));
    let (lasted, count) = (begun.elapsed(), hand_offs(&runtime));
    over.store(true, SeqCst);
    for task in tasks {
        runtime.block_on(task).unwrap();
    }
    runtime.shutdown();
    println!("{count:?} hand-offs in {lasted:?}");
    let most = lasted.as_secs_f64().ceil() * PROCESSORS as f64;
    let all: u64 = count.iter().sum();
    assert!(all as f64 <= most, "{count:?} hand-offs in {lasted:?}");
    let faults = faults.lock().unwrap();
    assert!(faults.is_empty(), "{faults:#?}");
}

/// A control group with half a CPU, removed when it is dropped.
struct HalfACpu(PathBuf);

impl HalfACpu {
    /// # Errors
    /// If no group can be made here.
    fn new() -> io::Result<HalfACpu> {
        let name = format!("gmp-test-{}", std::process::id());
        for (top, quota) in [
            (
                "/sys/fs/cgroup/cpu",
                ["cpu.cfs_period_us", "100000", "cpu.cfs_quota_us", "50000"],
            ),
            (
                "/sys/fs/cgroup",
                ["cpu.max", "50000 100000", "cpu.max", "50000 100000"],
            ),
        ] {
            let group = PathBuf::from(top).join(&name);
            if fs::create_dir(&group).is_err() {
                continue;
            }
            let group = HalfACpu(group);
            let written = quota
                .chunks(2)
                .try_for_each(|it| fs::write(group.0.join(it[0]), it[1]));
            if written.is_ok() {
                return Ok(group);
            }
        }
        Err(io::Error::other(
            "no control group with a CPU quota can be made",
        ))
    }
}

impl Drop for HalfACpu {
    fn drop(&mut self) {
        // The last member has just ended.
        let _ = fs::remove_dir(&self.0);
    }
}

/// The name of the variable that tells the child its group.
const GROUP: &str = "GMP_TEST_GROUP";

#[test]
fn under_a_quota_of_half_a_cpu() {
    let group = HalfACpu::new();
    if let Err(error) = &group {
        println!("SKIPPED: {error}");
        return;
    }
    in_child_with(
        |command| {
            command.env(GROUP, &group.as_ref().unwrap().0);
        },
        || {
            let group = PathBuf::from(std::env::var_os(GROUP).unwrap());
            fs::write(group.join("cgroup.procs"), std::process::id().to_string()).unwrap();
            let used_up = || {
                let stat = fs::read_to_string(group.join("cpu.stat")).unwrap();
                let throttled = stat
                    .lines()
                    .find_map(|line| line.strip_prefix("nr_throttled "));
                throttled.unwrap().parse::<u64>().unwrap() > 0
            };
            assert_no_alarm(|| {
                let begun = Instant::now();
                while !used_up() {
                    if begun.elapsed() > Duration::from_secs(20) {
                        return println!("SKIPPED: others leave this process less than its quota");
                    }
                    thread::sleep(Duration::from_millis(10));
                }
            });
        },
    );
}

/// Processes that keep the CPUs busy.
struct Neighbours(Vec<Child>);

impl Neighbours {
    fn new(count: usize) -> Neighbours {
        let busy = |_| {
            Command::new("sh")
                .args(["-c", "while :; do :; done"])
                .spawn()
                .expect("a shell")
        };
        Neighbours((0..count).map(busy).collect())
    }
}

impl Drop for Neighbours {
    fn drop(&mut self) {
        for neighbour in &mut self.0 {
            let _ = neighbour.kill();
            let _ = neighbour.wait();
        }
    }
}

#[test]
fn beside_eight_busy_neighbours() {
    in_child_with(
        |_| (),
        || {
            let neighbours = Neighbours::new(8);
            assert_no_alarm(|| ());
            drop(neighbours);
        },
    );
}

#[test]
fn stopped_now_and_then() {
    in_child_with(
        |_| (),
        || {
            assert_no_alarm(|| {
                let script = "for i in 1 2 3 4 5 6 7 8; do kill -STOP $0; sleep 0.1; kill -CONT $0; sleep 0.1; done";
                let own = std::process::id().to_string();
                let stopper = Command::new("sh").args(["-c", script, &own]).status();
                assert!(stopper.unwrap().success());
            });
        },
    );
}
