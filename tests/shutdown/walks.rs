//! Polls that go on while the others are dropped: what they leave is dropped too, before the shutdown returns.

use std::{sync::mpsc, task::Poll, thread, time::Duration};

use futures::future::BoxFuture;
use gmp::Runtime;

use crate::{
    gate::{Inside, stop},
    tally::Tally,
    watchdog::{eventually, on_processors, runtime, within_limit},
};

/// Tells when it is dropped.
struct Tells(mpsc::Sender<()>);

impl Drop for Tells {
    fn drop(&mut self) {
        // Nobody listens if the test has failed.
        let _ = self.0.send(());
    }
}

/// Spawns an idle task and returns what tells that it was dropped: that the walk has come.
fn spawn_idle(runtime: &Runtime) -> mpsc::Receiver<()> {
    let (tell, told) = mpsc::channel();
    let tells = Tells(tell);
    drop(runtime.spawn(async move {
        let _tells = tells;
        std::future::pending::<()>().await;
    }));
    told
}

/// Takes its time when it is dropped, as a destructor of the user's may.
struct Slow(Tally);

impl Drop for Slow {
    fn drop(&mut self) {
        let _output = self.0.output();
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn it_returns_after_the_last_drop() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let walked = spawn_idle(&runtime);
        for n in 0..3 {
            let slow = Slow(tally.clone());
            drop(runtime.spawn(tally.around(async move {
                let _slow = slow;
                gmp::time::sleep(Duration::from_secs(3600 + n)).await;
            })));
        }
        let slow = Slow(tally.clone());
        drop(runtime.spawn(tally.around(async move {
            let _slow = slow;
            inside.pass();
            std::future::pending::<()>().await;
        })));
        outside.wait_entered();
        let watcher = tally.clone();
        let releaser = thread::spawn(move || {
            walked.recv().ok();
            eventually(|| watcher.outputs_dropped() == 3);
            // Nothing tells the end of a walk; it has nothing left to do but to see that.
            thread::sleep(Duration::from_millis(30));
            outside.release();
        });
        runtime.shutdown();
        assert_eq!(tally.outputs_dropped(), 4);
        tally.assert_settled();
        releaser.join().unwrap();
    });
}

#[test]
fn a_task_that_waits_after_the_walk_is_dropped_too() {
    within_limit(|| {
        for (processors, wakes) in [(1, false), (1, true), (2, false), (8, true)] {
            let runtime = runtime(processors);
            let (tally, (inside, outside)) = (Tally::new(), stop());
            let walked = spawn_idle(&runtime);
            let child = tally.future(move |cx| {
                inside.pass();
                if wakes {
                    cx.waker().wake_by_ref();
                }
                Poll::Pending
            });
            let parent = runtime.spawn(tally.around(async {
                let told = gmp::block_on(gmp::spawn(child));
                told.unwrap_err().is_cancelled()
            }));
            outside.wait_entered();
            let releaser = thread::spawn(move || {
                walked.recv().ok();
                outside.release();
            });
            runtime.shutdown();
            assert!(gmp::block_on(parent).unwrap());
            tally.assert_settled();
            releaser.join().unwrap();
        }
    });
}

/// Blocks on a task that blocks on a task …, the last of which is held in its poll; each waits for ever afterwards.
fn chain(depth: usize, inside: Inside, tally: Tally) -> BoxFuture<'static, ()> {
    Box::pin(tally.clone().around(async move {
        if depth == 0 {
            inside.pass();
        } else {
            gmp::block_on(gmp::spawn(chain(depth - 1, inside, tally))).unwrap_err();
        }
        std::future::pending().await
    }))
}

#[test]
fn tasks_that_block_on_each_other_in_a_chain_all_end() {
    on_processors(|runtime| {
        let (tally, (inside, outside)) = (Tally::new(), stop());
        let walked = spawn_idle(&runtime);
        let first = runtime.spawn(chain(5, inside, tally.clone()));
        outside.wait_entered();
        let releaser = thread::spawn(move || {
            walked.recv().ok();
            outside.release();
        });
        runtime.shutdown();
        assert!(gmp::block_on(first).unwrap_err().is_cancelled());
        tally.assert_settled();
        releaser.join().unwrap();
    });
}
