//! What a task may panic with, and what becomes of it.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind, panic_any, resume_unwind},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use crate::{
    gate::stop,
    watchdog::{eventually, on_processors},
};

/// Counts its drop, and panics then if it is told to.
struct Payload {
    drops: Arc<AtomicUsize>,
    panics: bool,
}

impl Drop for Payload {
    fn drop(&mut self) {
        self.drops.fetch_add(1, SeqCst);
        if self.panics {
            panic!("the payload panics at its drop, on purpose");
        }
    }
}

#[test]
fn any_payload_reaches_the_handle_as_it_was_thrown() {
    fn thrown(runtime: &gmp::Runtime, payload: impl Any + Send) -> Box<dyn Any + Send> {
        let handle = runtime.spawn(async { panic_any(payload) });
        runtime
            .block_on(handle)
            .map(|(): ()| ())
            .unwrap_err()
            .into_panic()
    }
    on_processors(|runtime| {
        assert_eq!(
            *thrown(&runtime, "a word").downcast::<&str>().unwrap(),
            "a word"
        );
        assert_eq!(
            *thrown(&runtime, "words".to_owned())
                .downcast::<String>()
                .unwrap(),
            "words"
        );
        assert_eq!(*thrown(&runtime, 7_u128).downcast::<u128>().unwrap(), 7);
        assert!(thrown(&runtime, ()).is::<()>());
        let boxed: Box<dyn Any + Send> = Box::new(3_i8);
        let boxed = thrown(&runtime, boxed)
            .downcast::<Box<dyn Any + Send>>()
            .unwrap();
        assert_eq!(*boxed.downcast::<i8>().unwrap(), 3);
        assert_eq!(
            thrown(&runtime, [5_u8; 10_000])
                .downcast::<[u8; 10_000]>()
                .unwrap()[9_999],
            5
        );
    });
}

#[test]
fn a_payload_that_is_no_text_has_a_message_all_the_same() {
    on_processors(|runtime| {
        let handle = runtime.spawn(async { panic_any(7_u8) });
        let id = handle.id();
        let error = runtime.block_on(handle).map(|(): ()| ()).unwrap_err();
        assert_eq!(error.to_string(), format!("task {id} panicked"));
    });
}

#[test]
fn a_panic_may_be_thrown_on() {
    on_processors(|runtime| {
        let outer = runtime.spawn(async {
            let inner = gmp::spawn(async { panic!("from inside") });
            let error = inner.await.map(|(): ()| ()).unwrap_err();
            resume_unwind(error.into_panic());
        });
        let payload = runtime
            .block_on(outer)
            .map(|(): ()| ())
            .unwrap_err()
            .into_panic();
        assert_eq!(*payload.downcast::<&str>().unwrap(), "from inside");
    });
}

#[test]
fn the_payload_is_dropped_once_by_whoever_holds_the_error() {
    on_processors(|runtime| {
        for panics in [false, true] {
            let drops = Arc::new(AtomicUsize::new(0));
            let payload = Payload {
                drops: drops.clone(),
                panics,
            };
            let handle = runtime.spawn(async { panic_any(payload) });
            let error = runtime.block_on(handle).map(|(): ()| ()).unwrap_err();
            assert_eq!(drops.load(SeqCst), 0);
            assert_eq!(
                catch_unwind(AssertUnwindSafe(|| drop(error))).is_err(),
                panics
            );
            assert_eq!(drops.load(SeqCst), 1);
        }
    });
}

#[test]
fn the_payload_is_dropped_once_if_nobody_holds_the_handle() {
    on_processors(|runtime| {
        for panics in [false, true] {
            let (drops, (inside, outside)) = (Arc::new(AtomicUsize::new(0)), stop());
            let payload = Payload {
                drops: drops.clone(),
                panics,
            };
            let handle = runtime.spawn(async move {
                inside.pass();
                panic_any(payload);
            });
            outside.wait_entered();
            drop(handle);
            outside.release();
            eventually(|| drops.load(SeqCst) == 1);
            assert_eq!(runtime.block_on(runtime.spawn(async { 7 })).unwrap(), 7);
        }
    });
}

#[test]
fn the_payload_is_dropped_with_the_handle_that_nobody_asked() {
    on_processors(|runtime| {
        for panics in [false, true] {
            let drops = Arc::new(AtomicUsize::new(0));
            let payload = Payload {
                drops: drops.clone(),
                panics,
            };
            let handle = runtime.spawn(async { panic_any(payload) });
            eventually(|| handle.is_finished());
            assert_eq!(drops.load(SeqCst), 0);
            drop(handle);
            assert_eq!(drops.load(SeqCst), 1);
        }
    });
}
