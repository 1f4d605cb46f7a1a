//! After the cases of Go's `context/context_test.go`, `context/x_test.go` and `context/afterfunc_test.go`. Those on
//! contexts of other makes have no counterpart: there is one `Context`.

use std::{
    error::Error,
    io,
    pin::pin,
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, channel},
    },
    thread,
};

use futures::executor::block_on;

use super::*;
use crate::test_kit::{Watchdog, each_executor, polled, yield_now};

mod after;
mod cause;
mod inheriting;
mod tree;

const SHORT: Duration = Duration::from_millis(5);
const HOUR: Duration = Duration::from_secs(3600);

fn canceled() -> Option<ContextError> {
    Some(ContextError::Canceled)
}

fn exceeded() -> Option<ContextError> {
    Some(ContextError::DeadlineExceeded)
}

/// Go: `TestBackground`, `TestTODO`.
#[test]
fn the_background_is_never_done() {
    for context in [Context::background(), Context::todo(), Context::default()] {
        assert!(polled(pin!(context.done())).is_none());
        assert_eq!(context.err(), None);
        assert!(context.cause().is_none());
        assert_eq!((context.deadline(), context.remaining()), (None, None));
    }
}

/// Go: `TestWithCancel`.
#[test]
fn cancelling_ends_it_once() {
    let (context, cancel) = Context::background().with_cancel();
    let mut done = pin!(context.done());
    assert!(polled(done.as_mut()).is_none());
    assert!(!context.is_done());
    for _ in 0..2 {
        cancel.cancel();
        assert_eq!(context.err(), canceled());
    }
    assert_eq!(polled(done), canceled());
    assert_eq!(block_on(context.done()), ContextError::Canceled);
}

/// Go: `TestDeadline`, `TestTimeout`: alone, below one that can be cancelled, below a later deadline, and passed already.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_deadline_ends_it() {
    each_executor(|spawner| {
        let ended = |context: Context| {
            assert_eq!(
                spawner.run(async move { context.done().await }),
                exceeded().unwrap()
            );
        };
        let background = Context::background();
        ended(background.with_deadline(Instant::now() + SHORT).0);
        ended(background.with_timeout(SHORT).0);
        let (above, _cancel) = background.with_cancel();
        ended(above.with_timeout(SHORT).0);
        let (above, _cancel) = background.with_timeout(HOUR);
        ended(above.with_timeout(SHORT).0);
        let (above, _cancel) = background.with_timeout(SHORT);
        let (below, _cancel) = above.with_timeout(HOUR);
        assert!(below.deadline().unwrap() < Instant::now() + HOUR / 2);
        ended(below);
        let (passed, _cancel) = background.with_deadline(Instant::now());
        assert_eq!(passed.err(), exceeded());
        assert_eq!(passed.remaining(), Some(Duration::ZERO));
        ended(passed);
    });
}

