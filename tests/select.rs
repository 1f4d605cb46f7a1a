//! What loses as an arm of `select!` and loses nothing by it: the rows of the table in its docs that are not the channels' own
//! (those are in `sync`'s tests).
//!
//! Beside each operation stands an arm that is ready at the second poll, so that selects end at every step of the others.

use std::{
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use gmp::{
    Context, chan,
    net::{TcpListener, TcpStream},
    select, spawn,
    sync::{Mutex, Notify, Semaphore},
    task::JoinSet,
    time::{interval, sleep},
    yield_now,
};

use crate::watchdog::on_processors;

const ROUNDS: usize = 50;
const TASKS: usize = 8;
const SHORT: Duration = Duration::from_millis(2);

fn as_task<F: Future<Output = ()> + Send + 'static>(case: fn() -> F) {
    on_processors(move |runtime| runtime.block_on(runtime.spawn(case())).unwrap());
}

#[test]
fn an_accept_loses_no_connection() {
    as_task(|| async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clients = spawn(async move {
            let mut streams = Vec::new();
            for _ in 0..ROUNDS {
                streams.push(TcpStream::connect(address).await.unwrap());
            }
            streams
        });
        let mut accepted = Vec::new();
        while accepted.len() < ROUNDS {
            select! {
                connection = listener.accept() => accepted.push(connection.unwrap().1),
                () = yield_now() => {}
            }
        }
        let streams = clients.await.unwrap();
        let connected = streams.iter().map(|stream| stream.local_addr().unwrap());
        assert!(connected.eq(accepted));
    });
}

#[test]
fn a_borrowed_handle_keeps_the_output() {
    as_task(|| async {
        for n in 0..ROUNDS {
            let mut task = spawn(async move {
                yield_now().await;
                Box::new(n)
            });
            let output = loop {
                select! {
                    output = &mut task => break output.unwrap(),
                    () = yield_now() => {}
                }
            };
            assert_eq!(*output, n);
        }
    });
}

#[test]
fn a_handle_that_is_given_away_detaches_its_task() {
    as_task(|| async {
        let (tx, rx) = chan(0);
        let task = spawn(async move {
            tx.send(1).await.unwrap();
            tx.send(2).await.unwrap();
        });
        select! {
            joined = task => unreachable!("nobody receives: {joined:?}"),
            () = yield_now() => {}
        }
        assert_eq!(rx.recv().await, Some(1));
        assert_eq!(rx.recv().await, Some(2));
    });
}

#[test]
fn a_set_of_tasks_loses_no_output() {
    as_task(|| async {
        let mut set = JoinSet::new();
        for n in 0..ROUNDS {
            set.spawn(async move {
                yield_now().await;
                n
            });
        }
        let mut outputs = Vec::new();
        while !set.is_empty() {
            select! {
                Some(output) = set.join_next() => outputs.push(output.unwrap()),
                () = yield_now() => {}
            }
        }
        outputs.sort_unstable();
        assert!(outputs.into_iter().eq(0..ROUNDS));
    });
}

#[test]
fn a_lock_that_comes_too_late_goes_to_the_next() {
    as_task(|| async {
        let mutex = Arc::new(Mutex::new(0));
        let mut set = JoinSet::new();
        for n in 0..TASKS {
            let mutex = mutex.clone();
            set.spawn(async move {
                let mut rounds = 0;
                while rounds < ROUNDS {
                    select! {
                        mut count = mutex.lock() => {
                            *count += 1;
                            rounds += 1;
                            yield_now().await;
                        }
                        // Half of them trust that they are woken.
                        () = yield_now(), if n % 2 == 0 => {}
                    }
                }
            });
        }
        while let Some(joined) = set.join_next().await {
            joined.unwrap();
        }
        assert_eq!(*mutex.try_lock().unwrap(), TASKS * ROUNDS);
    });
}

#[test]
fn permits_that_come_too_late_go_to_the_next() {
    as_task(|| async {
        let semaphore = Arc::new(Semaphore::new(3));
        let mut set = JoinSet::new();
        for n in 0..TASKS {
            let semaphore = semaphore.clone();
            set.spawn(async move {
                let mut rounds = 0;
                while rounds < ROUNDS {
                    select! {
                        permit = semaphore.acquire_many(1 + n % 3) => {
                            rounds += 1;
                            yield_now().await;
                            drop(permit);
                        }
                        () = yield_now() => {}
                    }
                }
            });
        }
        while let Some(joined) = set.join_next().await {
            joined.unwrap();
        }
        assert_eq!(semaphore.available_permits(), 3);
    });
}

/// As many notifications as are waited for.
#[test]
fn a_notification_that_comes_too_late_goes_to_the_next() {
    as_task(|| async {
        let notify = Arc::new(Notify::new());
        let (tx, rx) = chan(TASKS);
        let mut set = JoinSet::new();
        for _ in 0..TASKS {
            let (notify, tx) = (notify.clone(), tx.clone());
            set.spawn(async move {
                let mut rounds = 0;
                while rounds < ROUNDS {
                    select! {
                        () = notify.notified() => {
                            tx.send(()).await.unwrap();
                            rounds += 1;
                        }
                        () = yield_now() => {}
                    }
                }
            });
        }
        for _ in 0..TASKS * ROUNDS {
            // So that they wait, and are polled for the other arm.
            yield_now().await;
            notify.notify_one();
            assert_eq!(rx.recv().await, Some(()));
        }
    });
}

#[test]
fn a_borrowed_sleep_goes_on() {
    as_task(|| async {
        let begin = Instant::now();
        let mut asleep = pin!(sleep(SHORT));
        loop {
            select! {
                () = &mut asleep => break,
                () = yield_now() => {}
            }
        }
        assert!(begin.elapsed() >= SHORT);
    });
}

#[test]
fn a_ticker_loses_no_tick() {
    as_task(|| async {
        let mut ticker = interval(SHORT);
        let mut ticks = Vec::new();
        while ticks.len() < 5 {
            select! {
                tick = ticker.tick() => ticks.push(tick),
                () = yield_now() => {}
            }
        }
        for pair in ticks.windows(2) {
            assert_eq!(pair[1] - pair[0], SHORT);
        }
    });
}

#[test]
fn the_end_of_a_context_is_seen_by_all() {
    as_task(|| async {
        let (context, cancel) = Context::background().with_cancel();
        let mut set = JoinSet::new();
        for _ in 0..TASKS {
            let context = context.clone();
            set.spawn(async move {
                loop {
                    select! {
                        error = context.done() => return error,
                        () = yield_now() => {}
                    }
                }
            });
        }
        yield_now().await;
        cancel.cancel();
        while let Some(joined) = set.join_next().await {
            assert_eq!(Some(joined.unwrap()), context.err());
        }
    });
}
