//! Destructors of thread-locals on the runtime's threads: user code after the machine has ended.
//! (A panic in one ends the process: the standard library sees to that.)

use std::{
    cell::RefCell,
    sync::{Arc, Barrier, mpsc},
    thread,
};

use gmp::{JoinHandle, Runtime, task::Id};

use super::assert_alive;
use crate::{
    gate::{Gate, Wakes, poll_with},
    tally::Tally,
    watchdog::{eventually, runtime, within_limit},
};

/// No other test uses so many: the runtimes follow one another in the same place.
const PROCESSORS: usize = 5;

/// Runs `last` when the thread ends that polls this task.
fn at_the_end_of_a_machine(runtime: &Runtime, last: impl FnOnce() + Send + 'static) {
    struct Last(Option<Box<dyn FnOnce() + Send>>);
    impl Drop for Last {
        fn drop(&mut self) {
            (self.0.take().expect("dropped once"))();
        }
    }
    thread_local! {
        static LAST: RefCell<Vec<Last>> = const { RefCell::new(Vec::new()) };
    }
    let last = Last(Some(Box::new(last)));
    let placed = runtime.spawn(async { LAST.with(|cell| cell.borrow_mut().push(last)) });
    runtime.block_on(placed).unwrap();
}

/// Occupies all processors of a runtime until it is dropped.
struct Occupied {
    leave: Arc<Barrier>,
    tasks: Vec<JoinHandle<()>>,
}

impl Occupied {
    fn new(runtime: &Runtime, processors: usize) -> Occupied {
        let (come, leave) = (
            Arc::new(Barrier::new(processors + 1)),
            Arc::new(Barrier::new(processors + 1)),
        );
        let tasks = (0..processors)
            .map(|_| {
                let (come, leave) = (come.clone(), leave.clone());
                runtime.spawn(async move {
                    come.wait();
                    leave.wait();
                })
            })
            .collect();
        come.wait();
        Occupied { leave, tasks }
    }

    fn end(self) {
        self.leave.wait();
        self.tasks
            .into_iter()
            .for_each(|task| gmp::block_on(task).unwrap());
    }
}

#[test]
fn a_thread_that_ends_belongs_to_no_runtime() {
    within_limit(|| {
        let first = runtime(PROCESSORS);
        let (go, gone) = mpsc::channel::<()>();
        let (tell, told) = mpsc::channel::<(Option<Id>, bool, usize)>();
        at_the_end_of_a_machine(&first, move || {
            gone.recv().unwrap();
            let current = gmp::Handle::try_current().is_some();
            tell.send((gmp::task::try_id(), current, gmp::num_tasks()))
                .unwrap();
        });
        first.shutdown();
        // The next runtime uses what the first one left, and polls tasks on all of it.
        let second = runtime(PROCESSORS);
        let occupied = Occupied::new(&second, PROCESSORS);
        go.send(()).unwrap();
        let told = told.recv().unwrap();
        occupied.end();
        assert_eq!(told, (None, false, 0));
    });
}

#[test]
fn a_thread_that_ends_may_use_the_handles_of_the_next_runtime() {
    within_limit(|| {
        let first = runtime(PROCESSORS);
        let (give, given) = mpsc::channel::<(gmp::Handle, Gate, Tally)>();
        let (done, ended) = mpsc::channel::<()>();
        let refuses = first.handle().clone();
        at_the_end_of_a_machine(&first, move || {
            let (runtime, gate, tally) = given.recv().unwrap();
            for _ in 0..1000 {
                let (tally_inside, gate_inside) = (tally.clone(), gate.clone());
                drop(runtime.spawn(tally.around(async move {
                    gate_inside.wait().await;
                    drop(tally_inside.output());
                })));
                gate.take_wakers()
                    .into_iter()
                    .for_each(|waker| waker.wake());
                let mut handle = runtime.spawn(tally.pending());
                assert!(poll_with(&mut handle, &Wakes::new().1).is_pending());
                handle.abort();
                drop(refuses.spawn(tally.pending()));
                gmp::block_on(async {});
            }
            gate.open();
            done.send(()).unwrap();
        });
        first.shutdown();
        let second = runtime(PROCESSORS);
        let (gate, tally) = (Gate::new(), Tally::new());
        give.send((second.handle().clone(), gate, tally.clone()))
            .unwrap();
        // Work on all processors meanwhile.
        let busy = second.spawn({
            let tally = tally.clone();
            async move {
                while ended.try_recv().is_err() {
                    let handles: Vec<_> = (0..20)
                        .map(|_| gmp::spawn(tally.future(|_| std::task::Poll::Ready(()))))
                        .collect();
                    for handle in handles {
                        drop(handle.await.unwrap());
                    }
                }
            }
        });
        second.block_on(busy).unwrap();
        eventually(|| tally.is_settled());
        assert_alive(&second, PROCESSORS);
    });
}

#[test]
fn a_thread_local_of_a_machine_lives_as_long_as_its_thread() {
    within_limit(|| {
        let runtime = runtime(PROCESSORS);
        let (tell, told) = mpsc::channel();
        at_the_end_of_a_machine(&runtime, move || tell.send(thread::current().id()).unwrap());
        assert_alive(&runtime, PROCESSORS);
        assert!(told.try_recv().is_err());
        runtime.shutdown();
        told.recv().unwrap();
    });
}
