//! Tasks on several processors that send, receive, select and reserve, and are aborted at any point: each value is counted once, as
//! received, given back, or dropped with the channel or with its task.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use gmp_executor::{JoinHandle, Runtime, yield_now};

use crate::{Receiver, Sender, chan, select, test_kit::Watchdog};

const CHANNELS: usize = 3;
const TASKS: usize = 24;
const ROUNDS: usize = 60;
/// Operations of one task, which is aborted at the latest after them.
const OPERATIONS: usize = 40;

/// What became of all values.
#[derive(Default)]
struct Books {
    made: AtomicUsize,
    dropped: AtomicUsize,
    received: AtomicUsize,
}

struct Value {
    books: Arc<Books>,
    /// How often it was received: once at most.
    seen: bool,
}

impl Value {
    fn new(books: &Arc<Books>) -> Value {
        books.made.fetch_add(1, Ordering::Relaxed);
        Value {
            books: books.clone(),
            seen: false,
        }
    }

    fn receive(mut self) {
        assert!(!std::mem::replace(&mut self.seen, true));
        self.books.received.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        self.books.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit as u64) as usize
    }
}

type Ends = Vec<(Sender<Value>, Receiver<Value>)>;

async fn operate(ends: Ends, books: Arc<Books>, mut random: Random) {
    for _ in 0..OPERATIONS {
        let [(a_tx, a), (_, b)] = [0; 2].map(|_| &ends[random.below(CHANNELS)]);
        match random.below(7) {
            0 => drop(a_tx.send(Value::new(&books)).await),
            1 => a.recv().await.into_iter().for_each(Value::receive),
            2 => select! {
                value = b.recv() => value.into_iter().for_each(Value::receive),
                sent = a_tx.send(Value::new(&books)) => drop(sent),
            },
            3 => {
                let mut slot = Some(Value::new(&books));
                select! {
                    value = b.recv() => value.into_iter().for_each(Value::receive),
                    sent = a_tx.send_from(&mut slot) => assert!(sent.is_err() || slot.is_none()),
                    () = yield_now() => assert!(slot.is_some()),
                }
            }
            4 => select! {
                value = a.recv() => value.into_iter().for_each(Value::receive),
                value = b.recv() => value.into_iter().for_each(Value::receive),
            },
            5 => {
                // Channels without a buffer have no places.
                let (tx, _) = &ends[random.below(CHANNELS - 1)];
                if let Ok(permit) = tx.reserve().await {
                    yield_now().await;
                    if random.below(2) == 0 {
                        permit.send(Value::new(&books));
                    }
                }
            }
            _ => yield_now().await,
        }
    }
}

async fn round(seed: u64, books: &Arc<Books>) {
    let ends: Ends = [1, 4, 0].map(chan).into();
    let mut random = Random(seed);
    let mut tasks: Vec<JoinHandle<()>> = (0..TASKS)
        .map(|_| {
            let random = Random(random.0 ^ random.below(usize::MAX) as u64 | 1);
            gmp_executor::spawn(operate(ends.clone(), books.clone(), random))
        })
        .collect();
    while !tasks.is_empty() {
        for _ in 0..random.below(8) {
            yield_now().await;
        }
        let task = tasks.swap_remove(random.below(tasks.len()));
        // The others may wait for this one, and are aborted too in the end.
        task.abort();
        if let Err(error) = task.await {
            assert!(error.is_cancelled(), "{error}");
        }
    }
    // What the tasks left is received in full.
    for (tx, rx) in ends {
        drop(tx);
        while let Some(value) = rx.recv().await {
            value.receive();
        }
    }
}

fn run(processors: usize) {
    let _watchdog = Watchdog::new();
    let runtime: Runtime = gmp_executor::Builder::new()
        .max_procs(processors)
        .build()
        .unwrap();
    let books = Arc::new(Books::default());
    let own = books.clone();
    runtime.block_on(async move {
        for seed in 1..=ROUNDS as u64 {
            round(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15), &own).await;
            let [made, dropped] = [&own.made, &own.dropped].map(|it| it.load(Ordering::Relaxed));
            assert_eq!(made, dropped, "round {seed}");
        }
    });
    drop(runtime);
    let received = books.received.load(Ordering::Relaxed);
    assert!(received > ROUNDS, "{received} were received");
}

#[test]
fn each_value_is_counted_once_on_two_processors() {
    run(2);
}

#[test]
fn each_value_is_counted_once_on_eight_processors() {
    run(8);
}
