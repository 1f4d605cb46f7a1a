//! What is told of tasks that lose their processors.

use std::{
    net::UdpSocket,
    panic::Location,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread,
    time::Duration,
};

use gmp::{
    JoinHandle, Runtime,
    debug::{Cause, HandOff},
};

use crate::{
    child::in_child,
    watchdog::{eventually, runtime},
};

/// Tasks that run until they are reported, over and over, and what was reported.
pub(super) struct Reports {
    pub(super) come: mpsc::Receiver<HandOff>,
    /// How many have come.
    count: Arc<AtomicUsize>,
    over: Arc<AtomicBool>,
}

impl Drop for Reports {
    fn drop(&mut self) {
        self.over.store(true, SeqCst);
    }
}

impl Reports {
    /// Sets the hook of the process.
    pub(super) fn new() -> Reports {
        let (send, come) = mpsc::channel();
        let count = Arc::new(AtomicUsize::new(0));
        let (counted, send) = (count.clone(), Mutex::new(send));
        gmp::debug::set_hand_off_hook(move |hand_off| {
            assert_eq!(thread::current().name(), Some("gmp-reporter"));
            // The test has what it needs when nobody listens any more.
            let _ = send.lock().unwrap().send(hand_off.clone());
            counted.fetch_add(1, SeqCst);
        });
        Reports {
            come,
            count,
            over: Arc::default(),
        }
    }

    /// A task that does this in each poll until somebody was reported.
    #[track_caller]
    pub(super) fn hog(
        &self,
        runtime: &Runtime,
        step: impl Fn() + Send + 'static,
    ) -> JoinHandle<()> {
        let (count, over) = (self.count.clone(), self.over.clone());
        let _entered = runtime.enter();
        gmp::task::Builder::new().name("hog").spawn(async move {
            while !over.load(SeqCst) {
                gmp::sleep(Duration::from_millis(1)).await; // @last wait
                let before = count.load(SeqCst);
                while count.load(SeqCst) == before && !over.load(SeqCst) {
                    step();
                }
            }
        })
    }

    /// The first report on this task that is so.
    pub(super) fn find(&self, hog: &JoinHandle<()>, is_so: impl Fn(&HandOff) -> bool) -> HandOff {
        let mut reports = self.come.iter();
        let found = reports.find(|report| report.task == Some(hog.id()) && is_so(report));
        found.expect("the hook stays")
    }

    /// Ends the hogs.
    pub(super) fn end(self, runtime: Runtime, hog: JoinHandle<()>) {
        self.over.store(true, SeqCst);
        runtime.block_on(hog).unwrap();
        runtime.shutdown();
    }
}

/// Some milliseconds of work, all in this function: no callee takes the place of its frame.
#[inline(never)]
pub(super) fn hot_leaf() {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut left = 500_000_u32;
    while left != 0 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        left -= 1;
    }
    std::hint::black_box(state);
}

pub(super) fn is_of_hot_leaf(hand_off: &HandOff) -> bool {
    hand_off.stack.first().is_some_and(|frame| {
        let function = frame.function.as_deref().unwrap_or_default();
        let file = frame.file.as_deref().unwrap_or("".as_ref());
        function.ends_with("reports::hot_leaf") && file.ends_with(file!()) && frame.line.is_some()
    })
}

/// The line of this file that ends with the comment `// @mark`.
fn line_of(mark: &str) -> u32 {
    let mut lines = include_str!("reports.rs").lines().zip(1..);
    let mark = format!("; // @{mark}");
    lines
        .find(|(line, _)| line.ends_with(&mark))
        .expect("a mark")
        .1
}

fn is_at(site: &Location<'_>, mark: &str) -> bool {
    (site.file(), site.line()) == (file!(), line_of(mark))
}

