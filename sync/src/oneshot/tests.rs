use std::{
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
};

use futures::executor::block_on;

use super::*;
use crate::test_kit::{each_executor, polled};

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_value_arrives() {
    each_executor(|spawner| {
        let tasks: Vec<_> = (0..200)
            .map(|n| {
                let (sender, receiver) = channel();
                spawner
                    .spawn(async move { sender.send(n).unwrap() })
                    .forget();
                spawner.spawn(async move { assert_eq!(receiver.await, Ok(n)) })
            })
            .collect();
        spawner.join_all(tasks);
    });
}

#[test]
fn a_sender_that_goes_ends_the_wait() {
    let (sender, receiver) = channel::<()>();
    let mut receiver = pin!(receiver);
    assert!(polled(receiver.as_mut()).is_none());
    drop(sender);
    assert_eq!(polled(receiver), Some(Err(RecvError(()))));
}

#[test]
fn a_receiver_that_goes_gives_the_value_back() {
    let (mut sender, receiver) = channel();
    {
        let mut closed = pin!(sender.closed());
        assert!(polled(closed.as_mut()).is_none());
        drop(receiver);
        assert!(polled(closed).is_some());
    }
    assert!(sender.is_closed());
    assert_eq!(sender.send(1), Err(1));
}

#[test]
fn a_closed_receiver_still_gets_what_was_sent() {
    let (sender, mut receiver) = channel();
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    sender.send(1).unwrap();
    receiver.close();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Closed));

    let (sender, mut receiver) = channel();
    receiver.close();
    assert_eq!(sender.send(1), Err(1));
    assert_eq!(block_on(receiver), Err(RecvError(())));
}

#[test]
fn a_value_that_nobody_takes_is_dropped_once() {
    #[derive(Debug)]
    struct Counts(Arc<AtomicUsize>);
    impl Drop for Counts {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let drops = Arc::new(AtomicUsize::new(0));
    let (sender, receiver) = channel();
    sender.send(Counts(drops.clone())).unwrap();
    drop(receiver);
    assert_eq!(drops.load(Ordering::Relaxed), 1);
    let (sender, receiver) = channel();
    drop(receiver);
    drop(sender.send(Counts(drops.clone())));
    assert_eq!(drops.load(Ordering::Relaxed), 2);
    let (sender, receiver) = channel();
    sender.send(Counts(drops.clone())).unwrap();
    drop(receiver.recv_blocking());
    assert_eq!(drops.load(Ordering::Relaxed), 3);
}

#[test]
fn it_wakes_whoever_polled_last() {
    let (sender, receiver) = channel();
    let mut receiver = pin!(receiver);
    assert!(polled(receiver.as_mut()).is_none());
    let thread = std::thread::spawn(move || sender.send(5).unwrap());
    assert_eq!(block_on(receiver), Ok(5));
    thread.join().unwrap();
}
