//! In destructors and wakers, across runtimes, and what is the current runtime then.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Wake, Waker},
};

use futures::future::BoxFuture;

use super::nest;
use crate::{
    gate::{Gate, poll_with},
    watchdog::{eventually, on_processors, runtime, within_limit},
};

/// Blocks on a task of `runtime` when it is dropped.
struct BlocksAtDrop(gmp::Handle, Arc<AtomicUsize>);

impl Drop for BlocksAtDrop {
    fn drop(&mut self) {
        assert_eq!(self.0.block_on(self.0.spawn(nest(1))).unwrap(), 1);
        self.1.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_future_may_block_in_its_drop() {
    on_processors(|runtime| {
        let dropped = Arc::new(AtomicUsize::new(0));
        let guard = || BlocksAtDrop(runtime.handle().clone(), dropped.clone());
        let (ends, output, waits) = (guard(), guard(), guard());
        let ends = runtime.spawn(async move { drop(ends) });
        let output = runtime.spawn(async move { output });
        let waits = runtime.spawn(async move {
            let _waits = waits;
            std::future::pending::<()>().await;
        });
        runtime.block_on(ends).unwrap();
        waits.abort();
        assert!(runtime.block_on(waits).unwrap_err().is_cancelled());
        drop(runtime.block_on(output).unwrap());
        // Detached, so that a machine drops the output.
        let output = guard();
        drop(runtime.spawn(async move { output }));
        eventually(|| dropped.load(SeqCst) == 4);
    });
}

#[test]
fn a_waker_may_block() {
    /// Blocks on a task when it is woken.
    struct Blocks(gmp::Handle, mpsc::Sender<usize>);
    impl Wake for Blocks {
        fn wake(self: Arc<Self>) {
            let depth = gmp::block_on(self.0.spawn(nest(2))).unwrap();
            self.1.send(depth).unwrap();
        }
    }
    on_processors(|runtime| {
        for _ in 0..20 {
            let gate = Gate::new();
            let (send, receive) = mpsc::channel();
            let waker = Waker::from(Arc::new(Blocks(runtime.handle().clone(), send)));
            let mut task = runtime.spawn(gate.wait());
            assert!(poll_with(&mut task, &waker).is_pending());
            drop(waker);
            // In a task, so that a machine ends the joined one and wakes.
            let opener = runtime.spawn(async move { gate.open() });
            runtime.block_on(opener).unwrap();
            assert_eq!(receive.recv().unwrap(), 2);
            assert!(poll_with(&mut task, Waker::noop()).is_ready());
        }
        assert_eq!(runtime.block_on(nest(2)), 2);
    });
}

#[test]
fn a_waker_may_block_where_the_task_had_lost_its_processor() {
    /// Tells that it was woken, then blocks on tasks that block.
    struct Blocks(gmp::Handle, Arc<AtomicBool>, mpsc::Sender<usize>);
    impl Wake for Blocks {
        fn wake(self: Arc<Self>) {
            self.1.store(true, SeqCst);
            let depth = gmp::block_on(self.0.spawn(nest(3))).unwrap();
            self.2.send(depth).unwrap();
        }
    }
    on_processors(|runtime| {
        for _ in 0..20 {
            let (gate, woken) = (Gate::new(), Arc::new(AtomicBool::new(false)));
            let passage = gate.wait();
            let mut blocked = runtime.spawn(async { gmp::block_on(passage) });
            let (send, receive) = mpsc::channel();
            let waker = Blocks(runtime.handle().clone(), woken.clone(), send);
            assert!(poll_with(&mut blocked, &Waker::from(Arc::new(waker))).is_pending());
            eventually(|| gate.waiting() == 1);
            // Holds the processor, so that the other ends without one, and its machine waits for one.
            let (started, over) = (Arc::new(AtomicBool::new(false)), woken.clone());
            let starts = started.clone();
            let busy = runtime.spawn(async move {
                starts.store(true, SeqCst);
                while !over.load(SeqCst) {
                    std::thread::yield_now();
                }
            });
            eventually(|| started.load(SeqCst));
            gate.open();
            assert_eq!(receive.recv().unwrap(), 3);
            runtime.block_on(busy).unwrap();
            assert!(poll_with(&mut blocked, Waker::noop()).is_ready());
        }
    });
}

#[test]
fn runtimes_block_on_one_another() {
    fn ping_pong(runtimes: Arc<[gmp::Handle; 2]>, left: usize) -> BoxFuture<'static, usize> {
        Box::pin(async move {
            if left == 0 {
                return 0;
            }
            let next = runtimes[left % 2].clone();
            let inner = next.spawn(ping_pong(runtimes.clone(), left - 1));
            1 + if left % 3 == 0 {
                next.block_on(inner)
            } else {
                inner.await
            }
            .unwrap()
        })
    }
    on_processors(|runtime| {
        let other = crate::watchdog::runtime(1);
        let handles = Arc::new([runtime.handle().clone(), other.handle().clone()]);
        assert_eq!(runtime.block_on(ping_pong(handles.clone(), 20)), 20);
        assert_eq!(
            other
                .block_on(runtime.spawn(ping_pong(handles, 20)))
                .unwrap(),
            20
        );
    });
}

#[test]
fn inside_of_block_on_the_entered_runtime_is_the_current_one() {
    fn name(handle: &gmp::Handle) -> String {
        format!("{handle:?}")
    }
    within_limit(|| {
        let (first, second) = (runtime(1), runtime(1));
        let (one, two) = (name(first.handle()), name(second.handle()));
        assert_ne!(one, two);
        let inner = second.handle().clone();
        let task = first.spawn(async move {
            let before = name(&gmp::Handle::current());
            let inside = inner.block_on(async {
                let spawned = gmp::spawn(async { name(&gmp::Handle::current()) });
                [name(&gmp::Handle::current()), spawned.await.unwrap()]
            });
            let guarded = {
                let _entered = inner.enter();
                gmp::spawn(async { name(&gmp::Handle::current()) })
            };
            (
                before,
                inside,
                guarded.await.unwrap(),
                name(&gmp::Handle::current()),
            )
        });
        let told = first.block_on(task).unwrap();
        assert_eq!(told, (one.clone(), [two.clone(), two.clone()], two, one));
        assert!(gmp::Handle::try_current().is_none());
    });
}
