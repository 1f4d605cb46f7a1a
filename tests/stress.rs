//! A random mix of everything, for `GMP_STRESS_SECONDS` (3) in all; the seed is printed, and set by
//! `GMP_STRESS_SEED`. At the end the accounts must balance: each future that was made was dropped once.

use std::{
    env,
    panic::panic_any,
    sync::{
        Arc, Mutex,
        atomic::{
            AtomicBool, AtomicU64, AtomicUsize,
            Ordering::{Relaxed, SeqCst},
        },
    },
    task::{Poll, Waker},
    thread,
    time::{Duration, Instant, SystemTime},
};

use futures::future::BoxFuture;
use gmp::{AbortHandle, JoinHandle};

use crate::{
    gate::{Gate, Wakes, poll_with},
    tally::{Tally, Witness},
    watchdog::{eventually, on_each},
};

/// A generator that is good enough for tests: xorshift64 (Marsaglia).
struct Dice(AtomicU64);

impl Dice {
    fn new(seed: u64) -> Dice {
        Dice(AtomicU64::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }

    fn below(&self, bound: usize) -> usize {
        let mut state = self.0.load(Relaxed);
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        self.0.store(state, Relaxed);
        (state >> 33) as usize % bound
    }

    fn seed(&self) -> u64 {
        self.below(1 << 30) as u64
    }
}

/// What all tasks and threads of a run share.
#[derive(Clone)]
struct Field {
    runtime: gmp::Handle,
    tally: Tally,
    over: Arc<AtomicBool>,
    /// Wakers, aborters and handles left about, to be used by anybody at any time.
    wakers: Arc<Mutex<Vec<Waker>>>,
    aborts: Arc<Mutex<Vec<AbortHandle>>>,
    handles: Arc<Mutex<Vec<JoinHandle<Witness>>>>,
    started: Arc<AtomicUsize>,
    ended: Arc<AtomicUsize>,
}

/// Counts a task's end, however it comes.
struct Ends(Arc<AtomicUsize>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Keeps one of many, at a random place; what it displaces is the caller's to drop, outside of the lock.
fn exchange<T>(shelf: &Mutex<Vec<T>>, dice: &Dice, item: T) -> Option<T> {
    let mut shelf = shelf.lock().unwrap();
    if shelf.len() < 64 {
        shelf.push(item);
        return None;
    }
    let at = dice.below(64);
    Some(std::mem::replace(&mut shelf[at], item))
}

fn take<T>(shelf: &Mutex<Vec<T>>, dice: &Dice) -> Option<T> {
    let mut shelf = shelf.lock().unwrap();
    let len = shelf.len();
    (len > 0).then(|| shelf.swap_remove(dice.below(len)))
}

impl Field {
    fn spawn(&self, dice: &Dice, depth: usize) -> JoinHandle<Witness> {
        self.started.fetch_add(1, SeqCst);
        let ends = Ends(self.ended.clone());
        let (field, seed) = (self.clone(), dice.seed());
        let future = self.tally.around(async move {
            let _ends = ends;
            let dice = Dice::new(seed);
            for _ in 0..dice.below(8) {
                field.step(&dice, depth).await;
            }
            field.tally.output()
        });
        let future: BoxFuture<'static, Witness> = Box::pin(future);
        if dice.below(4) == 0 {
            self.runtime.spawn(future)
        } else {
            gmp::spawn(future)
        }
    }

    /// Leaves a handle about, or drops it; says how to find the task again.
    fn leave(&self, dice: &Dice, handle: JoinHandle<Witness>) {
        drop(exchange(&self.aborts, dice, handle.abort_handle()));
        if dice.below(2) == 0 {
            drop(exchange(&self.handles, dice, handle));
        }
    }

    /// One thing that a task may do.
    async fn step(&self, dice: &Dice, depth: usize) {
        match dice.below(16) {
            0..=2 => gmp::yield_now().await,
            3 => gmp::time::sleep(Duration::from_micros(dice.below(300) as u64)).await,
            4 => self.wait_for_anybody(dice).await,
            5 if depth < 4 => drop(self.spawn(dice, depth + 1).await),
            6 if depth < 4 => {
                let handle = self.spawn(dice, depth + 1);
                self.leave(dice, handle);
            }
            7 if depth < 3 => drop(gmp::block_on(self.spawn(dice, depth + 1))),
            8 if dice.below(8) == 0 => panic_any(self.tally.output()),
            9 => {
                let late = gmp::time::sleep(Duration::from_millis(1 + dice.below(3) as u64));
                let _ =
                    gmp::time::timeout(Duration::from_micros(dice.below(2000) as u64), late).await;
            }
            10 => {
                if let Some(handle) = take(&self.handles, dice) {
                    // Its own handle it would wait for in vain: a limit sees to that.
                    drop(gmp::time::timeout(Duration::from_millis(1), handle).await);
                }
            }
            _ => self.meddle(dice),
        }
    }

    /// Waits until somebody uses the waker that is left about, or a little while.
    async fn wait_for_anybody(&self, dice: &Dice) {
        let gate = Gate::new();
        let passage = gate.wait();
        let mut timeout = std::pin::pin!(gmp::time::timeout(Duration::from_millis(2), passage));
        std::future::poll_fn(|cx| {
            drop(exchange(&self.wakers, dice, cx.waker().clone()));
            if dice.below(3) == 0 {
                gate.open();
            }
            timeout.as_mut().poll(cx).map(drop)
        })
        .await;
    }

    /// What threads do too: wakes, aborts, drops and polls whatever lies about.
    fn meddle(&self, dice: &Dice) {
        match dice.below(6) {
            0 | 1 => {
                let waker = take(&self.wakers, dice);
                if let Some(waker) = waker {
                    waker.wake_by_ref();
                    drop(exchange(&self.wakers, dice, waker));
                }
            }
            2 => drop(take(&self.wakers, dice).map(Waker::wake)),
            3 => drop(take(&self.aborts, dice).map(|abort| abort.abort())),
            4 => drop(take(&self.handles, dice)),
            _ => {
                if let Some(mut handle) = take(&self.handles, dice)
                    && let Poll::Pending = poll_with(&mut handle, &Wakes::new().1)
                {
                    drop(exchange(&self.handles, dice, handle));
                }
            }
        }
    }

    fn meddle_on_a_thread(self, seed: u64) -> impl FnOnce() {
        move || {
            let dice = Dice::new(seed);
            while !self.over.load(SeqCst) {
                self.meddle(&dice);
                if dice.below(50) == 0 {
                    drop(self.runtime.block_on(async { self.spawn(&dice, 2).await }));
                }
                thread::yield_now();
            }
        }
    }
}

fn from_environment(name: &str) -> Option<u64> {
    let text = env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name} is {text:?}; set it to a number")),
    )
}

