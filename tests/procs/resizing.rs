//! Growing and shrinking beside tasks that run, sleep, block and wait for sockets.

use std::{
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use futures::{AsyncReadExt, AsyncWriteExt};
use gmp::{
    Runtime,
    net::{TcpListener, TcpStream},
};

use super::{threads_that_run, wait_for_one_thread};
use crate::{
    child::in_child,
    gate::poll_here,
    preemption::{Lifting, Siege},
    watchdog::{eventually, runtime, within_limit},
};

fn set(runtime: &Runtime, processors: usize) -> usize {
    runtime.handle().max_procs(Some(processors))
}

#[test]
fn it_returns_what_was() {
    within_limit(|| {
        let runtime = runtime(3);
        assert_eq!(runtime.handle().max_procs(None), 3);
        assert_eq!(set(&runtime, 5), 3);
        assert_eq!(set(&runtime, 5), 5);
        runtime.block_on(async {
            assert_eq!(gmp::max_procs(Some(1)), 5);
            assert_eq!(gmp::max_procs(None), 1);
        });
        let inside = runtime.spawn(async { gmp::max_procs(Some(2)) });
        assert_eq!(runtime.block_on(inside).unwrap(), 1);
        assert_eq!(set(&runtime, 1), 2);
    });
}

#[test]
fn more_than_the_limits_count_as_the_limits() {
    // As many processors as there may be stay in their structure, which later runtimes would use.
    in_child(|| {
        let builder = gmp::Builder::new().max_procs(1).max_machines(3);
        let small = builder.build().unwrap();
        set(&small, 100);
        assert_eq!(small.handle().max_procs(None), 3);
        let large = runtime(1);
        set(&large, usize::MAX);
        assert_eq!(large.handle().max_procs(None), 4096);
        assert_eq!(large.block_on(large.spawn(async { 7 })).unwrap(), 7);
        set(&large, 1);
        wait_for_one_thread(&large);
    });
}

#[test]
#[should_panic(expected = "`max_procs(None)` reads")]
fn none_at_all_is_a_mistake() {
    runtime(1).handle().max_procs(Some(0));
}

#[test]
#[should_panic(expected = "no gmp runtime here")]
fn outside_of_a_runtime_there_are_none() {
    gmp::max_procs(None);
}

/// Two polls that wait for each other without giving way meet in no time only if both are polled at once; on one processor
/// one of them had to lose it first, after 2 ms at least.
fn meet_at_once(runtime: &Runtime) -> bool {
    let met: Arc<AtomicUsize> = Arc::default();
    let polls: Vec<_> = (0..2)
        .map(|_| {
            let met = met.clone();
            runtime.spawn(async move {
                met.fetch_add(1, SeqCst);
                let begun = Instant::now();
                while met.load(SeqCst) < 2 {
                    if begun.elapsed() > Duration::from_millis(1) {
                        return false;
                    }
                }
                true
            })
        })
        .collect();
    let met: Vec<bool> = polls
        .into_iter()
        .map(|poll| runtime.block_on(poll).unwrap())
        .collect();
    met.into_iter().all(|met| met)
}

#[test]
fn growing_runs_more_at_a_time() {
    within_limit(|| {
        let runtime = runtime(1);
        set(&runtime, 2);
        let mut met = 0;
        // On a busy machine some do not meet; on one processor hardly any do.
        while met < 20 {
            met += u32::from(meet_at_once(&runtime));
        }
    });
}

/// At the limit on threads a task that blocks keeps its processor: what stands behind it is run by the new one only.
#[test]
fn growing_runs_what_stands() {
    within_limit(|| {
        let builder = gmp::Builder::new().max_procs(1).max_machines(2);
        let runtime = builder.build().unwrap();
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let blocked = siege.clone();
        drop(runtime.spawn(async move { blocked.block() }));
        siege.wait_begun(1);
        // Another machine has the processor now.
        runtime.block_on(runtime.spawn(async {})).unwrap();
        let (begun, go_on) = (Arc::new(AtomicBool::new(false)), Arc::new(Barrier::new(2)));
        let (tells, waits) = (begun.clone(), go_on.clone());
        let first = runtime.spawn(async move {
            tells.store(true, SeqCst);
            waits.wait();
        });
        eventually(|| begun.load(SeqCst));
        let second = runtime.spawn(async move {
            go_on.wait();
        });
        set(&runtime, 2);
        runtime.block_on(first).unwrap();
        runtime.block_on(second).unwrap();
        drop(lifting);
    });
}

#[test]
fn shrinking_leaves_one_thread() {
    within_limit(|| {
        let runtime = runtime(4);
        for _ in 0..5 {
            eventually(|| threads_that_run(&runtime) > 1);
            set(&runtime, 1);
            wait_for_one_thread(&runtime);
            set(&runtime, 4);
        }
    });
}

/// What stands in the queues of those that are retired runs on.
#[test]
fn shrinking_under_load_loses_no_task() {
    within_limit(|| {
        let runtime = runtime(8);
        for round in 0..20 {
            // More than the rings hold, so that some overflow.
            let tasks: Vec<_> = (0..5000)
                .map(|n| {
                    runtime.spawn(async move {
                        for _ in 0..n % 7 {
                            gmp::yield_now().await;
                        }
                        n
                    })
                })
                .collect();
            set(&runtime, 1 + round % 2);
            for (n, task) in tasks.into_iter().enumerate() {
                assert_eq!(runtime.block_on(task).unwrap(), n);
            }
            eventually(|| runtime.handle().num_tasks() == 0);
            set(&runtime, 8);
        }
    });
}

/// A task shrinks its runtime to one, from each processor in turn, in the end from one that goes by it.
#[test]
fn a_task_may_retire_its_own_processor() {
    within_limit(|| {
        let runtime = runtime(4);
        for _ in 0..50 {
            let tasks: Vec<_> = (0..16)
                .map(|n| {
                    runtime.spawn(async move {
                        let children: Vec<_> = (0..8).map(|_| gmp::spawn(async {})).collect();
                        gmp::max_procs(Some(1 + n % 4));
                        for child in children {
                            child.await.unwrap();
                        }
                    })
                })
                .collect();
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        }
        set(&runtime, 1);
        wait_for_one_thread(&runtime);
    });
}

/// The processors of hot loops are among those that are retired, and the one that is left is one of them too.
#[test]
fn shrinking_beside_hogs() {
    within_limit(|| {
        let runtime = runtime(4);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        for n in 0..6 {
            let siege = siege.clone();
            drop(runtime.spawn(async move {
                if n % 3 == 0 {
                    siege.block();
                } else {
                    siege.spin();
                }
            }));
        }
        siege.wait_begun(6);
        set(&runtime, 1);
        for _ in 0..20 {
            let sleeper = runtime.spawn(gmp::sleep(Duration::from_millis(1)));
            runtime.block_on(sleeper).unwrap();
        }
        drop(lifting);
        wait_for_one_thread(&runtime);
        set(&runtime, 3);
        eventually(|| threads_that_run(&runtime) > 1);
        runtime.shutdown();
    });
}

/// The same where no other thread may be had: the machine of a processor that was retired runs the one that is left.
#[test]
fn shrinking_beside_a_hog_at_the_limit_on_threads() {
    within_limit(|| {
        for _ in 0..10 {
            let builder = gmp::Builder::new().max_procs(2).max_machines(2);
            let runtime = builder.build().unwrap();
            let siege = Siege::new();
            let lifting = Lifting(siege.clone());
            let hog = siege.clone();
            let hog = runtime.spawn(async move {
                let child = gmp::spawn(async { 7 });
                hog.spin();
                child
            });
            siege.wait_begun(1);
            set(&runtime, 1);
            for _ in 0..5 {
                let sleeper = runtime.spawn(gmp::sleep(Duration::from_millis(1)));
                runtime.block_on(sleeper).unwrap();
            }
            drop(lifting);
            let child = runtime.block_on(hog).unwrap();
            assert_eq!(runtime.block_on(child).unwrap(), 7);
            runtime.shutdown();
        }
    });
}

/// A processor that is retired while its task waits in a nested `block_on`, and one whose task comes back there.
#[test]
fn shrinking_around_nested_blocking() {
    within_limit(|| {
        let runtime = runtime(4);
        for n in 0..200 {
            let tasks: Vec<_> = (0..6)
                .map(|k| {
                    runtime.spawn(async move {
                        gmp::block_on(async {
                            gmp::max_procs(Some(1 + (n + k) % 4));
                            gmp::spawn(gmp::yield_now()).await.unwrap();
                            gmp::max_procs(Some(1 + (n * k) % 4));
                        });
                        gmp::block_in_place(|| gmp::max_procs(Some(1 + k % 2)));
                    })
                })
                .collect();
            for task in tasks {
                runtime.block_on(task).unwrap();
            }
        }
        runtime.shutdown();
    });
}

/// Sleeps that were armed on processors which are gone fire, whoever is left.
#[test]
fn timers_of_a_retired_processor_fire() {
    within_limit(|| {
        let runtime = runtime(8);
        let armed: Arc<AtomicUsize> = Arc::default();
        let sleepers: Vec<_> = (0..2000_u64)
            .map(|n| {
                let armed = armed.clone();
                runtime.spawn(async move {
                    gmp::yield_now().await;
                    let mut sleep =
                        std::pin::pin!(gmp::sleep(Duration::from_millis(100 + n % 200)));
                    assert!(poll_here(&mut sleep).await.is_pending());
                    armed.fetch_add(1, SeqCst);
                    sleep.await;
                })
            })
            .collect();
        eventually(|| armed.load(SeqCst) == 2000);
        set(&runtime, 1);
        // Some are dropped: they find their entries where they armed them.
        for (n, sleeper) in sleepers.into_iter().enumerate() {
            if n % 5 == 0 {
                sleeper.abort();
            } else {
                runtime.block_on(sleeper).unwrap();
            }
        }
        eventually(|| runtime.handle().num_tasks() == 0);
    });
}

/// The same while the one that is left never rests.
#[test]
fn timers_of_a_retired_processor_fire_beside_a_busy_one() {
    within_limit(|| {
        let runtime = runtime(4);
        let siege = Siege::new();
        let lifting = Lifting(siege.clone());
        let sleepers: Vec<_> = (0..200)
            .map(|_| {
                runtime.spawn(async {
                    gmp::yield_now().await;
                    gmp::sleep(Duration::from_millis(50)).await;
                })
            })
            .collect();
        set(&runtime, 1);
        let busy = siege.clone();
        let busy = runtime.spawn(async move {
            while !busy.is_over() {
                gmp::yield_now().await;
            }
        });
        for sleeper in sleepers {
            runtime.block_on(sleeper).unwrap();
        }
        drop(lifting);
        runtime.block_on(busy).unwrap();
    });
}

#[test]
fn sockets_go_on() {
    within_limit(|| {
        let runtime = runtime(4);
        let echoes = runtime.spawn(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let server = gmp::spawn(async move {
                for _ in 0..20 {
                    let (mut stream, _) = listener.accept().await.unwrap();
                    drop(gmp::spawn(async move {
                        let mut byte = [0];
                        while stream.read(&mut byte).await.unwrap() == 1 {
                            stream.write_all(&byte).await.unwrap();
                        }
                    }));
                }
            });
            let clients: Vec<_> = (0..20)
                .map(|_| {
                    gmp::spawn(async move {
                        let mut stream = TcpStream::connect(address).await.unwrap();
                        for n in 0..200_u8 {
                            stream.write_all(&[n]).await.unwrap();
                            let mut byte = [0];
                            stream.read_exact(&mut byte).await.unwrap();
                            assert_eq!(byte, [n]);
                        }
                    })
                })
                .collect();
            for client in clients {
                client.await.unwrap();
            }
            server.await.unwrap();
        });
        for n in 0.. {
            if echoes.is_finished() {
                break;
            }
            set(&runtime, 1 + n % 4);
            thread::yield_now();
        }
        runtime.block_on(echoes).unwrap();
    });
}

/// All are idle, somebody blocks on the last retired processor, and then an event comes: somebody must be in the poller.
#[test]
fn somebody_waits_for_events_after_shrinking() {
    within_limit(|| {
        for _ in 0..30 {
            let runtime = runtime(2);
            let echo = runtime.block_on(runtime.spawn(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
                let (stream, _) = listener.accept().await.unwrap();
                (stream, client)
            }));
            let (mut stream, mut client) = echo.unwrap();
            let (send, receive) = std::sync::mpsc::channel::<()>();
            let blocked = runtime.spawn(async move {
                gmp::max_procs(Some(1));
                gmp::block_in_place(|| receive.recv().unwrap());
            });
            let reader = runtime.spawn(async move {
                let mut byte = [0];
                stream.read_exact(&mut byte).await.unwrap();
            });
            thread::sleep(Duration::from_millis(1));
            std::io::Write::write_all(&mut client, &[1]).unwrap();
            runtime.block_on(reader).unwrap();
            send.send(()).unwrap();
            runtime.block_on(blocked).unwrap();
        }
    });
}
