//! The current context, and which tasks inherit it.
#![allow(
    clippy::async_yields_async,
    reason = "handles come out of their scopes to be awaited outside"
)]

use std::{panic::AssertUnwindSafe, sync::mpsc};

use futures::{FutureExt, executor::ThreadPool, task::SpawnExt};
use gmp_executor::{
    Builder, Handle, JoinSet, LocalSet, Runtime, TaskBuilder, spawn, spawn_blocking, spawn_local,
};

use super::*;
use crate::{WaitGroup, errgroup::Group};

fn runtime() -> Runtime {
    Builder::new().max_procs(1).build().unwrap()
}

/// The value of [`Crosses`] in the current context.
fn seen() -> Option<u32> {
    Context::current().value(Crosses).copied()
}

fn with(value: u32) -> Context {
    Context::background().with_value(Crosses, value)
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_current_context_is_that_of_the_scope() {
    each_executor(|spawner| {
        let (outer, _cancel) = Context::background().with_value(Crosses, 1).with_cancel();
        spawner.run(async move {
            assert_eq!(Context::current().value(Crosses), None);
            let inner = Context::background().with_value(Crosses, 2);
            outer
                .scope(async {
                    let seen = || Context::current().value(Crosses).copied();
                    assert_eq!(seen(), Some(1));
                    yield_now().await;
                    inner
                        .scope(async {
                            yield_now().await;
                            assert_eq!(seen(), Some(2));
                        })
                        .await;
                    assert_eq!(seen(), Some(1));
                })
                .await;
            assert_eq!(Context::current().value(Crosses), None);
        });
    });
}

#[test]
fn a_panic_in_a_scope_leaves_no_context_behind() {
    let context = Context::background().with_value(Crosses, 1);
    let scope = std::panic::AssertUnwindSafe(context.scope(async { panic!("on purpose") }));
    block_on(scope.catch_unwind()).unwrap_err();
    assert_eq!(Context::current().value(Crosses), None);
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn values_go_along_whose_keys_say_so() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let (context, _cancel) = with(1).with_value(First, "stays").with_timeout(HOUR);
        let task = context.scope(async {
            assert_eq!(Context::current().value(First), Some(&"stays"));
            spawn(async { Context::current() })
        });
        let inherited = task.await.await.unwrap();
        assert_eq!(inherited.value(First), None);
        assert_eq!(inherited.value(Crosses), Some(&1));
        assert_eq!(inherited.deadline(), context.deadline());
        let explicit = context.spawn(async { Context::current() }).await.unwrap();
        assert_eq!(explicit.value(First), None);
        assert_eq!(explicit.value(Crosses), Some(&1));
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn every_way_to_spawn_inherits() {
    let _watchdog = Watchdog::new();
    let runtime = runtime();
    let handle = runtime.handle().clone();
    let inside = with(1).scope(async move {
        let (tx, rx) = mpsc::channel();
        let ours = |tx: &mpsc::Sender<Option<u32>>| {
            let tx = tx.clone();
            async move { tx.send(seen()).unwrap() }
        };
        spawn(ours(&tx)).await.unwrap();
        handle.spawn(ours(&tx)).await.unwrap();
        Handle::current().spawn(ours(&tx)).await.unwrap();
        handle.spawn_with_handle(ours(&tx)).unwrap().await;
        spawn_blocking({
            let tx = tx.clone();
            move || tx.send(seen()).unwrap()
        })
        .await
        .unwrap();
        TaskBuilder::new()
            .name("named")
            .spawn(ours(&tx))
            .await
            .unwrap();
        let mut set = JoinSet::new();
        set.spawn(ours(&tx));
        set.spawn_on(ours(&tx), &handle);
        set.spawn_blocking({
            let tx = tx.clone();
            move || tx.send(seen()).unwrap()
        });
        while let Some(joined) = set.join_next().await {
            joined.unwrap();
        }
        WaitGroup::new().go(ours(&tx)).await.unwrap();
        let mut group = Group::<String>::new();
        group.go(ours(&tx).map(Ok)).await;
        group.wait().await.unwrap();
        drop(tx);
        rx.iter().collect::<Vec<_>>()
    });
    // In the thread of `block_on`, and in a task.
    let (of_thread, inside) = (
        with(2).scope(async { spawn(async { seen() }).await }),
        inside,
    );
    assert_eq!(runtime.block_on(of_thread).unwrap(), Some(2));
    let all = runtime.block_on(runtime.spawn(inside)).unwrap();
    assert_eq!(all, [Some(1); 11]);
}

/// On their thread: each has the context of where it was spawned, also while the set is polled in another scope.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn local_tasks_inherit() {
    let _watchdog = Watchdog::new();
    let set = LocalSet::new();
    let outside = set.spawn_local(async { seen() });
    let all = with(1).scope(set.run_until(async {
        assert_eq!(outside.await.unwrap(), None);
        let inner = with(2).scope(async {
            let inner = spawn_local(async {
                yield_now().await;
                let nested = spawn_local(async { seen() });
                (seen(), nested.await.unwrap())
            });
            (inner, set.spawn_local(async { seen() }))
        });
        let (inner, of_the_set) = inner.await;
        assert_eq!(inner.await.unwrap(), (Some(2), Some(2)));
        assert_eq!(of_the_set.await.unwrap(), Some(2));
        spawn_local(async { (seen(), spawn(async { seen() }).await.unwrap()) })
            .await
            .unwrap()
    }));
    assert_eq!(runtime().block_on(all), (Some(1), Some(1)));
}

#[test]
fn what_a_local_task_drops_sees_its_context() {
    struct Sees(mpsc::Sender<Option<u32>>);
    impl Drop for Sees {
        fn drop(&mut self) {
            self.0.send(seen()).unwrap();
        }
    }
    let (tx, rx) = mpsc::channel();
    let set = LocalSet::new();
    block_on(set.run_until(with(1).scope(async {
        let sees = [(); 2].map(|()| Sees(tx.clone()));
        for sees in sees {
            drop(spawn_local(async move {
                let _sees = sees;
                std::future::pending::<()>().await;
            }));
        }
        yield_now().await;
    })));
    drop(set);
    assert_eq!(rx.try_iter().collect::<Vec<_>>(), [Some(1); 2]);
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_task_inherits_from_the_innermost_scope() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let inside = with(1).scope(async {
            let before = spawn(async { seen() });
            let (inner, nothing) = with(2)
                .scope(async {
                    let nothing = Context::background().spawn(async {
                        yield_now().await;
                        (seen(), spawn(async { seen() }).await.unwrap())
                    });
                    (spawn(async { seen() }), nothing)
                })
                .await;
            let none = Context::background()
                .scope(async { spawn(async { seen() }) })
                .await;
            (before, inner, nothing, none, spawn(async { seen() }))
        });
        let (before, inner, nothing, none, after) = inside.await;
        assert_eq!(before.await.unwrap(), Some(1));
        assert_eq!(inner.await.unwrap(), Some(2));
        assert_eq!(nothing.await.unwrap(), (None, None));
        assert_eq!(none.await.unwrap(), None);
        assert_eq!(after.await.unwrap(), Some(1));
        assert_eq!(spawn(async { seen() }).await.unwrap(), None);
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_cancellation_reaches_tasks_of_tasks() {
    let _watchdog = Watchdog::new();
    let runtime = Builder::new().max_procs(2).build().unwrap();
    runtime.block_on(async {
        let (context, cancel) = Context::background().with_cancel();
        let (tx, rx) = crate::chan(0);
        let child = context.spawn(async move {
            yield_now().await;
            let grandchild = spawn(async move {
                yield_now().await;
                let last = spawn(async { Context::current().done().await });
                tx.send(()).await.unwrap();
                last.await.unwrap()
            });
            grandchild.await.unwrap()
        });
        rx.recv().await.unwrap();
        cancel.cancel();
        assert_eq!(Some(child.await.unwrap()), canceled());
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_task_that_panics_leaves_no_context_behind() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let scope = with(1).scope(async { panic!("on purpose") });
        AssertUnwindSafe(scope).catch_unwind().await.unwrap_err();
        assert_eq!(spawn(async { seen() }).await.unwrap(), None);
        let task = with(1).spawn(async { panic!("on purpose") });
        assert!(task.await.unwrap_err().is_panic());
        assert_eq!(spawn(async { seen() }).await.unwrap(), None);
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_scope_that_is_forgotten_leaves_no_context_behind() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let mut scope = Box::pin(with(1).scope(std::future::pending::<()>()));
        assert!(polled(scope.as_mut()).is_none());
        std::mem::forget(scope);
        assert_eq!(seen(), None);
        assert_eq!(spawn(async { seen() }).await.unwrap(), None);
    });
}

/// Says what it sees when it is dropped, and what a task sees that is spawned then.
struct Sees(crate::Sender<Option<u32>>);

impl Drop for Sees {
    fn drop(&mut self) {
        self.0.try_send(seen()).unwrap();
        let tx = self.0.clone();
        drop(spawn(async move { tx.try_send(seen()).unwrap() }));
    }
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn what_a_task_drops_sees_its_context() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let (tx, rx) = crate::unbounded();
        let ends = |tx: &crate::Sender<Option<u32>>| {
            let sees = Sees(tx.clone());
            async move {
                let _sees = &sees;
                std::future::pending::<()>().await;
            }
        };
        let aborted = with(1).spawn(ends(&tx));
        yield_now().await;
        aborted.abort();
        aborted.await.unwrap_err();
        let mut dropped = Box::pin(with(2).scope(ends(&tx)));
        assert!(polled(dropped.as_mut()).is_none());
        drop(dropped);
        drop(tx);
        let mut all = Vec::new();
        while let Some(sees) = rx.recv().await {
            all.push(sees);
        }
        all.sort_unstable();
        assert_eq!(all, [Some(1), Some(1), Some(2), Some(2)]);
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_function_after_the_end_inherits_nothing_of_who_cancels() {
    let _watchdog = Watchdog::new();
    runtime().block_on(async {
        let (tx, rx) = crate::chan(1);
        let (context, cancel) = Context::background().with_cancel();
        let _stop = context.after_func(move || tx.try_send(seen()).unwrap());
        with(1).scope(async { cancel.cancel() }).await;
        assert_eq!(rx.recv().await, Some(None));
    });
}

/// Other executors know nothing of it.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn elsewhere_a_future_inherits_that_is_wrapped() {
    let pool = ThreadPool::builder().pool_size(1).create().unwrap();
    let spawned = |future| pool.spawn_with_handle(future).unwrap();
    block_on(with(1).scope(async {
        assert_eq!(spawned(async { seen() }.boxed()).await, None);
        let wrapped = Context::current().scope(async { seen() });
        assert_eq!(spawned(wrapped.boxed()).await, Some(1));
    }));
}