/// In a task, where the deadline is a timer of a processor; and made there, but waited for elsewhere.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_deadline_that_is_set_in_a_task_ends_it() {
    each_executor(|spawner| {
        spawner.run(async {
            let (context, _cancel) = Context::background().with_timeout(SHORT);
            assert_eq!(Some(context.done().await), exceeded());
        });
        let context = spawner.run(async { Context::background().with_timeout(SHORT).0 });
        assert_eq!(Some(block_on(context.done())), exceeded());
    });
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_deadline_outlives_the_runtime_in_which_it_was_set() {
    let _watchdog = Watchdog::new();
    let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
    let context = runtime.block_on(async { Context::background().with_timeout(20 * SHORT).0 });
    drop(runtime);
    // Its timer fired early.
    assert!(context.remaining().unwrap() == Duration::ZERO || !context.is_done());
    assert_eq!(Some(block_on(context.done())), exceeded());
    assert_eq!(context.remaining(), Some(Duration::ZERO));
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn code_that_does_not_await_sees_the_deadline() {
    let _watchdog = Watchdog::new();
    let runtime = gmp_executor::Builder::new().max_procs(1).build().unwrap();
    runtime.block_on(async {
        let task = gmp_executor::spawn(async {
            let (above, _cancel) = Context::background().with_timeout(SHORT);
            let (context, _cancel) = above.with_cancel();
            while !context.is_done() {
                std::hint::spin_loop();
            }
            context.err()
        });
        assert_eq!(task.await.unwrap(), exceeded());
    });
}

/// Go: `TestCanceledTimeout`.
#[test]
fn what_is_cancelled_before_its_deadline_is_cancelled() {
    let (above, _cancel) = Context::background().with_timeout(HOUR);
    let (context, cancel) = above.with_timeout(HOUR / 2);
    cancel.cancel();
    assert_eq!(block_on(context.done()), ContextError::Canceled);
    assert_eq!(above.err(), None);
}

#[test]
fn absurd_timeouts_never_come() {
    let (context, cancel) = Context::background().with_timeout(Duration::MAX);
    assert_eq!(context.deadline(), None);
    assert!(!context.is_done());
    cancel.cancel();
    assert!(context.is_done());
}

struct First;
struct Second;
struct Crosses;

impl Key for First {
    type Value = &'static str;
}

impl Key for Second {
    type Value = &'static str;
}

impl Key for Crosses {
    type Value = u32;
    const CROSSES: bool = true;
}

/// Go: `TestValues`.
#[test]
fn values_are_found_by_their_keys_and_the_nearest_counts() {
    let both = |context: &Context| {
        (
            context.value(First).copied(),
            context.value(Second).copied(),
        )
    };
    let background = Context::background();
    assert_eq!(both(&background), (None, None));
    let one = background.with_value(First, "c1k1");
    assert_eq!(both(&one), (Some("c1k1"), None));
    let two = one.with_value(Second, "c2k2");
    assert_eq!(both(&two), (Some("c1k1"), Some("c2k2")));
    let hidden = two.with_value(First, "c3k1").with_cancel().0;
    assert_eq!(both(&hidden), (Some("c3k1"), Some("c2k2")));
    assert_eq!(both(&two), (Some("c1k1"), Some("c2k2")));
}

#[test]
fn values_are_found_by_their_types_and_by_keys_of_run_time() {
    let context = Context::background().with(1_u8).with("text");
    assert_eq!(context.get::<u8>(), Some(&1));
    assert_eq!(context.get::<&str>(), Some(&"text"));
    assert_eq!(context.get::<u16>(), None);
    assert_eq!(context.with(2_u8).get::<u8>(), Some(&2));
    // Keys are equal if they are of one type and equal.
    let context = context.with_entry("a", 1).with_entry(String::from("b"), 2);
    assert_eq!(context.entry(&"a"), Some(&1));
    assert_eq!(context.entry(&String::from("b")), Some(&2));
    assert_eq!(context.entry::<_, i32>(&String::from("a")), None);
    assert_eq!(context.entry::<_, u8>(&"a"), None);
    let hides = context.with_entry("a", "another");
    assert_eq!(hides.entry::<_, i32>(&"a"), None);
    assert_eq!(hides.entry(&"a"), Some(&"another"));
    assert_eq!(hides.get::<u8>(), Some(&1));
}

/// Go: `TestWithoutCancel`.
#[test]
fn without_cancel_keeps_values_only() {
    let (context, cancel) = Context::background()
        .with_value(First, "value")
        .with_timeout(HOUR);
    let without = context.without_cancel();
    cancel.cancel();
    assert_eq!(without.err(), None);
    assert!(without.cause().is_none());
    assert_eq!(without.deadline(), None);
    assert!(polled(pin!(without.done())).is_none());
    assert_eq!(without.value(First), Some(&"value"));
    let (below, cancel) = without.with_cancel();
    cancel.cancel();
    assert!(below.is_done());
}

/// Go: `TestDeadlineExceededSupportsTimeout`, `TestDeadlineExceededIsNetError`.
#[test]
fn errors_say_what_they_are() {
    assert!(ContextError::DeadlineExceeded.is_timeout());
    assert!(!ContextError::Canceled.is_timeout());
    assert_eq!(ContextError::Canceled.to_string(), "context canceled");
    let error = io::Error::from(ContextError::DeadlineExceeded);
    assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    assert_eq!(error.to_string(), "context deadline exceeded");
}

#[test]
fn a_guard_cancels_and_a_dropped_function_does_not() {
    let (context, cancel) = Context::background().with_cancel();
    drop(cancel);
    assert!(!context.is_done());
    let (context, cancel) = Context::background().with_cancel();
    cancel.clone().guard().disarm();
    assert!(!context.is_done());
    drop(cancel.guard());
    assert!(context.is_done());
}

#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn a_future_is_run_until_the_context_is_done() {
    each_executor(|spawner| {
        let (context, cancel) = Context::background().with_cancel();
        let own = context.clone();
        let never = spawner.spawn(async move { own.run(std::future::pending::<()>()).await });
        assert_eq!(block_on(context.run(async { 1 })), Ok(1));
        cancel.cancel();
        assert_eq!(spawner.join_all(vec![never]), [Err(ContextError::Canceled)]);
        // It is not polled any more.
        let run = context.run(async { unreachable!() });
        assert_eq!(block_on(run), Err::<(), _>(ContextError::Canceled));
    });
}

