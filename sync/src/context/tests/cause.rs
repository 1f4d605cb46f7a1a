//! Go: `TestCause`, `TestCauseRace`.

use super::*;

#[derive(Clone, Copy, Debug, PartialEq)]
struct Because(&'static str);

impl std::fmt::Display for Because {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Error for Because {}

fn because(context: &Context) -> Option<Because> {
    context.cause()?.downcast_ref().copied()
}

#[test]
fn it_is_the_error_where_nobody_gave_another() {
    let (context, cancel) = Context::background().with_cancel();
    cancel.cancel();
    let cause = context.cause().unwrap();
    assert_eq!(cause.downcast_ref(), canceled().as_ref());
    assert_eq!(cause.to_string(), "context canceled");
    let (context, _cancel) = Context::background().with_timeout(Duration::ZERO);
    let cause = context.cause().unwrap();
    assert_eq!(cause.downcast_ref(), exceeded().as_ref());
}

#[test]
fn the_first_cause_counts_and_goes_down() {
    let (above, cancel_above) = Context::background().with_cancel_cause();
    let (child, cancel_child) = above.with_cancel_cause();
    let (grandchild, _cancel) = child.with_cancel();
    cancel_child.cancel(Because("child"));
    cancel_child.cancel(Because("again"));
    cancel_above.cancel(Because("above"));
    assert_eq!(because(&above), Some(Because("above")));
    assert_eq!(because(&child), Some(Because("child")));
    assert_eq!(because(&grandchild), Some(Because("child")));
    assert_eq!(grandchild.err(), canceled());
    let (late, _cancel) = child.with_timeout(HOUR);
    assert_eq!(because(&late), Some(Because("child")));
}

#[test]
fn it_is_none_before_and_without_cancel_hides_it() {
    let (context, cancel) = Context::background().with_cancel_cause();
    assert!(context.cause().is_none());
    let without = context.without_cancel();
    cancel.cancel(Because("cause"));
    assert!(without.cause().is_none());
    assert_eq!(because(&context), Some(Because("cause")));
}

#[test]
fn a_deadline_has_a_cause_of_its_own() {
    let passed = Context::background().with_deadline_cause(Instant::now(), Because("late"));
    assert_eq!(because(&passed.0), Some(Because("late")));
    assert_eq!(passed.0.err(), exceeded());
    let (context, _cancel) = Context::background().with_timeout_cause(SHORT, Because("late"));
    let (child, _cancel) = context.with_timeout_cause(HOUR, Because("later"));
    block_on(child.done());
    assert_eq!(because(&child), Some(Because("late")));
    let (context, cancel) = Context::background().with_timeout_cause(HOUR, Because("late"));
    cancel.cancel();
    assert_eq!(context.cause().unwrap().downcast_ref(), canceled().as_ref());
}

#[test]
fn one_of_two_who_cancel_at_once_gives_the_cause() {
    for _ in 0..if cfg!(miri) { 4 } else { 200 } {
        let (context, cancel) = Context::background().with_cancel_cause();
        thread::scope(|scope| {
            for cause in [Because("one"), Because("two")] {
                let cancel = &cancel;
                scope.spawn(move || cancel.cancel(cause));
            }
            block_on(context.done());
            let seen = because(&context);
            assert!(seen.is_some());
            assert_eq!(because(&context), seen);
        });
    }
}
