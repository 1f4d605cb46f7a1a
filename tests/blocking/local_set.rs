//! `LocalSet`: tasks that need not be `Send`, on the thread of their set.

use std::{
    cell::{Cell, RefCell},
    panic::{AssertUnwindSafe, catch_unwind},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
        mpsc,
    },
    thread::{self, ThreadId},
    time::Duration,
};

use gmp::task::LocalSet;

use crate::{
    gate::Gate,
    tally::Tally,
    watchdog::{eventually, on_each, on_processors, within_limit},
};

/// Must be dropped on the thread that made it.
struct Stays(ThreadId, Rc<Cell<usize>>);

impl Stays {
    fn new(dropped: &Rc<Cell<usize>>) -> Stays {
        Stays(thread::current().id(), dropped.clone())
    }
}

impl Drop for Stays {
    fn drop(&mut self) {
        assert_eq!(thread::current().id(), self.0);
        self.1.set(self.1.get() + 1);
    }
}

#[test]
fn tasks_share_what_is_not_send() {
    on_processors(|runtime| {
        let set = LocalSet::new();
        let log = Rc::new(RefCell::new(Vec::new()));
        let sum = set.block_on(&runtime, async {
            let tasks: Vec<_> = (0..10)
                .map(|n| {
                    let log = log.clone();
                    gmp::spawn_local(async move {
                        let thread = thread::current().id();
                        for _ in 0..5 {
                            gmp::yield_now().await;
                            gmp::sleep(Duration::from_micros(100)).await;
                            drop(gmp::spawn(async {}).await);
                            assert_eq!(thread::current().id(), thread);
                        }
                        log.borrow_mut().push(n);
                        Rc::new(n)
                    })
                })
                .collect();
            let mut sum = 0;
            for task in tasks {
                sum += *task.await.unwrap();
            }
            sum
        });
        assert_eq!((sum, log.borrow().len()), (45, 10));
    });
}

#[test]
fn a_set_that_is_awaited_waits_for_all() {
    within_limit(|| {
        let set = LocalSet::new();
        let count = Rc::new(Cell::new(0));
        fn tree(count: Rc<Cell<usize>>, depth: usize) {
            count.set(count.get() + 1);
            for _ in 0..usize::from(depth > 0) * 3 {
                let count = count.clone();
                drop(gmp::spawn_local(async move {
                    gmp::yield_now().await;
                    tree(count, depth - 1);
                }));
            }
        }
        let inner = count.clone();
        drop(set.spawn_local(async move { tree(inner, 4) }));
        gmp::block_on(set);
        assert_eq!(count.get(), 1 + 3 + 9 + 27 + 81);
    });
}

#[test]
fn wakes_come_from_everywhere() {
    on_processors(|runtime| {
        let set = LocalSet::new();
        set.block_on(&runtime, async {
            let receivers: Vec<_> = (0..8)
                .map(|n| {
                    let (send, receive) = gmp::chan::<usize>(0);
                    let sends = async move {
                        for n in 0..200 {
                            send.send(n).await.unwrap();
                        }
                    };
                    if n % 2 == 0 {
                        drop(gmp::spawn(sends));
                    } else {
                        drop(thread::spawn(|| gmp::block_on(sends)));
                    }
                    gmp::spawn_local(async move {
                        let mut sum = Rc::new(0);
                        while let Some(n) = receive.recv().await {
                            *Rc::get_mut(&mut sum).unwrap() += n;
                        }
                        *sum
                    })
                })
                .collect();
            for task in receivers {
                assert_eq!(task.await.unwrap(), 199 * 200 / 2);
            }
        });
    });
}