/// Go: `TestContextErrDoneRace`.
#[test]
#[cfg_attr(miri, ignore = "many threads of several executors: too slow")]
fn who_sees_it_done_sees_the_error() {
    each_executor(|spawner| {
        for _ in 0..100 {
            let (context, cancel) = Context::background().with_cancel();
            let sees = spawner.spawn(async move {
                assert_eq!(context.done().await, ContextError::Canceled);
                assert_eq!(context.err(), canceled());
                assert!(context.cause().is_some());
            });
            cancel.cancel();
            spawner.join_all(vec![sees]);
        }
    });
}

/// Go: `TestAllocs`: what is made of a context allocates so often at most. There a `Done` that is polled makes a channel; here waiting
/// in a gmp task allocates nothing, nor does looking.
#[test]
fn contexts_allocate_little() {
    use crate::test_kit::allocations::{counted, counted_in_a_task};
    let background = Context::background();
    let (parent, _cancel) = background.with_cancel();
    let deadline = Instant::now() + HOUR;
    type Make<'a> = &'a dyn Fn();
    let cases: [(&str, Make<'_>, usize); 8] = [
        ("background", &|| drop(Context::background()), 0),
        ("a value", &|| drop(background.with_value(First, "1")), 2),
        ("with_cancel", &|| drop(background.with_cancel()), 2),
        // The parent's list grows once.
        ("with_cancel below", &|| drop(parent.with_cancel()), 2),
        ("without_cancel", &|| drop(parent.without_cancel()), 1),
        (
            "looking",
            &|| assert!(!parent.is_done() && parent.value(First).is_none()),
            0,
        ),
        // The alarm of a thread without a runtime: its waker, and a place in the tree of alarms.
        (
            "with_deadline",
            &|| drop(background.with_deadline(deadline)),
            4,
        ),
        (
            "a later deadline",
            &|| {
                drop(
                    background
                        .with_deadline(deadline)
                        .0
                        .with_deadline(deadline + HOUR),
                )
            },
            6,
        ),
    ];
    for (name, make, limit) in cases {
        make();
        let ((), calls, bytes) = counted(make);
        assert!(calls <= limit, "{name}: {calls} allocations");
        assert_eq!(bytes, 0, "{name}");
    }
    let waits = || async {
        let (context, cancel) = Context::background().with_cancel();
        let mut done = pin!(context.done());
        let mut polls = 0;
        std::future::poll_fn(|cx| {
            polls += 1;
            if polls == 2 {
                cancel.cancel();
            }
            cx.waker().wake_by_ref();
            done.as_mut().poll(cx)
        })
        .await;
    };
    let (calls, bytes) = counted_in_a_task(waits);
    assert!(calls <= 2, "waiting: {calls} allocations");
    assert_eq!(bytes, 0);
}
