//! Foreign wakers that panic: when they are cloned, woken or dropped, wherever the runtime does that.
//!
//! After async-task's tests/waker_panic.rs, whose tasks panic while they are woken and cancelled; the wakers that panic themselves
//! have no source: Go has none that run foreign code.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    task::{RawWaker, RawWakerVTable, Waker},
    time::Duration,
};

use gmp::Runtime;

use super::assert_alive;
use crate::{
    gate::{Gate, Wakes, poll_with},
    watchdog::{eventually, runtime, within_limit},
};

/// Which operation of a waker panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Clone,
    Wake,
    Drop,
}

/// A waker's data: which operation panics, and how often each was called.
struct Faulty {
    fault: Fault,
    wakes: AtomicUsize,
    drops: AtomicUsize,
}

static VTABLE: RawWakerVTable = RawWakerVTable::new(clone, wake, wake_by_ref, drop_raw);

/// The data of all wakers, so that a panic midway loses none of it.
static FAULTY: Mutex<Vec<&'static Faulty>> = Mutex::new(Vec::new());

/// A waker that panics. Its data lives for ever.
fn waker(fault: Fault) -> (&'static Faulty, Waker) {
    let data = Faulty {
        fault,
        wakes: AtomicUsize::new(0),
        drops: AtomicUsize::new(0),
    };
    let data: &'static Faulty = Box::leak(Box::new(data));
    FAULTY.lock().expect("nothing panics here").push(data);
    // SAFETY: the functions of `VTABLE` are thread-safe and take a `&'static Faulty`.
    (data, unsafe {
        Waker::new(std::ptr::from_ref(data).cast(), &VTABLE)
    })
}

fn data(pointer: *const ()) -> &'static Faulty {
    // SAFETY: `waker` makes wakers from a `&'static Faulty` only.
    unsafe { &*pointer.cast() }
}

fn clone(pointer: *const ()) -> RawWaker {
    assert!(
        data(pointer).fault != Fault::Clone,
        "a waker's clone panics on purpose"
    );
    RawWaker::new(pointer, &VTABLE)
}

fn wake(pointer: *const ()) {
    wake_by_ref(pointer);
}

fn wake_by_ref(pointer: *const ()) {
    data(pointer).wakes.fetch_add(1, SeqCst);
    assert!(
        data(pointer).fault != Fault::Wake,
        "a waker's wake panics on purpose"
    );
}

fn drop_raw(pointer: *const ()) {
    data(pointer).drops.fetch_add(1, SeqCst);
    assert!(
        data(pointer).fault != Fault::Drop,
        "a waker's drop panics on purpose"
    );
}

/// Runs the part of a test in which wakers panic on the test's own thread.
fn tolerate<R>(part: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(part)).ok()
}

fn on_1_and_4(body: impl Fn(Runtime, usize) + Send + 'static) {
    within_limit(move || {
        for processors in [1, 4] {
            body(runtime(processors), processors);
        }
    });
}

#[test]
fn a_joiner_that_panics_when_woken_hurts_nobody() {
    on_1_and_4(|runtime, processors| {
        for n in 0..10 {
            let gate = Gate::new();
            let mut handle = runtime.spawn(gate.wait());
            let (faulty, waker) = waker(Fault::Wake);
            assert!(poll_with(&mut handle, &waker).is_pending());
            if n % 2 == 0 {
                gate.open()
            } else {
                handle.abort()
            }
            eventually(|| faulty.wakes.load(SeqCst) == 1);
            assert!(poll_with(&mut handle, Waker::noop()).is_ready());
        }
        assert_alive(&runtime, processors);
    });
}

#[test]
fn a_joiner_that_panics_when_cloned_leaves_the_handle_as_it_was() {
    on_1_and_4(|runtime, processors| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let ((wakes, good), (_, bad)) = (Wakes::new(), waker(Fault::Clone));
        assert!(
            tolerate(|| poll_with(&mut handle, &bad)).is_none(),
            "the panic is the poller's"
        );
        assert!(poll_with(&mut handle, &good).is_pending());
        assert!(tolerate(|| poll_with(&mut handle, &bad)).is_none());
        assert!(poll_with(&mut handle, &good).is_pending());
        gate.open();
        eventually(|| wakes.count() == 1);
        assert!(poll_with(&mut handle, &bad).is_ready());
        assert_alive(&runtime, processors);
    });
}

