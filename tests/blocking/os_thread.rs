//! `lock_os_thread`: the task stays on its thread, and has it for itself.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    thread::{self, ThreadId},
    time::Duration,
};

use crate::{
    gate::Gate,
    watchdog::{eventually, on_each, on_processors, runtime, within_limit},
};

thread_local! {
    /// A bound task has this thread for itself.
    static TAKEN: Cell<bool> = const { Cell::new(false) };
}

fn here() -> ThreadId {
    thread::current().id()
}

/// Runs on threads that nobody has for himself, until it is told to end.
async fn stranger(over: Arc<AtomicBool>) -> usize {
    let mut turns = 0;
    while !over.load(SeqCst) {
        assert!(!TAKEN.get(), "a stranger on a bound task's thread");
        turns += 1;
        gmp::yield_now().await;
    }
    turns
}

/// Waits in several ways.
async fn wait(turn: usize) {
    match turn % 4 {
        0 => gmp::yield_now().await,
        1 => drop(gmp::spawn(async {}).await),
        2 => gmp::sleep(Duration::from_micros(50)).await,
        _ => drop(gmp::spawn_blocking(|| ()).await),
    }
}

#[test]
fn a_bound_task_has_its_thread_for_itself() {
    on_processors(|runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let strangers: Vec<_> = (0..10)
            .map(|_| runtime.spawn(stranger(over.clone())))
            .collect();
        let bound: Vec<_> = (0..3)
            .map(|_| {
                runtime.spawn(async {
                    let outer = gmp::lock_os_thread();
                    assert!(!TAKEN.replace(true));
                    let thread = here();
                    for turn in 0..100 {
                        let inner = (turn % 10 == 0).then(gmp::lock_os_thread);
                        wait(turn).await;
                        assert_eq!(here(), thread);
                        assert!(TAKEN.get());
                        // They nest: the outer one still holds.
                        drop(inner);
                    }
                    TAKEN.set(false);
                    drop(outer);
                    for turn in 0..10 {
                        wait(turn).await;
                        assert!(!TAKEN.get());
                    }
                })
            })
            .collect();
        for task in bound {
            runtime.block_on(task).unwrap();
        }
        over.store(true, SeqCst);
        for task in strangers {
            assert!(runtime.block_on(task).unwrap() > 0);
        }
    });
}

/// Wakes that come as the poll ends, from tasks and from foreign threads.
#[test]
fn bound_tasks_wake_each_other() {
    on_processors(|runtime| {
        const ROUNDS: usize = 1000;
        let (ping, pinged) = gmp::chan::<usize>(0);
        let (pong, ponged) = gmp::chan::<usize>(1);
        let first = runtime.spawn(async move {
            let _bound = gmp::lock_os_thread();
            for n in 0..ROUNDS {
                ping.send(n).await.unwrap();
                assert_eq!(ponged.recv().await, Some(n));
            }
        });
        let second = runtime.spawn(async move {
            let _bound = gmp::lock_os_thread();
            while let Some(n) = pinged.recv().await {
                pong.send(n).await.unwrap();
            }
        });
        let (send, received) = gmp::chan::<usize>(0);
        let third = runtime.spawn(async move {
            let _bound = gmp::lock_os_thread();
            let mut sum = 0;
            while let Some(n) = received.recv().await {
                sum += n;
            }
            sum
        });
        for n in 0..ROUNDS {
            send.send_blocking(n).unwrap();
        }
        drop(send);
        assert_eq!(runtime.block_on(third).unwrap(), ROUNDS * (ROUNDS - 1) / 2);
        runtime.block_on(first).unwrap();
        runtime.block_on(second).unwrap();
    });
}