#[test]
fn a_hot_loop_is_reported_with_all_that_is_known() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let hog = reports.hog(&runtime, hot_leaf); // @hog
        let report = reports.find(&hog, is_of_hot_leaf);
        assert_eq!(report.cause, Cause::Running);
        assert!(report.is_fault());
        assert_eq!(report.name, Some("hog"));
        assert!(is_at(report.spawned_at.unwrap(), "hog"));
        let wait = report.last_wait.unwrap();
        assert_eq!(wait.reason.as_str(), "sleep");
        assert!(is_at(wait.at, "last wait"));
        // A fifth of the slice of 10 ms, where timers wait.
        assert!(report.cpu.unwrap() >= Duration::from_millis(2), "{report}");
        let text = report.to_string();
        for part in [
            &format!("task {} \"hog\" has run for ", hog.id()),
            "spawned at ",
            "last waited for sleep at ",
            "reports::hot_leaf (",
        ] {
            assert!(text.contains(part), "{text}");
        }
        assert!(runtime.metrics().hand_offs_running > 0);
        reports.end(runtime, hog);
    });
}

/// `recv` with a time limit returns `EINTR` after any signal.
#[test]
fn a_blocking_call_is_reported_and_not_cut_short() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let limit = Duration::from_millis(20);
        socket.set_read_timeout(Some(limit)).unwrap();
        let cut = Arc::new(AtomicUsize::new(0));
        let counted = cut.clone();
        let hog = reports.hog(&runtime, move || {
            let error = socket.recv(&mut [0]).unwrap_err();
            if error.kind() == std::io::ErrorKind::Interrupted {
                counted.fetch_add(1, SeqCst);
            }
        });
        for _ in 0..10 {
            let report = reports.find(&hog, |report| report.cause == Cause::Blocked);
            assert!(report.is_fault());
            assert!(report.stack.is_empty(), "{report}");
            assert!(report.to_string().contains("has blocked its thread"));
        }
        assert_eq!(cut.load(SeqCst), 0);
        assert!(runtime.metrics().hand_offs_blocked >= 10);
        reports.end(runtime, hog);
    });
}

/// Threads that take a CPU from those that are nice.
fn neighbours(over: &Arc<AtomicBool>) -> Vec<thread::JoinHandle<()>> {
    let neighbour = |_| {
        let over = over.clone();
        thread::spawn(move || {
            share_one_cpu();
            while !over.load(SeqCst) {
                hot_leaf();
            }
        })
    };
    (0..4).map(neighbour).collect()
}

/// The calling thread waits for the neighbours, and so do those that it starts.
fn give_way() {
    share_one_cpu();
    // SAFETY: the call takes integers and touches no memory.
    unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, 19) };
}

/// The thread runs beside many others of more weight on one CPU.
#[test]
fn who_gets_no_cpu_is_not_to_blame() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let over = Arc::new(AtomicBool::new(false));
        let hog = reports.hog(&runtime, || {
            give_way();
            hot_leaf();
        });
        let neighbours = neighbours(&over);
        let report = reports.find(&hog, |report| {
            // Whoever is to blame has used a slice.
            if report.cause == Cause::Running {
                assert!(
                    report.cpu.expect("Linux tells") >= Duration::from_millis(2),
                    "{report}"
                );
            }
            report.cause == Cause::Starved
        });
        over.store(true, SeqCst);
        assert!(!report.is_fault());
        assert!(report.stack.is_empty());
        assert!(report.to_string().contains("through no fault of its own"));
        assert!(runtime.metrics().hand_offs_starved > 0);
        neighbours
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        reports.end(runtime, hog);
    });
}

