//! Go's programs of test/chan whose tasks spawn tasks, rewritten: fifo.go, sieve2.go, powser1.go and powser2.go.

mod powser;
mod sieve;

use std::{any::Any, future::Future, sync::mpsc};

use futures::{FutureExt, executor::block_on, future::BoxFuture};

use super::now;
use crate::{
    chan, select,
    test_kit::{Spawner, each_executor},
};

/// Spawns tasks from tasks, on any executor: the thread of the test does it for them.
#[derive(Clone)]
struct Nursery(mpsc::Sender<BoxFuture<'static, ()>>);

impl Nursery {
    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // Where the program has failed nobody spawns any more.
        let _ = self.0.send(task.boxed());
    }

    /// Runs `program`, and waits until all that it spawned has ended.
    fn run<F>(on: Spawner<'_>, program: impl FnOnce(Nursery) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (spawn, spawned) = mpsc::channel();
        let main = on.spawn(program(Nursery(spawn)));
        let tasks = spawned.iter().map(|task| on.spawn(task)).collect();
        block_on(main);
        on.join_all(tasks);
    }
}

/// Go: fifo.go, `AsynchFifo`.
#[test]
fn a_buffer_keeps_the_order() {
    each_executor(|on| {
        const VALUES: usize = 10;
        let (tx, rx) = chan(VALUES);
        on.run(async move {
            for value in 0..VALUES {
                tx.send(value).await.unwrap();
            }
            for value in 0..VALUES {
                assert_eq!(rx.recv().await, Some(value));
            }
        });
    });
}

/// Go: `TestChanSendInterface`: values behind a pointer of no known type, by each way to send.
#[test]
fn values_of_any_type_are_sent() {
    struct Empty;
    let value = || Box::new(Empty) as Box<dyn Any + Send>;
    let (tx, rx) = chan(1);
    assert!(now(tx.send(value())).is_some());
    assert!(rx.try_recv().unwrap().is::<Empty>());
    select! {
        _ = tx.send(value()) => {}
        default => unreachable!("there is room"),
    }
    select! {
        _ = tx.send(value()) => unreachable!("there is no room"),
        _ = tx.send(Box::new(1_u8)) => unreachable!("there is no room"),
        default => {}
    }
    assert!(rx.try_recv().unwrap().is::<Empty>());
}
