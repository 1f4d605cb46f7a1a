//! After the cases of golang.org/x/sync's `errgroup/errgroup_test.go`, and more.

use std::{
    sync::atomic::{AtomicUsize, Ordering},
    task::Poll,
};

use futures::FutureExt;

use super::*;
use crate::{
    ContextError, Notify,
    test_kit::{Watchdog, each_executor, yield_now},
};

fn on_gmp<F: Future>(case: impl Fn() -> F) {
    let _watchdog = Watchdog::new();
    for processors in [1, 2, 8] {
        let runtime = gmp_executor::Builder::new()
            .max_procs(processors)
            .build()
            .unwrap();
        runtime.block_on(case());
    }
}

/// Go: `TestZeroGroup`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_first_error_is_what_wait_gives() {
    on_gmp(|| async {
        let cases: [&[Option<&str>]; 5] = [
            &[],
            &[None],
            &[Some("one")],
            &[Some("one"), None],
            &[Some("one"), None, Some("two")],
        ];
        for case in cases {
            let mut group = Group::new();
            let mut first = None;
            for &error in case {
                first = first.or(error);
                group.go(async move { error.map_or(Ok(()), Err) }).await;
                assert_eq!(group.wait().await.err(), error);
            }
            // All at once: one of them.
            for &error in case {
                group.go(async move { error.map_or(Ok(()), Err) }).await;
            }
            assert_eq!(group.wait().await.is_err(), first.is_some());
        }
    });
}

/// Go: `TestWithContext`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_context_is_done_with_the_first_error_and_after_wait() {
    on_gmp(|| async {
        let (mut group, context) = Group::<&str>::with_context(&Context::background());
        group.go(async { Ok(()) }).await;
        assert!(!context.is_done());
        let own = context.clone();
        group
            .go(async move {
                own.done().await;
                // Too late to be the first.
                Err("second")
            })
            .await;
        group.go(async { Err("first") }).await;
        assert_eq!(group.wait().await, Err("first"));
        assert_eq!(context.err(), Some(ContextError::Canceled));
        assert_eq!(context.cause().unwrap().to_string(), "first");

        let (mut group, context) = Group::<&str>::with_context(&Context::background());
        group.go(async { Ok(()) }).await;
        assert_eq!(group.wait().await, Ok(()));
        assert!(context.is_done());
    });
}

/// Go: `TestTryGo`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn trying_fails_at_the_limit() {
    on_gmp(|| async {
        let mut group = Group::<&str>::new();
        group.set_limit(Some(2));
        let gate = Arc::new(Notify::new());
        let waits = || {
            let gate = gate.clone();
            async move {
                gate.notified().await;
                Ok(())
            }
        };
        assert!(group.try_go(waits()));
        assert!(group.try_go(waits()));
        assert!(!group.try_go(waits()));
        assert!(group.go(waits()).now_or_never().is_none());
        gate.notify_one();
        group.go(waits()).await;
        assert!(!group.try_go(waits()));
        gate.notify_one();
        while group.shared.tasks.count() > 1 {
            gmp_executor::yield_now().await;
        }
        gate.notify_one();
        assert_eq!(group.wait().await, Ok(()));
        group.set_limit(Some(0));
        assert!(!group.try_go(waits()));
        group.set_limit(None);
        for _ in 0..100 {
            assert!(group.try_go(async { Ok(()) }));
        }
        assert_eq!(group.wait().await, Ok(()));
    });
}

/// Go: `TestGoLimit`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn never_more_run_than_the_limit() {
    on_gmp(|| async {
        let mut group = Group::<&str>::new();
        group.set_limit(Some(3));
        let active = Arc::new(AtomicUsize::new(0));
        for _ in 0..100 {
            let active = active.clone();
            group
                .go(async move {
                    assert!(active.fetch_add(1, Ordering::SeqCst) < 3);
                    gmp_executor::yield_now().await;
                    active.fetch_sub(1, Ordering::SeqCst);
                    Ok(())
                })
                .await;
        }
        assert_eq!(group.wait().await, Ok(()));
    });
}

/// Go: `TestCancelCause`: the cause says what the first error says, and without one the context was just cancelled. Differs from Go:
/// the error itself is what `wait` gives, so the cause is a [`Failed`].
#[test]
fn the_cause_is_the_first_error_or_that_it_was_cancelled() {
    on_gmp(|| async {
        let cases: [(&[Option<&str>], Option<&str>); 4] = [
            (&[], None),
            (&[None], None),
            (&[Some("doomed")], Some("doomed")),
            (&[Some("doomed"), None], Some("doomed")),
        ];
        for (errors, expected) in cases {
            let (mut group, context) = Group::<&str>::with_context(&Context::background());
            for &error in errors {
                assert!(group.try_go(async move { error.map_or(Ok(()), Err) }));
            }
            assert_eq!(group.wait().await.err(), expected);
            let cause = context.cause().unwrap();
            match expected {
                Some(error) => assert_eq!(cause.downcast_ref(), Some(&Failed(error.to_owned()))),
                None => assert_eq!(cause.downcast_ref(), Some(&ContextError::Canceled)),
            }
        }
    });
}

