//! Go's own cases of channels, rewritten: runtime/chan_test.go (Go 1.27) and test/chan/{fifo,goroutines,nonblock,sieve1,zerosize}.go; more
//! programs of that folder are in `programs`. Where Go sleeps to see that something blocks, the future is polled by hand. `GO_CASES.md`
//! says what is left out.

use std::{
    collections::HashMap,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use super::{now, poll};
use crate::{
    Receiver, Sender, chan,
    chan::TryRecvError,
    test_kit::{Spawner, each_executor, yield_now},
    unbounded,
};

/// `TestChan`: receive from an empty channel and send to a full one wait, `select` with `default` does not.
#[test]
fn empty_and_full_channels_wait() {
    for capacity in 0..20 {
        let (tx, rx) = chan(capacity);
        let (mut first, mut second) = (pin!(rx.recv()), pin!(rx.recv()));
        assert!(poll(first.as_mut()).is_pending() && poll(second.as_mut()).is_pending());
        assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
        tx.try_send(0).unwrap();
        tx.try_send(0).unwrap();
        assert!(poll(first).is_ready() && poll(second).is_ready());

        for i in 0..capacity {
            assert!(now(tx.send(i)).is_some());
        }
        let mut send = pin!(tx.send(capacity));
        assert!(poll(send.as_mut()).is_pending());
        assert!(tx.try_send(0).is_err());
        assert_eq!(rx.try_recv(), Ok(0));
        assert!(poll(send).is_ready());
    }
}

/// `TestChan`: what was sent before the close is received, then the end; a close ends a wait.
#[test]
fn closed_channels_drain_and_end() {
    for capacity in 0..20 {
        let (tx, rx) = chan(capacity);
        (0..capacity).for_each(|i| tx.try_send(i).unwrap());
        assert_eq!((tx.len(), tx.capacity()), (capacity, Some(capacity)));
        tx.close();
        for i in 0..capacity {
            assert_eq!(now(rx.recv()), Some(Some(i)));
        }
        assert_eq!(now(rx.recv()), Some(None));
        assert_eq!(now(rx.recv()), Some(None));

        let (tx, rx) = chan::<()>(capacity);
        let mut recv = pin!(rx.recv());
        assert!(poll(recv.as_mut()).is_pending());
        tx.close();
        assert_eq!(now(recv), Some(None));
    }
}

/// `TestChan`: 100 values in order.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn values_are_in_order() {
    each_executor(|on| {
        for capacity in [0, 1, 2, 7, 19] {
            let (tx, rx) = chan(capacity);
            let sender = on.spawn(async move {
                for i in 0..100 {
                    tx.send(i).await.unwrap();
                }
            });
            on.run(async move {
                for i in 0..100 {
                    assert_eq!(rx.recv().await, Some(i));
                }
                sender.await;
            });
        }
    });
}

/// `TestChan`: four send 1,000 values each, four receive 1,000 each.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn four_send_and_four_receive() {
    const VALUES: usize = 1000;
    each_executor(|on| {
        for capacity in [0, 1, 10] {
            let (tx, rx) = chan(capacity);
            for _ in 0..4 {
                let tx = tx.clone();
                drop_handle(on.spawn(async move {
                    for i in 0..VALUES {
                        tx.send(i).await.unwrap();
                    }
                }));
            }
            let receivers = (0..4)
                .map(|_| {
                    let rx = rx.clone();
                    on.spawn(async move {
                        let mut received = HashMap::new();
                        for _ in 0..VALUES {
                            *received.entry(rx.recv().await.unwrap()).or_insert(0) += 1;
                        }
                        received
                    })
                })
                .collect();
            let mut sum = HashMap::new();
            for (value, count) in on.join_all(receivers).into_iter().flatten() {
                *sum.entry(value).or_insert(0) += count;
            }
            assert_eq!(sum.len(), VALUES);
            assert!(sum.values().all(|&count| count == 4));
        }
    });
}

fn drop_handle<T>(handle: futures::future::RemoteHandle<T>) {
    handle.forget();
}

