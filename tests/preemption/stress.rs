//! A random mix of hogs and others, for `GMP_STRESS_SECONDS` (3) in all. In a build with debug assertions the scheduler
//! checks that no processor ever has two holders; here the accounts must balance: what was spawned has ended, once, and
//! nothing was polled by two threads at a time. `ci/soak.sh` runs it for long; `GMP_STRESS_SEED` sets the seed, and
//! `GMP_STRESS_SLICE` the slice in microseconds (10000): with the least, 200, processors change hands fifty times as often.
//! At last the runtime ends beside hogs, in the middle of the mix.

mod others;

use std::{
    env,
    panic::panic_any,
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll, Waker},
    thread,
    time::{Duration, Instant, SystemTime},
};

use futures::future::BoxFuture;

use super::{Lifting, Siege, ends::ends_in_time};
use crate::{child::in_child_with, watchdog::eventually};

/// Those at the end of the runtime.
const HOGS: usize = 4;

/// What all tasks share.
#[derive(Clone, Default)]
struct Field {
    /// As many as the runtime begins with.
    processors: u64,
    seed: Arc<AtomicU64>,
    started: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
    wakers: Arc<Mutex<Vec<Waker>>>,
    lock: Arc<Mutex<u64>>,
}

struct Ends(Field);

impl Drop for Ends {
    fn drop(&mut self) {
        // A destructor that takes its time, too.
        if self.0.below(10) == 0 {
            self.0.burn();
        }
        self.0.ended.fetch_add(1, SeqCst);
    }
}

/// A future that notices when two threads poll it at a time.
struct PolledByOne {
    polled: AtomicBool,
    future: BoxFuture<'static, ()>,
}

impl Future for PolledByOne {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let another = self.polled.swap(true, SeqCst);
        if another {
            eprintln!("a task is polled by two threads at a time");
            std::process::abort();
        }
        let polled = self.future.as_mut().poll(cx);
        self.polled.store(false, SeqCst);
        polled
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Field {
    /// A number that depends on the seed, and on how the threads took turns.
    fn below(&self, bound: u64) -> u64 {
        let mut state = self.seed.fetch_add(0x9e37_79b9_7f4a_7c15, SeqCst);
        state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (state ^ (state >> 31)) % bound
    }

    fn some_time(&self) -> Duration {
        // Seldom longer than a slice.
        let most = if self.below(20) == 0 { 30_000 } else { 3_000 };
        Duration::from_micros(self.below(most))
    }

    fn burn(&self) {
        let (begun, time) = (Instant::now(), self.some_time());
        while begun.elapsed() < time {
            std::hint::spin_loop();
        }
    }

    fn burn_in_the_runtime(&self) {
        let (begun, time) = (Instant::now(), self.some_time());
        while begun.elapsed() < time {
            match self.below(3) {
                0 => self.wake_somebody(),
                1 => drop(gmp::spawn(async {})),
                _ => drop(gmp::spawn(gmp::yield_now())),
            }
        }
    }

    fn wake_somebody(&self) {
        let waker = locked(&self.wakers).pop();
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn spawn(&self, depth: u32) -> gmp::JoinHandle<()> {
        let field = self.clone();
        self.spawn_that(async move {
            for _ in 0..field.below(6) {
                field.step(depth).await;
            }
        })
    }

    /// A task that is accounted for.
    fn spawn_that(&self, future: impl Future<Output = ()> + Send + 'static) -> gmp::JoinHandle<()> {
        self.started.fetch_add(1, SeqCst);
        let ends = Ends(self.clone());
        let future: BoxFuture<'static, ()> = Box::pin(async move {
            let _ends = ends;
            future.await;
        });
        gmp::spawn(PolledByOne {
            polled: AtomicBool::new(false),
            future,
        })
    }