#[test]
fn panics_and_aborts_reach_the_handle() {
    within_limit(|| {
        let (set, dropped) = (LocalSet::new(), Rc::new(Cell::new(0)));
        gmp::block_on(set.run_until(async {
            let stays = Stays::new(&dropped);
            let panics = gmp::spawn_local(async move {
                let _stays = stays;
                if true {
                    panic!("one of the panics of this test");
                }
            });
            let id = panics.id();
            let error = panics.await.unwrap_err();
            assert!(error.is_panic() && error.id() == id);
            assert_eq!(dropped.get(), 1);
            let stays = Stays::new(&dropped);
            let waits = gmp::spawn_local(async move {
                let _stays = stays;
                std::future::pending::<()>().await;
            });
            gmp::yield_now().await;
            assert!(!waits.is_finished());
            // From another thread, which sees to its end too, since the output may go there.
            let abort = waits.abort_handle();
            let joined = thread::spawn(move || {
                abort.abort();
                gmp::block_on(waits).unwrap_err().is_cancelled()
            });
            while !joined.is_finished() {
                gmp::yield_now().await;
            }
            assert!(joined.join().unwrap());
            assert_eq!(dropped.get(), 2);
            let never = gmp::spawn_local(async { unreachable!("aborted before it began") });
            never.abort();
            let error: gmp::JoinError = never.await.map(|(): ()| ()).unwrap_err();
            assert!(error.is_cancelled());
        }));
    });
}

#[test]
fn a_dropped_set_drops_its_tasks_here() {
    within_limit(|| {
        let (set, dropped, gate) = (LocalSet::new(), Rc::new(Cell::new(0)), Gate::new());
        /// Uses the set in its drop, which refuses what it spawns.
        struct Spawns(Stays);
        impl Drop for Spawns {
            fn drop(&mut self) {
                let dropped = self.0.1.clone();
                let stays = Stays::new(&dropped);
                drop(gmp::spawn_local(async move { drop(stays) }));
            }
        }
        let handles: Vec<_> = (0..10)
            .map(|n| {
                let (guard, waits) = (Spawns(Stays::new(&dropped)), gate.wait());
                set.spawn_local(async move {
                    let _guard = guard;
                    waits.await;
                    n
                })
            })
            .collect();
        gmp::block_on(set.run_until(gmp::yield_now()));
        let unpolled = Stays::new(&dropped);
        drop(set.spawn_local(async move { drop(unpolled) }));
        let wakers = gate.take_wakers();
        assert_eq!(wakers.len(), 10);
        drop(set);
        assert_eq!(dropped.get(), 21);
        // Wakers outlive the set, on any thread.
        thread::spawn(move || wakers.into_iter().for_each(|waker| waker.wake()))
            .join()
            .unwrap();
        for handle in handles {
            assert!(gmp::block_on(handle).unwrap_err().is_cancelled());
        }
    });
}

/// Tasks that are always ready leave turns to the future that is run, and to each other.
#[test]
fn nobody_starves() {
    within_limit(|| {
        let set = LocalSet::new();
        let turns: Vec<_> = (0..3).map(|_| Rc::new(Cell::new(0))).collect();
        for turns in &turns {
            let turns = turns.clone();
            drop(set.spawn_local(async move {
                loop {
                    turns.set(turns.get() + 1);
                    gmp::yield_now().await;
                    // One that breeds.
                    drop(gmp::spawn_local(async {}));
                }
            }));
        }
        gmp::block_on(set.run_until(async {
            while turns.iter().any(|turns| turns.get() < 100) {
                gmp::yield_now().await;
            }
        }));
    });
}

#[test]
fn a_local_hog_holds_up_its_own_set_only() {
    on_each(&[1], |runtime| {
        let over = Arc::new(AtomicBool::new(false));
        let others = runtime.spawn({
            let over = over.clone();
            async move {
                for _ in 0..100 {
                    gmp::yield_now().await;
                    gmp::sleep(Duration::from_micros(100)).await;
                }
                over.store(true, SeqCst);
            }
        });
        let set = LocalSet::new();
        set.block_on(&runtime, async {
            let hog = gmp::spawn_local(async move {
                while !over.load(SeqCst) {
                    std::hint::spin_loop();
                }
            });
            hog.await.unwrap();
            others.await.unwrap();
        });
    });
}