/// With every processor idle, and every task bound, the timers still fire.
#[test]
fn bound_tasks_sleep() {
    on_processors(|runtime| {
        let tasks: Vec<_> = (0..50)
            .map(|n| {
                runtime.spawn(async move {
                    let _bound = gmp::lock_os_thread();
                    let thread = here();
                    for turn in 0..10 {
                        gmp::sleep(Duration::from_micros(300 * ((n + turn) % 7))).await;
                        assert_eq!(here(), thread);
                    }
                })
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn a_bound_hog_costs_nobody_anything() {
    on_each(&[1, 2], |runtime| {
        let (over, begun) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicBool::new(false)),
        );
        let (told, starts) = (over.clone(), begun.clone());
        let hog = runtime.spawn(async move {
            let _bound = gmp::lock_os_thread();
            let thread = here();
            for _ in 0..3 {
                starts.store(true, SeqCst);
                while !told.load(SeqCst) {
                    std::hint::spin_loop();
                }
                gmp::yield_now().await;
                assert_eq!(here(), thread);
                gmp::block_in_place(|| thread::sleep(Duration::from_millis(2)));
                gmp::block_on(gmp::sleep(Duration::from_millis(2)));
                gmp::sleep(Duration::from_millis(1)).await;
                assert_eq!(here(), thread);
            }
        });
        eventually(|| begun.load(SeqCst));
        for _ in 0..100 {
            runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        }
        over.store(true, SeqCst);
        runtime.block_on(hog).unwrap();
    });
}

/// Tells when its thread ends.
struct ThreadEnds(mpsc::Sender<ThreadId>);

impl Drop for ThreadEnds {
    fn drop(&mut self) {
        // The test is over where nobody listens.
        let _ = self.0.send(here());
    }
}

thread_local! {
    static ENDS: RefCell<Option<ThreadEnds>> = const { RefCell::new(None) };
}

/// Go: a goroutine that exits while it is locked takes its thread with it.
#[test]
fn a_task_that_ends_bound_takes_its_thread_with_it() {
    on_processors(|runtime| {
        for round in 0..6 {
            let (ends, ended) = mpsc::channel();
            let task = runtime.spawn(async move {
                std::mem::forget(gmp::lock_os_thread());
                ENDS.with(|cell| *cell.borrow_mut() = Some(ThreadEnds(ends)));
                TAKEN.set(true);
                if round % 2 == 0 {
                    gmp::yield_now().await;
                }
                assert!(round % 3 != 0, "one of the panics of this test");
                here()
            });
            let thread = runtime.block_on(task);
            let ended = ended.recv().unwrap();
            match thread {
                Ok(thread) => assert_eq!(ended, thread),
                Err(error) => assert!(error.is_panic()),
            }
            let over = Arc::new(AtomicBool::new(true));
            runtime.block_on(runtime.spawn(stranger(over))).unwrap();
        }
    });
}

/// Tells where it is dropped.
struct DroppedOn(Arc<Mutex<Option<ThreadId>>>);

impl Drop for DroppedOn {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = Some(here());
    }
}

/// A bound task that waits for ever; where it is dropped.
fn waits_bound(
    runtime: &gmp::Runtime,
) -> (gmp::JoinHandle<()>, ThreadId, Arc<Mutex<Option<ThreadId>>>) {
    let dropped = Arc::new(Mutex::new(None));
    let (tell, told) = mpsc::channel();
    let witness = DroppedOn(dropped.clone());
    let task = runtime.spawn(async move {
        let _bound = gmp::lock_os_thread();
        let _witness = witness;
        gmp::yield_now().await;
        tell.send(here()).unwrap();
        std::future::pending::<()>().await;
    });
    (task, told.recv().unwrap(), dropped)
}

#[test]
fn an_aborted_task_is_dropped_on_its_thread() {
    on_processors(|runtime| {
        let (task, thread, dropped) = waits_bound(&runtime);
        task.abort();
        assert!(runtime.block_on(task).unwrap_err().is_cancelled());
        assert_eq!(*dropped.lock().unwrap(), Some(thread));
    });
}

#[test]
fn the_end_of_the_runtime_drops_bound_tasks_on_their_threads() {
    on_processors(|runtime| {
        let tasks: Vec<_> = (0..5).map(|_| waits_bound(&runtime)).collect();
        runtime.shutdown();
        for (task, thread, dropped) in tasks {
            assert_eq!(*dropped.lock().unwrap(), Some(thread));
            assert!(gmp::block_on(task).unwrap_err().is_cancelled());
        }
    });
}

/// The end comes while entries of bound tasks are on their way.
#[test]
fn the_end_of_the_runtime_amid_wakes() {
    within_limit(|| {
        for round in 0..50 {
            let runtime = runtime(1 + round % 3);
            let dropped = Arc::new(AtomicUsize::new(0));
            struct Counts(Arc<AtomicUsize>);
            impl Drop for Counts {
                fn drop(&mut self) {
                    self.0.fetch_add(1, SeqCst);
                }
            }
            for n in 0..6 {
                let counts = Counts(dropped.clone());
                drop(runtime.spawn(async move {
                    let _counts = counts;
                    let _bound = (n % 3 != 0).then(gmp::lock_os_thread);
                    loop {
                        // What spawns is refused then, and would never wait again.
                        wait(n % 2 * 2).await;
                    }
                }));
            }
            thread::sleep(Duration::from_micros(100 * round as u64));
            runtime.shutdown();
            assert_eq!(dropped.load(SeqCst), 6);
        }
    });
}

#[test]
fn a_panic_frees_the_thread() {
    on_processors(|runtime| {
        let task = runtime.spawn(async {
            let _bound = gmp::lock_os_thread();
            gmp::yield_now().await;
            panic!("one of the panics of this test");
        });
        let error: gmp::JoinError = runtime.block_on::<gmp::JoinHandle<()>>(task).unwrap_err();
        assert!(error.is_panic());
        for _ in 0..10 {
            runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        }
    });
}

/// A guard may leave its task: it is dropped elsewhere, or outlives it.
#[test]
fn a_guard_that_is_given_away() {
    on_processors(|runtime| {
        let gate = Gate::new();
        let (give, given) = mpsc::channel();
        let waits = gate.wait();
        let task = runtime.spawn(async move {
            give.send(gmp::lock_os_thread()).unwrap();
            waits.await;
            // The last one is gone, and this poll knows it; what is bound anew stays so.
            let bound = gmp::lock_os_thread();
            let thread = here();
            for turn in 0..8 {
                wait(turn).await;
                assert_eq!(here(), thread);
            }
            drop(bound);
            gmp::lock_os_thread()
        });
        drop(given.recv().unwrap());
        gate.open();
        let outlives = runtime.block_on(task).unwrap();
        for _ in 0..10 {
            runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
        }
        drop(outlives);
        runtime.block_on(runtime.spawn(gmp::yield_now())).unwrap();
    });
}

#[test]
fn outside_of_a_task_the_guard_does_nothing() {
    on_processors(|runtime| {
        drop(gmp::lock_os_thread());
        runtime.block_on(async {
            let _bound = gmp::lock_os_thread();
            let thread = here();
            for turn in 0..8 {
                wait(turn).await;
                assert_eq!(here(), thread);
            }
        });
        let _entered = runtime.enter();
        let task = gmp::spawn_blocking(|| {
            let _bound = gmp::lock_os_thread();
            gmp::block_on(gmp::spawn(async { 7 })).unwrap()
        });
        assert_eq!(gmp::block_on(task).unwrap(), 7);
    });
}