    async fn step(&self, depth: u32) {
        match self.below(25) {
            0 | 1 => self.burn(),
            2 | 3 => thread::sleep(self.some_time()),
            4 => self.burn_in_the_runtime(),
            5 => gmp::sleep(self.some_time()).await,
            6 => gmp::yield_now().await,
            7 if depth < 4 => drop(self.spawn(depth + 1).await),
            8 if depth < 4 => drop(self.spawn(depth + 1)),
            9 if depth < 3 => drop(gmp::block_on(self.spawn(depth + 1))),
            10 => gmp::block_in_place(|| thread::sleep(self.some_time())),
            11 => {
                let field = self.clone();
                drop(gmp::spawn_blocking(move || field.burn()).await);
            }
            12 if self.below(4) == 0 => panic_any("of the mix"),
            13 => {
                let mut guard = locked(&self.lock);
                *guard += 1;
                self.burn();
            }
            14 => self.wait_for_a_waker().await,
            15 => {
                let late = gmp::time::timeout(self.some_time(), self.spawn(4));
                drop(late.await);
            }
            16 => self.spawn(4).abort(),
            17 | 18 => self.pass_on().await,
            19 | 20 => self.talk().await,
            21 => self.stay().await,
            22 if depth < 4 => self.be_local(),
            23 => self.resize().await,
            _ => {
                while !gmp::preempt::should_yield() && self.below(10_000) != 0 {}
                gmp::yield_now().await;
            }
        }
    }

    async fn wait_for_a_waker(&self) {
        let mut registered = false;
        let wait = std::future::poll_fn(|cx| {
            if std::mem::replace(&mut registered, true) {
                return Poll::Ready(());
            }
            locked(&self.wakers).push(cx.waker().clone());
            Poll::Pending
        });
        let _ = gmp::time::timeout(Duration::from_millis(3), wait).await;
    }
}

fn from_environment(name: &str) -> Option<u64> {
    Some(env::var(name).ok()?.parse().expect("a number"))
}

fn play(processors: usize) {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("after 1970");
    let seed = from_environment("GMP_STRESS_SEED").unwrap_or(u64::from(now.subsec_nanos()));
    let seconds = from_environment("GMP_STRESS_SECONDS").unwrap_or(3);
    println!("GMP_STRESS_SEED={seed}");
    let slice = Duration::from_micros(from_environment("GMP_STRESS_SLICE").unwrap_or(10_000));
    let builder = crate::watchdog::builder(processors).time_slice(slice);
    let runtime = builder.build().expect("a runtime");
    let field = Field {
        processors: processors as u64,
        ..Field::default()
    };
    field.seed.store(seed, SeqCst);
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(seconds) / 4 {
        runtime.block_on(async {
            let tasks: Vec<_> = (0..20).map(|_| field.spawn(0)).collect();
            for task in tasks {
                drop(task.await);
            }
        });
    }
    eventually(|| field.started.load(SeqCst) == field.ended.load(SeqCst));
    eventually(|| runtime.handle().num_tasks() == 0);
    end_beside_hogs(runtime, &field);
    println!("{} tasks", field.started.load(SeqCst));
}

/// Ends the runtime in the middle of the mix, beside tasks that do not return: it names them, and what they hold is dropped
/// when they do.
fn end_beside_hogs(runtime: gmp::Runtime, field: &Field) {
    let siege = Siege::new();
    let lifting = Lifting(siege.clone());
    runtime.block_on(async {
        for n in 0..HOGS {
            let siege = siege.clone();
            drop(field.spawn_that(async move {
                if n % 2 == 0 {
                    siege.spin();
                } else {
                    siege.block();
                }
            }));
        }
        for _ in 0..20 {
            drop(field.spawn(0));
        }
    });
    siege.wait_begun(HOGS);
    let mut cut = Vec::new();
    ends_in_time(|| cut = runtime.shutdown_timeout(Duration::from_millis(200)).cut);
    assert!(cut.len() >= HOGS, "{cut:?}");
    drop(lifting);
    eventually(|| field.started.load(SeqCst) == field.ended.load(SeqCst));
}

#[test]
fn a_mix_with_hogs_on_1_processor() {
    crate::watchdog::within_limit(|| play(1));
}

#[test]
fn a_mix_with_hogs_on_2_processors() {
    crate::watchdog::within_limit(|| play(2));
}

#[test]
fn a_mix_with_hogs_on_4_processors() {
    crate::watchdog::within_limit(|| play(4));
}

/// Where the system has no `membarrier`.
#[test]
fn a_mix_with_hogs_and_full_fences() {
    in_child_with(
        |command| {
            command.env("GMPDEBUG", "membarrier=0");
        },
        || play(2),
    );
}
