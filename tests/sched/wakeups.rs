//! No wake-up is lost: a baton goes to and fro many times, between tasks and threads of every kind.

use std::{
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
    thread,
};

use gmp::Runtime;

use crate::watchdog::{on_each, runtime, within_limit};

/// Whose turn it is, and who waits for his. Nothing but a lock and a waker: a lost wake is a hang.
#[derive(Default)]
struct Baton {
    state: Mutex<(usize, [Option<Waker>; 2])>,
}

impl Baton {
    fn poll_turn(&self, player: usize, turn: usize, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if state.0 == turn {
            return Poll::Ready(());
        }
        state.1[player] = Some(cx.waker().clone());
        Poll::Pending
    }

    fn pass(&self, player: usize) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            state.0 += 1;
            state.1[1 - player].take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    async fn play(self: Arc<Baton>, player: usize, rounds: usize) {
        for round in 0..rounds {
            let turn = 2 * round + player;
            std::future::poll_fn(|cx| self.poll_turn(player, turn, cx)).await;
            self.pass(player);
        }
    }
}

const ROUNDS: usize = 100_000;
/// Each costs two switches of threads.
const ROUNDS_OF_THREADS: usize = 20_000;

#[test]
fn between_tasks() {
    on_each(&[1, 2, 8], |runtime| {
        let baton = Arc::new(Baton::default());
        let tasks = [0, 1].map(|player| runtime.spawn(baton.clone().play(player, ROUNDS)));
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

#[test]
fn between_many_pairs_of_tasks() {
    on_each(&[1, 2, 8], |runtime| {
        let tasks: Vec<_> = (0..50)
            .flat_map(|_| {
                let baton = Arc::new(Baton::default());
                [0, 1].map(|player| runtime.spawn(baton.clone().play(player, 1000)))
            })
            .collect();
        for task in tasks {
            runtime.block_on(task).unwrap();
        }
    });
}

/// Plays between a task of `runtime` and `other`, on a thread of its own.
fn against_a_thread(runtime: &Runtime, rounds: usize) {
    let baton = Arc::new(Baton::default());
    let (one, other) = (baton.clone().play(0, rounds), baton.play(1, rounds));
    let task = runtime.spawn(one);
    let thread = thread::spawn(move || gmp::block_on(other));
    runtime.block_on(task).unwrap();
    thread.join().unwrap();
}

#[test]
fn between_a_task_and_a_thread() {
    on_each(&[1, 2, 8], |runtime| {
        against_a_thread(&runtime, ROUNDS_OF_THREADS)
    });
}

#[test]
fn between_tasks_and_threads_all_at_once() {
    on_each(&[1, 2], |runtime| {
        let runtime = Arc::new(runtime);
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let runtime = runtime.clone();
                thread::spawn(move || against_a_thread(&runtime, ROUNDS_OF_THREADS / 10))
            })
            .collect();
        threads
            .into_iter()
            .for_each(|thread| thread.join().unwrap());
    });
}

#[test]
fn between_tasks_of_two_runtimes() {
    within_limit(|| {
        for processors in [1, 2] {
            let runtimes = [runtime(1), runtime(processors)];
            let baton = Arc::new(Baton::default());
            let tasks = [0, 1].map(|n| runtimes[n].spawn(baton.clone().play(n, ROUNDS_OF_THREADS)));
            for task in tasks {
                runtimes[0].block_on(task).unwrap();
            }
        }
    });
}

#[test]
fn between_a_task_and_one_that_blocks() {
    on_each(&[1, 2], |runtime| {
        let baton = Arc::new(Baton::default());
        let (one, other) = (
            baton.clone().play(0, ROUNDS_OF_THREADS / 4),
            baton.play(1, ROUNDS_OF_THREADS / 4),
        );
        let blocks = runtime.spawn(async { gmp::block_on(one) });
        let plays = runtime.spawn(other);
        runtime.block_on(blocks).unwrap();
        runtime.block_on(plays).unwrap();
    });
}

#[test]
fn spawns_from_threads_reach_an_idle_runtime() {
    on_each(&[1, 2, 8], |runtime| {
        for n in 0..5000 {
            assert_eq!(gmp::block_on(runtime.spawn(async move { n })).unwrap(), n);
        }
    });
}