fn false_here() -> bool {
    std::hint::black_box(false)
}

#[test]
fn outside_of_a_set_spawning_panics() {
    within_limit(|| {
        let spawned = catch_unwind(|| drop(gmp::spawn_local(async {})));
        let payload = spawned.unwrap_err();
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        assert!(message.unwrap().contains("LocalSet::run_until"));
        // A panic in a set leaves it: the thread is in none afterwards.
        let set = LocalSet::new();
        let panics =
            set.run_until(async { assert!(false_here(), "one of the panics of this test") });
        assert!(catch_unwind(AssertUnwindSafe(|| gmp::block_on(panics))).is_err());
        assert!(catch_unwind(|| drop(gmp::spawn_local(async {}))).is_err());
    });
}

#[test]
fn a_set_inside_of_a_set_and_of_a_task() {
    on_processors(|runtime| {
        let outer = LocalSet::new();
        let total = outer.block_on(&runtime, async {
            let inner = LocalSet::new();
            let task = inner.spawn_local(async { Rc::new(3) });
            // The inner set's tasks run while it is polled, the outer one's beside.
            let four = gmp::spawn_local(async { 4 });
            let three = inner.run_until(async { *task.await.unwrap() }).await;
            // In a task of the outer set, on the outer set.
            three + four.await.unwrap()
        });
        let in_task = runtime.spawn(async {
            let set = || {
                let set = LocalSet::new();
                gmp::block_on(set.run_until(async {
                    let id = gmp::task::id();
                    let local = gmp::spawn_local(async { (Rc::new(5), gmp::task::id()) });
                    let (five, inside) = local.await.unwrap();
                    assert_ne!(id, inside);
                    gmp::block_in_place(|| thread::sleep(Duration::from_millis(1)));
                    *five + gmp::spawn(async { 1 }).await.unwrap()
                }))
            };
            set() + gmp::spawn_blocking(set).await.unwrap()
        });
        assert_eq!(total + runtime.block_on(in_task).unwrap(), 7 + 12);
    });
}

#[gmp::test(local)]
async fn the_body_of_main_local_is_in_a_set() {
    let shared = Rc::new(Cell::new(1));
    let inner = shared.clone();
    let task = gmp::spawn_local(async move {
        inner.set(gmp::spawn(async { 2 }).await.unwrap());
    });
    task.await.unwrap();
    assert_eq!(shared.get(), 2);
}

/// What is left in the set goes on when that is polled again.
#[test]
fn a_set_is_run_again_and_again() {
    within_limit(|| {
        let (set, gate, tally) = (LocalSet::new(), Gate::new(), Tally::new());
        let task = set.spawn_local(tally.around(gate.wait()));
        gmp::block_on(set.run_until(gmp::yield_now()));
        assert!(!task.is_finished());
        let (send, received) = mpsc::channel();
        let opener = thread::spawn(move || {
            received.recv().unwrap();
            gate.open();
        });
        gmp::block_on(set.run_until(async {
            send.send(()).unwrap();
            task.await.unwrap();
        }));
        opener.join().unwrap();
        tally.assert_settled();
        eventually(|| tally.is_settled());
    });
}

/// Does not compile if the second one is implemented too: then it is not known which is meant.
trait NotSend<Why> {
    fn holds() {}
}
impl<T> NotSend<()> for T {}
impl<T: Send> NotSend<u8> for T {}

#[test]
fn what_may_leave_the_thread() {
    fn sends<T: Send + 'static>() {}
    <LocalSet as NotSend<_>>::holds();
    <gmp::task::LocalJoinHandle<Rc<()>> as NotSend<_>>::holds();
    sends::<gmp::task::LocalJoinHandle<Cell<u8>>>();
    sends::<gmp::task::LocalAbortHandle>();
    sends::<gmp::task::JoinSet<Cell<u8>>>();
    // It lives in its task's future, which may be dropped anywhere.
    sends::<gmp::OsThreadGuard>();
}