/// `TestNonblockRecvRace`: who is there before the close finds the value or the end, never nothing.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn nonblocking_receive_against_close() {
    each_executor(|on| {
        for _ in 0..200 {
            let (tx, rx) = chan(1);
            tx.try_send(1).unwrap();
            let other = rx.clone();
            let looks = on.spawn(async move { other.try_recv() });
            tx.close();
            let own = rx.try_recv();
            let found = on.run(looks);
            assert_ne!(found, Err(TryRecvError::Empty));
            assert!(found.is_ok() != own.is_ok(), "the value came once");
        }
    });
}

/// `TestMultiConsumer`: a queue, many workers, and the sum of what comes out.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn many_consumers() {
    const WORKERS: usize = 23;
    const ROUNDS: usize = 5_000;
    const PRIMES: [usize; 10] = [2, 3, 7, 11, 13, 17, 19, 23, 27, 31];
    each_executor(|on| {
        let (queue, jobs) = chan(WORKERS * 3);
        let (out, results) = chan(WORKERS * 3);
        for worker in 0..WORKERS {
            let (jobs, out) = (jobs.clone(), out.clone());
            drop_handle(on.spawn(async move {
                while let Some(value) = jobs.recv().await {
                    if PRIMES[worker % PRIMES.len()] == value {
                        yield_now().await;
                    }
                    out.send(value).await.unwrap();
                }
            }));
        }
        drop(out);
        drop_handle(on.spawn(async move {
            for i in 0..ROUNDS {
                queue.send(PRIMES[i % PRIMES.len()]).await.unwrap();
            }
        }));
        let (count, sum) = on.run(async move {
            let (mut count, mut sum) = (0, 0);
            while let Some(value) = results.recv().await {
                count += 1;
                sum += value;
            }
            (count, sum)
        });
        let expected = PRIMES.iter().sum::<usize>() * ROUNDS / PRIMES.len();
        assert_eq!((count, sum), (ROUNDS, expected));
    });
}

/// fifo.go: tasks in a daisy chain read the values of one channel in order.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_chain_reads_in_order() {
    const LINKS: usize = 10;
    async fn link(values: Receiver<usize>, value: usize, start: Receiver<()>, end: Sender<()>) {
        start.recv().await;
        assert_eq!(values.recv().await, Some(value));
        end.send(()).await.unwrap();
    }
    each_executor(|on| {
        let (tx, values) = chan(0);
        let (start, mut last) = chan(0);
        for value in 0..LINKS {
            let (end, next) = chan(0);
            let start = std::mem::replace(&mut last, next);
            drop_handle(on.spawn(link(values.clone(), value, start, end)));
        }
        on.run(async move {
            start.send(()).await.unwrap();
            for i in 0..LINKS {
                tx.send(i).await.unwrap();
            }
            assert_eq!(last.recv().await, Some(()));
        });
    });
}

/// goroutines.go: a value through 10,000 tasks.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_value_goes_through_ten_thousand_tasks() {
    each_executor(|on| {
        let (leftmost, mut rx) = chan::<usize>(0);
        for _ in 0..10_000 {
            let (tx, right) = chan(0);
            let left = std::mem::replace(&mut rx, right);
            drop_handle(on.spawn(async move {
                let value = left.recv().await.unwrap();
                tx.send(value + 1).await.unwrap();
            }));
        }
        let value = on.run(async move {
            leftmost.send(0).await.unwrap();
            rx.recv().await
        });
        assert_eq!(value, Some(10_000));
    });
}

