use std::sync::atomic::{AtomicUsize, Ordering};

use futures::executor::block_on;

use super::*;
use crate::test_kit::{each_executor, polled};

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn every_receiver_gets_every_message() {
    each_executor(|spawner| {
        let (sender, first) = channel(256);
        let mut receivers: Vec<_> = (0..3).map(|_| first.resubscribe()).collect();
        receivers.push(first);
        let tasks: Vec<_> = receivers
            .into_iter()
            .map(|mut receiver| {
                spawner.spawn(async move {
                    for n in 0..200 {
                        assert_eq!(receiver.recv().await, Ok(n));
                    }
                    assert_eq!(receiver.recv().await, Err(RecvError::Closed));
                })
            })
            .collect();
        for n in 0..200 {
            assert_eq!(sender.send(n), Ok(4));
        }
        drop(sender);
        spawner.join_all(tasks);
    });
}

#[test]
fn one_who_is_slow_is_told_how_many_it_missed() {
    let (sender, mut slow) = channel(3);
    let mut quick = sender.subscribe();
    for n in 0..3 {
        sender.send(n).unwrap();
        assert_eq!(quick.try_recv(), Ok(n));
    }
    assert_eq!(slow.try_recv(), Ok(0));
    for n in 3..8 {
        sender.send(n).unwrap();
    }
    assert_eq!(slow.len(), 7);
    assert_eq!(slow.try_recv(), Err(TryRecvError::Lagged(4)));
    assert_eq!(slow.try_recv(), Ok(5));
    assert_eq!(block_on(slow.recv()), Ok(6));
    assert_eq!(quick.recv_blocking(), Err(RecvError::Lagged(2)));
    drop(sender);
    assert_eq!(slow.try_recv(), Ok(7));
    assert_eq!(slow.try_recv(), Err(TryRecvError::Closed));
    assert_eq!(quick.try_recv(), Ok(5));
}

#[test]
fn who_subscribes_gets_what_comes_afterwards() {
    let (sender, mut early) = channel(8);
    sender.send(1).unwrap();
    let mut late = sender.clone().subscribe();
    sender.send(2).unwrap();
    assert_eq!(early.try_recv(), Ok(1));
    assert_eq!(late.try_recv(), Ok(2));
    assert_eq!(late.try_recv(), Err(TryRecvError::Empty));
    assert!(!early.is_empty());
    assert_eq!(sender.receiver_count(), 2);
}

#[test]
fn without_receivers_the_message_comes_back() {
    let (sender, receiver) = channel(1);
    drop(receiver);
    assert_eq!(sender.send(1), Err(SendError(1)));
    let mut receiver = sender.subscribe();
    assert_eq!(sender.send(2), Ok(1));
    assert_eq!(receiver.try_recv(), Ok(2));
}

#[test]
fn a_message_goes_when_all_have_seen_it_or_none_will() {
    let message = Arc::new(());
    let (sender, mut one) = channel(8);
    let mut two = sender.subscribe();
    for _ in 0..3 {
        sender.send(message.clone()).unwrap();
    }
    drop(one.try_recv());
    assert_eq!(Arc::strong_count(&message), 4);
    drop(two.try_recv());
    assert_eq!(Arc::strong_count(&message), 3);
    drop(two);
    assert_eq!(Arc::strong_count(&message), 3);
    drop(one);
    assert_eq!(Arc::strong_count(&message), 1);
}

#[test]
fn a_recv_that_is_dropped_loses_nothing() {
    let (sender, mut receiver) = channel(8);
    let mut recv = Box::pin(receiver.recv());
    assert!(polled(recv.as_mut()).is_none());
    sender.send(1).unwrap();
    drop(recv);
    assert_eq!(receiver.try_recv(), Ok(1));
}

#[test]
fn messages_are_cloned_and_dropped_outside_of_the_lock() {
    struct Reenters(Sender<Reenters>, Arc<AtomicUsize>);
    impl Clone for Reenters {
        fn clone(&self) -> Self {
            self.1.fetch_add(self.0.receiver_count(), Ordering::Relaxed);
            Reenters(self.0.clone(), self.1.clone())
        }
    }
    impl Drop for Reenters {
        fn drop(&mut self) {
            self.0.receiver_count();
        }
    }
    let (sender, mut one) = channel(1);
    let _two = sender.subscribe();
    let count = Arc::new(AtomicUsize::new(0));
    for _ in 0..3 {
        assert!(sender.send(Reenters(sender.clone(), count.clone())).is_ok());
    }
    assert!(one.try_recv().is_err());
    assert!(one.try_recv().is_ok());
    assert_eq!(count.load(Ordering::Relaxed), 2);
}
