//! Hogs of all kinds beside others that must run on.

use std::{
    io::{Read, Write},
    net::TcpStream as StdStream,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt};
use gmp::{Runtime, net::TcpListener};

use super::{Lifting, Siege};
use crate::watchdog::{eventually, on_each};

/// Twice as many as the largest of these runtimes has processors.
const HOGS: usize = 8;

/// Besieges a runtime with polls of this kind, and runs `beside` meanwhile.
fn besiege(
    hold: impl Fn(&Siege) + Copy + Send + Sync + 'static,
    beside: impl Fn(&Runtime) + Send + 'static,
) {
    on_each(&[1, 2, 4], move |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let hogs: Vec<_> = (0..HOGS)
            .map(|_| {
                let siege = siege.clone();
                runtime.spawn(async move { hold(&siege) })
            })
            .collect();
        siege.wait_begun(HOGS);
        beside(&runtime);
        drop(lifting);
        for hog in hogs {
            runtime.block_on(hog).unwrap();
        }
        runtime.shutdown();
    });
}

fn sleep_a_little(runtime: &Runtime) {
    runtime
        .block_on(runtime.spawn(async {
            for _ in 0..20 {
                gmp::time::sleep(Duration::from_millis(1)).await;
            }
        }))
        .unwrap();
}

/// Tasks that talk to each other, spawn and join.
fn work_a_little(runtime: &Runtime) {
    let sum = runtime.block_on(runtime.spawn(async {
        let handles: Vec<_> = (0..100).map(|n| gmp::spawn(async move { n })).collect();
        let mut sum = 0;
        for handle in handles {
            gmp::yield_now().await;
            sum += handle.await.unwrap();
        }
        sum
    }));
    assert_eq!(sum.unwrap(), 4950);
}

pub(super) fn echo_a_little(runtime: &Runtime) {
    let listener = runtime
        .block_on(runtime.spawn(TcpListener::bind("127.0.0.1:0")))
        .unwrap()
        .unwrap();
    let address = listener.local_addr().unwrap();
    let server = runtime.spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut byte = [0];
        while stream.read(&mut byte).await.unwrap() == 1 {
            stream.write_all(&byte).await.unwrap();
        }
    });
    let mut client = StdStream::connect(address).unwrap();
    for byte in 0..20 {
        client.write_all(&[byte]).unwrap();
        let mut answer = [0];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer[0], byte);
    }
    drop(client);
    runtime.block_on(server).unwrap();
}

#[test]
fn sleepers_beside_hot_loops() {
    besiege(Siege::spin, sleep_a_little);
}

#[test]
fn sleepers_beside_blocked_threads() {
    besiege(Siege::block, sleep_a_little);
}

#[test]
fn tasks_beside_hot_loops() {
    besiege(Siege::spin, work_a_little);
}

#[test]
fn tasks_beside_blocked_threads() {
    besiege(Siege::block, work_a_little);
}

#[test]
fn a_server_beside_hot_loops() {
    besiege(Siege::spin, echo_a_little);
}

#[test]
fn a_server_beside_blocked_threads() {
    besiege(Siege::block, echo_a_little);
}

/// Never found outside of a section: it gives its processor up by itself.
#[test]
fn sleepers_beside_loops_that_spawn() {
    static SPAWNED: AtomicUsize = AtomicUsize::new(0);
    static ENDED: AtomicUsize = AtomicUsize::new(0);
    besiege(
        |siege| {
            siege.spin_and(|| {
                // Not without end: nobody could keep up with it.
                if SPAWNED.load(SeqCst) < 10_000 + ENDED.load(SeqCst) {
                    SPAWNED.fetch_add(1, SeqCst);
                    drop(gmp::spawn(async { ENDED.fetch_add(1, SeqCst) }));
                }
            });
        },
        sleep_a_little,
    );
}

#[test]
fn sleepers_beside_loops_that_wake() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let polls = Arc::new(AtomicUsize::new(0));
        let (tell, told) = std::sync::mpsc::channel();
        let counted = polls.clone();
        let woken = runtime.spawn(std::future::poll_fn(move |cx| {
            if counted.fetch_add(1, SeqCst) == 0 {
                tell.send(cx.waker().clone()).unwrap();
            }
            std::task::Poll::<()>::Pending
        }));
        let waker = told.recv().unwrap();
        for _ in 0..4 {
            let (siege, waker) = (siege.clone(), waker.clone());
            drop(runtime.spawn(async move { siege.spin_and(|| waker.wake_by_ref()) }));
        }
        siege.wait_begun(4);
        sleep_a_little(&runtime);
        eventually(|| polls.load(SeqCst) > 100);
        drop(lifting);
        woken.abort();
        runtime.shutdown();
    });
}

/// The first hogs keep nothing that the later ones need: each gets its turn.
#[test]
fn each_of_many_hogs_begins() {
    on_each(&[1, 2], |runtime| {
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for _ in 0..50 {
            let siege = siege.clone();
            drop(runtime.spawn(async move { siege.block() }));
        }
        siege.wait_begun(50);
        drop(lifting);
        runtime.shutdown();
    });
}

/// A task goes on where it was, on the thread where it was, and may use the runtime as before.
#[test]
fn a_poll_without_a_processor_does_what_all_polls_do() {
    on_each(&[1, 2], |runtime| {
        let done = runtime.spawn(async {
            let thread = thread::current().id();
            // Long enough to lose the processor, many times over.
            thread::sleep(Duration::from_millis(100));
            assert_eq!(thread::current().id(), thread);
            let spawned = gmp::spawn(async { 7 });
            let inner = gmp::block_on(async {
                gmp::time::sleep(Duration::from_millis(1)).await;
                gmp::spawn(async { 8 }).await.unwrap()
            });
            gmp::time::sleep(Duration::from_millis(1)).await;
            gmp::yield_now().await;
            spawned.await.unwrap() + inner
        });
        assert_eq!(runtime.block_on(done).unwrap(), 15);
        runtime.shutdown();
    });
}

#[test]
fn panics_without_a_processor_reach_the_handle() {
    on_each(&[1, 2], |runtime| {
        let tasks: Vec<_> = (0..20)
            .map(|_| {
                runtime.spawn(async {
                    thread::sleep(Duration::from_millis(20));
                    std::panic::panic_any("late");
                })
            })
            .collect();
        for task in tasks {
            assert!(runtime.block_on(task).unwrap_err().is_panic());
        }
        assert_eq!(runtime.handle().num_tasks(), 0);
        runtime.shutdown();
    });
}