/// nonblock.go: sends and receives that do not wait, with values of several types.
#[test]
fn nonblocking_operations_meet_those_who_wait() {
    fn meet<T: Clone + PartialEq + std::fmt::Debug>(first: T, second: T) {
        for capacity in 0..2 {
            let (tx, rx) = chan(capacity);
            assert_eq!(rx.try_recv(), Err(TryRecvError::Empty));
            let mut recv = pin!(rx.recv());
            assert!(poll(recv.as_mut()).is_pending());
            assert!(tx.try_send(first.clone()).is_ok());
            assert_eq!(now(recv), Some(Some(first.clone())));
            let mut send = pin!(tx.send(second.clone()));
            assert_eq!(poll(send.as_mut()).is_ready(), capacity > 0);
            assert_eq!(rx.try_recv(), Ok(second.clone()));
            if capacity == 0 {
                assert!(now(send).is_some());
            }
        }
    }
    meet(123_i32, 234);
    meet(123_456_i64, 234_567);
    meet(true, false);
    meet("hello".to_owned(), "hello again".to_owned());
    meet((), ());
}

/// sieve1.go: the classical prime sieve, a task for each prime.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_prime_sieve() {
    async fn sieve(on_prime: Sender<u32>, spawn: impl Fn(Filter) + Send + 'static) {
        let (tx, mut rx) = chan(0);
        spawn(Filter::Generate(tx));
        for _ in 0..40 {
            let prime = rx.recv().await.unwrap();
            on_prime.send(prime).await.unwrap();
            let (tx, next) = chan(0);
            let from = std::mem::replace(&mut rx, next);
            spawn(Filter::Divide { from, tx, prime });
        }
    }
    enum Filter {
        Generate(Sender<u32>),
        Divide {
            from: Receiver<u32>,
            tx: Sender<u32>,
            prime: u32,
        },
    }
    impl Filter {
        /// Until nobody listens.
        async fn run(self) {
            match self {
                Filter::Generate(tx) => {
                    let mut i = 2;
                    while tx.send(i).await.is_ok() {
                        i += 1;
                    }
                }
                Filter::Divide { from, tx, prime } => {
                    while let Some(i) = from.recv().await {
                        if i % prime != 0 && tx.send(i).await.is_err() {
                            return;
                        }
                    }
                }
            }
        }
    }
    each_executor(|on| {
        let (out, primes) = unbounded();
        let (spawn, spawned) = std::sync::mpsc::channel();
        let done = on.spawn(sieve(out, move |filter| spawn.send(filter).unwrap()));
        let mut filters = Vec::new();
        while let Ok(filter) = spawned.recv() {
            filters.push(on.spawn(filter.run()));
        }
        on.run(done);
        on.join_all(filters);
        let primes: Vec<u32> = std::iter::from_fn(|| primes.try_recv().ok()).collect();
        assert_eq!(primes[..6], [2, 3, 5, 7, 11, 13]);
        assert_eq!((primes.len(), primes[39]), (40, 173));
    });
}

/// `BenchmarkChanSem`, as a test: a channel as a semaphore never lets in more than its capacity.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_channel_is_a_semaphore() {
    const LIMIT: usize = 3;
    each_executor(|on: Spawner<'_>| {
        let (enter, leave) = chan(LIMIT);
        let inside = Arc::new(AtomicUsize::new(0));
        let tasks = (0..20)
            .map(|_| {
                let (enter, leave, inside) = (enter.clone(), leave.clone(), inside.clone());
                on.spawn(async move {
                    for _ in 0..50 {
                        enter.send(()).await.unwrap();
                        assert!(inside.fetch_add(1, Ordering::SeqCst) < LIMIT);
                        yield_now().await;
                        inside.fetch_sub(1, Ordering::SeqCst);
                        leave.recv().await.unwrap();
                    }
                })
            })
            .collect();
        on.join_all(tasks);
    });
}

/// zerosize.go: values and channels of nothing.
#[test]
fn values_of_no_size_are_counted() {
    for capacity in 0..4 {
        let (tx, rx) = chan::<[u64; 0]>(capacity);
        (0..capacity).for_each(|_| tx.try_send([]).unwrap());
        assert_eq!((tx.len(), rx.len()), (capacity, capacity));
        assert!(tx.try_send([]).is_err());
        assert_eq!(std::iter::from_fn(|| rx.try_recv().ok()).count(), capacity);
        let mut waits = pin!(rx.recv());
        assert!(poll(waits.as_mut()).is_pending());
        tx.try_send([]).unwrap();
        assert!(poll(waits).is_ready());
    }
}
