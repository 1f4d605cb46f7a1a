//! Futures that no processor runs: they let each other run as tasks do.

use std::{
    cell::Cell,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use gmp::task::LocalSet;

use crate::watchdog::{on_each, within_limit};

/// Takes from a channel that is never empty, until this is over.
async fn circulate(over: Rc<Cell<bool>>) {
    let (send, receive) = gmp::unbounded();
    send.send(()).await.unwrap();
    while !over.get() {
        receive.recv().await.unwrap();
        send.send(()).await.unwrap();
    }
}

/// Ends it after some turns.
async fn end_later(over: Rc<Cell<bool>>) {
    let (send, receive) = gmp::unbounded();
    for turn in 0..1000 {
        send.send(turn).await.unwrap();
        receive.recv().await.unwrap();
    }
    over.set(true);
}

/// Never ends by itself.
#[gmp::preemptible]
async fn loop_until(over: Rc<Cell<bool>>) {
    while !over.get() {}
}

/// Checks the clock of its poll by hand, beside what it awaits.
async fn look_until(over: Rc<Cell<bool>>) {
    while !over.get() {
        std::future::ready(()).await;
        if gmp::preempt::should_yield() {
            gmp::yield_now().await;
        }
    }
}

#[test]
fn local_tasks_whose_channels_are_always_ready() {
    within_limit(|| {
        let over = Rc::default();
        gmp::block_on(LocalSet::new().run_until(async {
            let tasks = [
                gmp::spawn_local(circulate(Rc::clone(&over))),
                gmp::spawn_local(end_later(over)),
            ];
            for task in tasks {
                task.await.unwrap();
            }
        }));
    });
}

/// The body of the set among them: also where only that has no end.
#[test]
fn local_tasks_beside_loops_that_look() {
    within_limit(|| {
        let over = Rc::default();
        gmp::block_on(LocalSet::new().run_until(async {
            let tasks = [
                gmp::spawn_local(loop_until(Rc::clone(&over))),
                gmp::spawn_local(look_until(Rc::clone(&over))),
                gmp::spawn_local(end_later(Rc::clone(&over))),
            ];
            loop_until(over).await;
            for task in tasks {
                task.await.unwrap();
            }
        }));
    });
}

#[test]
fn futures_that_are_joined_under_block_on() {
    within_limit(|| {
        let over = Rc::default();
        gmp::block_on(async {
            gmp::join!(
                circulate(Rc::clone(&over)),
                loop_until(Rc::clone(&over)),
                look_until(Rc::clone(&over)),
                end_later(over)
            );
        });
    });
}

/// There the thread is a machine's, and its task has lost its processor.
#[test]
fn a_set_inside_of_a_task() {
    on_each(&[1, 2], |runtime| {
        let task = runtime.spawn(async {
            let over = Rc::default();
            gmp::block_on(LocalSet::new().run_until(async {
                let tasks = [
                    gmp::spawn_local(loop_until(Rc::clone(&over))),
                    gmp::spawn_local(circulate(Rc::clone(&over))),
                    gmp::spawn_local(end_later(over)),
                ];
                for task in tasks {
                    task.await.unwrap();
                }
            }));
        });
        runtime.block_on(task).unwrap();
        runtime.shutdown();
    });
}

/// What the inner polls were told is not the task's.
#[test]
fn a_task_goes_on_after_a_set() {
    on_each(&[1], |runtime| {
        let ended = Arc::new(AtomicBool::new(false));
        let asked = ended.clone();
        let task = runtime.spawn(async move {
            // A poll that begins with a flag that is down, unless its thread is put aside for a millisecond.
            while !asked.load(SeqCst) {
                gmp::yield_now().await;
                gmp::block_on(async { while !gmp::preempt::should_yield() {} });
                asked.store(!gmp::preempt::should_yield(), SeqCst);
            }
        });
        runtime.block_on(task).unwrap();
        assert!(ended.load(SeqCst));
        runtime.shutdown();
    });
}