#[test]
fn a_joiner_that_panics_when_replaced_leaves_the_handle_usable() {
    on_1_and_4(|runtime, processors| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let ((faulty, bad), (wakes, good)) = (waker(Fault::Drop), Wakes::new());
        assert!(poll_with(&mut handle, &bad).is_pending());
        tolerate(|| poll_with(&mut handle, &good));
        assert_eq!(faulty.drops.load(SeqCst), 1);
        assert!(poll_with(&mut handle, &good).is_pending());
        gate.open();
        eventually(|| wakes.count() == 1);
        assert!(poll_with(&mut handle, &good).is_ready());
        std::mem::forget(bad);
        assert_alive(&runtime, processors);
    });
}

#[test]
fn a_joiner_that_panics_at_its_drop_is_dropped_with_the_handle() {
    on_1_and_4(|runtime, processors| {
        let gate = Gate::new();
        let mut handle = runtime.spawn(gate.wait());
        let (faulty, bad) = waker(Fault::Drop);
        assert!(poll_with(&mut handle, &bad).is_pending());
        tolerate(|| drop(handle));
        assert_eq!(faulty.drops.load(SeqCst), 1);
        std::mem::forget(bad);
        gate.open();
        assert_alive(&runtime, processors);
    });
}

#[test]
fn joiners_that_panic_at_shutdown_do_not_stop_it() {
    on_1_and_4(|runtime, _| {
        let joined: Vec<_> = [Fault::Wake, Fault::Drop, Fault::Wake]
            .into_iter()
            .map(|fault| {
                let mut handle = runtime.spawn(std::future::pending::<()>());
                let (faulty, bad) = waker(fault);
                assert!(poll_with(&mut handle, &bad).is_pending());
                std::mem::forget(bad);
                (faulty, handle)
            })
            .collect();
        runtime.shutdown();
        for (faulty, mut handle) in joined {
            let told = poll_with(&mut handle, Waker::noop());
            assert!(matches!(told, std::task::Poll::Ready(Err(error)) if error.is_cancelled()));
            assert_eq!(faulty.wakes.load(SeqCst), 1, "a joiner is told of the end");
        }
    });
}

#[test]
fn a_sleeper_that_panics_when_woken_hurts_nobody() {
    on_1_and_4(|runtime, processors| {
        let _entered = runtime.enter();
        let sleepers: Vec<_> = (0..10)
            .map(|_| {
                let mut sleep = gmp::time::sleep(Duration::from_millis(1));
                let (faulty, bad) = waker(Fault::Wake);
                assert!(poll_with(&mut sleep, &bad).is_pending());
                (faulty, sleep)
            })
            .collect();
        for (faulty, mut sleep) in sleepers {
            eventually(|| faulty.wakes.load(SeqCst) == 1);
            assert!(poll_with(&mut sleep, Waker::noop()).is_ready());
        }
        assert_alive(&runtime, processors);
    });
}

#[test]
fn a_sleeper_that_panics_when_cloned_or_dropped_leaves_the_timers_whole() {
    on_1_and_4(|runtime, processors| {
        let _entered = runtime.enter();
        for fault in [Fault::Clone, Fault::Drop] {
            let mut sleep = gmp::time::sleep(Duration::from_secs(3600));
            let (_, bad) = waker(fault);
            assert_eq!(
                tolerate(|| poll_with(&mut sleep, &bad)).is_none(),
                fault == Fault::Clone
            );
            tolerate(|| drop(sleep));
            std::mem::forget(bad);
        }
        // The sweep takes a hundred such entries out at a time.
        for _ in 0..200 {
            let mut sleep = gmp::time::sleep(Duration::from_secs(3600));
            let (_, bad) = waker(Fault::Drop);
            tolerate(|| poll_with(&mut sleep, &bad));
            let mut other = gmp::time::sleep(Duration::from_secs(7200));
            assert!(poll_with(&mut other, Waker::noop()).is_pending());
            tolerate(|| drop(sleep));
            std::mem::forget(bad);
        }
        runtime.block_on(gmp::time::sleep(Duration::from_millis(1)));
        assert_alive(&runtime, processors);
    });
}

#[test]
fn block_on_that_panics_leaves_the_task_usable() {
    on_1_and_4(|runtime, processors| {
        let handle = runtime.spawn(async {
            let inner = || gmp::block_on(async { panic!("inside of block_on") });
            assert!(catch_unwind::<_, ()>(inner).is_err());
            gmp::yield_now().await;
            gmp::spawn(async { 7 }).await.unwrap()
        });
        assert_eq!(runtime.block_on(handle).unwrap(), 7);
        assert!(
            tolerate::<()>(|| runtime.block_on(async { panic!("outside of a task") })).is_none()
        );
        assert!(
            gmp::Handle::try_current().is_none(),
            "the thread has left the runtime"
        );
        assert_alive(&runtime, processors);
    });
}
