//! Models of a group's outcome. Members are tracked, since nothing spawns here.

use loom::{future::block_on, model, thread};

use super::*;

/// Two fail at once: what `wait` gives is the error that cancelled the context.
#[test]
fn two_errors_against_wait() {
    model(|| {
        let (mut group, context) = Group::with_context(&Context::background());
        let members = ["one", "other"].map(|error| {
            let member = group.track(async move { Err(error) });
            thread::spawn(move || block_on(member))
        });
        let error = block_on(group.wait()).unwrap_err();
        let cause = context.cause().expect("an error cancels");
        assert_eq!(cause.to_string(), error);
        members
            .into_iter()
            .for_each(|member| member.join().unwrap());
    });
}

/// One is dropped unfinished while another fails: the error is not lost, and nobody waits for ever.
#[test]
fn a_dropped_member_against_an_error_and_wait() {
    model(|| {
        let (mut group, _context) = Group::with_context(&Context::background());
        let fails = group.track(async { Err("one") });
        let dropped = group.track(std::future::pending());
        let members = [
            thread::spawn(move || block_on(fails)),
            thread::spawn(move || drop(dropped)),
        ];
        assert_eq!(block_on(group.wait()), Err("one"));
        members
            .into_iter()
            .for_each(|member| member.join().unwrap());
    });
}