fn play(runtime: gmp::Runtime, seed: u64, length: Duration, shut_down_early: bool) {
    let field = Field {
        runtime: runtime.handle().clone(),
        tally: Tally::new(),
        over: Arc::default(),
        wakers: Arc::default(),
        aborts: Arc::default(),
        handles: Arc::default(),
        started: Arc::default(),
        ended: Arc::default(),
    };
    let dice = Dice::new(seed);
    let threads: Vec<_> = (0..2)
        .map(|_| thread::spawn(field.clone().meddle_on_a_thread(dice.seed())))
        .collect();
    let begun = Instant::now();
    while begun.elapsed() < length {
        let roots: Vec<_> = (0..20)
            .map(|_| runtime.block_on(async { field.spawn(&dice, 0) }))
            .collect();
        for root in roots {
            if dice.below(2) == 0 {
                drop(runtime.block_on(root))
            } else {
                field.leave(&dice, root)
            }
        }
    }
    field.over.store(true, SeqCst);
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
    if !shut_down_early {
        eventually(|| field.started.load(SeqCst) == field.ended.load(SeqCst));
        eventually(|| runtime.handle().num_tasks() == 0);
    }
    runtime.shutdown();
    assert_eq!(field.started.load(SeqCst), field.ended.load(SeqCst));
    drop(std::mem::take(&mut *field.handles.lock().unwrap()));
    field.tally.assert_settled();
    println!("{} tasks", field.started.load(SeqCst));
}

fn stress(counts: &'static [usize]) {
    on_each(counts, |runtime| {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .expect("after 1970");
        let seed = from_environment("GMP_STRESS_SEED").unwrap_or(u64::from(now.subsec_nanos()));
        let seconds = from_environment("GMP_STRESS_SECONDS").unwrap_or(3);
        println!("GMP_STRESS_SEED={seed}");
        play(
            runtime,
            seed,
            Duration::from_secs(seconds) / 4,
            seed % 2 == 0,
        );
    });
}

#[test]
fn a_random_mix_on_1_processor() {
    stress(&[1]);
}

#[test]
fn a_random_mix_on_2_processors() {
    stress(&[2]);
}

#[test]
fn a_random_mix_on_4_processors() {
    stress(&[4]);
}

#[test]
fn a_random_mix_on_8_processors() {
    stress(&[8]);
}