/// Go: `ExampleGroup_justErrors`, `ExampleGroup_parallel`: searches side by side, whose results stand in the order of the searches.
#[test]
fn searches_in_parallel() {
    type Results = Vec<String>;
    async fn search(context: Context, kind: &str, query: &str) -> Result<String, ContextError> {
        context.run(gmp_executor::yield_now()).await?;
        Ok(format!("{kind} result for {query:?}"))
    }
    async fn all(context: &Context, query: &'static str) -> Result<Results, ContextError> {
        let (mut group, context) = Group::with_context(context);
        let kinds = ["web", "image", "video"];
        let results = Arc::new(Mutex::new(vec![String::new(); kinds.len()]));
        for (n, kind) in kinds.into_iter().enumerate() {
            let (context, results) = (context.clone(), results.clone());
            let search = async move {
                let result = search(context, kind, query).await?;
                results.lock().unwrap()[n] = result;
                Ok(())
            };
            group.go(search).await;
        }
        group.wait().await?;
        let results = std::mem::take(&mut *results.lock().unwrap());
        Ok(results)
    }
    on_gmp(|| async {
        let results = all(&Context::background(), "golang").await.unwrap();
        let expected =
            ["web", "image", "video"].map(|kind| format!("{kind} result for \"golang\""));
        assert_eq!(results, expected);
        let (done, cancel) = Context::background().with_cancel();
        cancel.cancel();
        assert_eq!(all(&done, "golang").await, Err(ContextError::Canceled));
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_limit_is_not_changed_while_tasks_run() {
    on_gmp(|| async {
        let mut group = Group::<&str>::new();
        group.go(std::future::pending()).await;
        let panics = std::panic::catch_unwind(AssertUnwindSafe(|| group.set_limit(Some(1))));
        let panic = panics.unwrap_err();
        let said = panic.downcast_ref::<String>().unwrap();
        assert!(said.contains("while 1 tasks of the group run"), "{said}");
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_panic_comes_out_of_wait_and_cancels() {
    on_gmp(|| async {
        let (mut group, context) = Group::<&str>::with_context(&Context::background());
        group.go(async { panic!("on purpose") }).await;
        context.done().await;
        group.go(async { Err("error") }).await;
        let panic = AssertUnwindSafe(group.wait()).catch_unwind().await;
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"on purpose"));
        assert_eq!(
            context.cause().unwrap().to_string(),
            "a task of the group panicked"
        );
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn dropping_it_cancels_and_detaches() {
    on_gmp(|| async {
        let (group, context) = Group::<&str>::with_context(&Context::background());
        let ended = Arc::new(Notify::new());
        let tells = ended.clone();
        group
            .go(async move {
                // It is the current one of its tasks.
                Context::current().done().await;
                tells.notify_one();
                Ok(())
            })
            .await;
        drop(group);
        assert!(context.is_done());
        ended.notified().await;
    });
}

/// What a runtime that ends cuts off has not succeeded.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_task_that_was_dropped_before_its_end_is_no_success() {
    let _watchdog = Watchdog::new();
    let runtime = gmp_executor::Runtime::new().unwrap();
    let (mut group, context) = runtime.block_on(async {
        let (group, context) = Group::<&str>::with_context(&Context::background());
        group.go(std::future::pending()).await;
        (group, context)
    });
    drop(runtime);
    let waits = AssertUnwindSafe(group.wait()).catch_unwind();
    let panic = futures::executor::block_on(waits).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    assert!(said.contains("dropped before it ended"), "{said}");
    assert!(context.cause().unwrap().to_string().contains("dropped"));
}

/// A future's drop is a part of the task.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_panic_in_the_drop_of_a_future_comes_out_of_wait() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("dropped on purpose");
        }
    }
    on_gmp(|| async {
        let (mut group, context) = Group::<&str>::with_context(&Context::background());
        let bomb = Bomb;
        group
            .go(std::future::poll_fn(move |_| {
                let _ = &bomb;
                Poll::Ready(Ok(()))
            }))
            .await;
        context.done().await;
        let panic = AssertUnwindSafe(group.wait()).catch_unwind().await;
        assert_eq!(
            panic.unwrap_err().downcast_ref(),
            Some(&"dropped on purpose")
        );
    });
}

/// Go: `TestCancelCause`: the error itself.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn the_cause_is_what_the_group_makes_of_the_error() {
    on_gmp(|| async {
        let make = |error: &ContextError| Cause::new(*error);
        let (mut group, context) = Group::with_context_cause(&Context::background(), make);
        group
            .go(async { Err(ContextError::DeadlineExceeded) })
            .await;
        let error = group.wait().await.unwrap_err();
        assert_eq!(context.cause().unwrap().downcast_ref(), Some(&error));
        // One that panics is a panic of the group.
        let make = |(): &()| panic!("on purpose");
        let (mut group, context) = Group::with_context_cause(&Context::background(), make);
        group.go(async { Err(()) }).await;
        let panic = AssertUnwindSafe(group.wait()).catch_unwind().await;
        assert_eq!(panic.unwrap_err().downcast_ref(), Some(&"on purpose"));
        assert!(context.is_done());
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn other_executors_run_tracked_tasks() {
    each_executor(|spawner| {
        let (mut group, context) = Group::<&str>::with_context(&Context::background());
        group.set_limit(Some(2));
        let active = Arc::new(AtomicUsize::new(0));
        let tasks: Vec<_> = (0..20)
            .map(|n| {
                let active = active.clone();
                spawner.spawn(group.track(async move {
                    assert!(active.fetch_add(1, Ordering::SeqCst) < 2);
                    yield_now().await;
                    active.fetch_sub(1, Ordering::SeqCst);
                    if n < 19 {
                        return Ok(());
                    }
                    assert!(!Context::current().is_done());
                    Err("the last one")
                }))
            })
            .collect();
        spawner.join_all(tasks);
        assert!(context.is_done());
        assert_eq!(
            futures::executor::block_on(group.wait()),
            Err("the last one")
        );
        // One that is dropped has not succeeded.
        drop(group.track(async { Ok(()) }));
        let waits = AssertUnwindSafe(group.wait()).catch_unwind();
        assert!(futures::executor::block_on(waits).is_err());
    });
}
