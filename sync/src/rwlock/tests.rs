//! After the cases of Go's `sync/rwmutex_test.go`, and more.

use std::{
    pin::pin,
    sync::atomic::{AtomicI32, Ordering},
};

use super::*;
use crate::test_kit::{each_executor, polled, yield_now};

/// Go: `TestParallelReaders`.
#[test]
fn readers_read_together() {
    let lock = RwLock::new(7);
    let readers: Vec<_> = (0..10).map(|_| lock.try_read().unwrap()).collect();
    assert!(readers.iter().all(|reader| **reader == 7));
    assert!(lock.try_write().is_err());
}

/// Go: `TestRWMutex`, `HammerRWMutex`: never a writer beside another, nor beside a reader.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn hammered_it_keeps_writers_alone() {
    each_executor(|spawner| {
        let (lock, active) = (Arc::new(RwLock::new(0)), Arc::new(AtomicI32::new(0)));
        let tasks: Vec<_> = (0..10)
            .map(|n| {
                let (lock, active) = (lock.clone(), active.clone());
                spawner.spawn(async move {
                    for _ in 0..100 {
                        if n % 5 == 0 {
                            let mut guard = lock.write().await;
                            assert_eq!(active.fetch_add(10_000, Ordering::SeqCst), 0);
                            *guard += 1;
                            yield_now().await;
                            active.fetch_sub(10_000, Ordering::SeqCst);
                        } else {
                            let _guard = lock.read().await;
                            assert!(active.fetch_add(1, Ordering::SeqCst) < 10_000);
                            yield_now().await;
                            active.fetch_sub(1, Ordering::SeqCst);
                        }
                    }
                })
            })
            .collect();
        spawner.join_all(tasks);
        assert_eq!(*lock.try_read().unwrap(), 200);
    });
}

#[test]
fn a_writer_that_waits_keeps_later_readers_behind_it() {
    let lock = RwLock::new(());
    let reader = lock.try_read().unwrap();
    let mut writes = pin!(lock.write());
    let mut reads = pin!(lock.read());
    assert!(polled(writes.as_mut()).is_none());
    assert!(polled(reads.as_mut()).is_none());
    assert!(lock.try_read().is_err());
    drop(reader);
    assert!(polled(reads.as_mut()).is_none());
    let writer = polled(writes.as_mut()).unwrap();
    assert!(polled(reads.as_mut()).is_none());
    drop(writer);
    assert!(polled(reads.as_mut()).is_some());
}

#[test]
fn a_writer_that_gives_up_lets_readers_in() {
    let lock = RwLock::new(());
    let _reader = lock.try_read().unwrap();
    let mut writes = Box::pin(lock.write());
    let mut reads = pin!(lock.read());
    assert!(polled(writes.as_mut()).is_none());
    assert!(polled(reads.as_mut()).is_none());
    drop(writes);
    assert!(polled(reads.as_mut()).is_some());
}

#[test]
fn a_writer_goes_on_as_a_reader() {
    let lock = Arc::new(RwLock::new(1));
    let mut writer = polled(pin!(lock.clone().write_owned())).unwrap();
    let mut reads = pin!(lock.read());
    assert!(polled(reads.as_mut()).is_none());
    *writer = 2;
    let reader = writer.downgrade();
    assert_eq!(*polled(reads.as_mut()).unwrap(), 2);
    assert!(lock.try_write().is_err());
    drop(reader);
    assert!(lock.try_write().is_ok());
}

#[test]
fn the_value_comes_out_again() {
    let mut lock = RwLock::new(String::from("a"));
    lock.get_mut().push('b');
    lock.write_blocking().push('c');
    assert_eq!(*lock.read_blocking(), "abc");
    assert_eq!(lock.into_inner(), "abc");
}