/// It runs on when the neighbours are gone: then it is to blame.
#[test]
fn who_got_no_cpu_and_runs_on_is_to_blame_in_the_end() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(1);
        let [busy, over] = [const { AtomicBool::new(false) }; 2].map(Arc::new);
        let neighbours = neighbours(&busy);
        let round = Arc::new(AtomicUsize::new(0));
        let (goes_on, ended) = (round.clone(), over.clone());
        let hog = runtime.spawn(async move {
            give_way();
            while !ended.load(SeqCst) {
                gmp::sleep(Duration::from_millis(1)).await;
                let now = goes_on.load(SeqCst);
                while goes_on.load(SeqCst) == now && !ended.load(SeqCst) {
                    hot_leaf();
                }
            }
        });
        reports.find(&hog, |report| {
            if report.cause == Cause::Running {
                // To blame at once: another poll.
                round.fetch_add(1, SeqCst);
            }
            report.cause == Cause::Starved
        });
        busy.store(true, SeqCst);
        let blamed = reports.find(&hog, |_| true);
        assert_eq!(blamed.cause, Cause::Running);
        assert!(blamed.is_fault() && blamed.goes_on);
        let (cpu, wall) = (blamed.cpu.expect("Linux tells"), blamed.wall);
        assert!(
            cpu >= Duration::from_millis(10) && wall >= cpu,
            "since the poll began: {blamed}"
        );
        over.store(true, SeqCst);
        neighbours
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
        reports.end(runtime, hog);
    });
}

/// The first CPU that this process may use.
fn share_one_cpu() {
    // SAFETY: a set of no CPUs is valid.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    // SAFETY: the call fills the set.
    unsafe {
        libc::sched_getaffinity(
            std::process::id() as i32,
            size_of_val(&allowed),
            &raw mut allowed,
        )
    };
    // SAFETY: as above.
    let mut one: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let first = (0..libc::CPU_SETSIZE as usize)
        // SAFETY: the number is below the set's size.
        .find(|&cpu| unsafe { libc::CPU_ISSET(cpu, &allowed) })
        .expect("a CPU");
    // SAFETY: as above.
    unsafe { libc::CPU_SET(first, &mut one) };
    // SAFETY: the call reads the set.
    unsafe { libc::sched_setaffinity(0, size_of_val(&one), &raw const one) };
}

/// With a long slice a calculation keeps its processor.
#[test]
fn a_long_slice_is_kept_to() {
    in_child(|| {
        let builder = gmp::Builder::new().max_procs(1);
        let runtime = builder.time_slice(Duration::from_secs(10)).build().unwrap();
        runtime
            .block_on(runtime.spawn(async {
                let begun = thread_time();
                while thread_time() - begun < Duration::from_millis(50) {
                    hot_leaf();
                }
            }))
            .unwrap();
        let metrics = runtime.metrics();
        // Beside busy neighbours a short slice would make it starved before it were a hot loop.
        assert_eq!(
            (metrics.hand_offs_running, metrics.hand_offs_starved),
            (0, 0)
        );
        runtime.shutdown();
    });
}

/// CPU time of the calling thread.
fn thread_time() -> Duration {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: the call writes the structure.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The polite ways are no stalls.
#[test]
fn who_says_that_it_blocks_is_not_reported() {
    in_child(|| {
        let reports = Reports::new();
        let runtime = runtime(2);
        let polite = runtime.spawn(async {
            gmp::block_in_place(|| thread::sleep(Duration::from_millis(30)));
            gmp::spawn_blocking(|| thread::sleep(Duration::from_millis(30)))
                .await
                .unwrap();
        });
        let id = polite.id();
        runtime.block_on(polite).unwrap();
        // One that is impolite ends the wait for reports.
        let hog = reports.hog(&runtime, || thread::sleep(Duration::from_millis(5)));
        let mut others = reports.come.iter();
        let first = others.find(|report| report.cause == Cause::Blocked);
        assert_ne!(first.unwrap().task, Some(id));
        reports.end(runtime, hog);
    });
}

/// A hook that panics hears of the next one all the same.
#[test]
fn a_hook_that_panics() {
    in_child(|| {
        static CALLS: AtomicUsize = AtomicUsize::new(0);
        gmp::debug::set_hand_off_hook(|_| {
            CALLS.fetch_add(1, SeqCst);
            panic!("on purpose");
        });
        let runtime = runtime(1);
        eventually(|| {
            let sleeps = async { thread::sleep(Duration::from_millis(5)) };
            runtime.block_on(runtime.spawn(sleeps)).unwrap();
            CALLS.load(SeqCst) > 1
        });
        runtime.shutdown();
    });
}
