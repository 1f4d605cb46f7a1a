//! A picture of a stack, wanted and withdrawn, against the handler that takes it: what comes is whole, and of the task that
//! was asked for.

use loom::{model, sync::Arc, thread};

use crate::sched::sample::Sample;

/// What the handler writes while this task is polled.
fn stack_of(task: u64) -> impl Iterator<Item = u64> {
    [task * 10, task * 10 + 1].into_iter()
}

/// Wants a picture of the task, and waits no longer than until it can withdraw.
fn report(sample: &Sample, task: u64, wait: fn()) {
    sample.want(task);
    let picture = loop {
        wait();
        if let Some(picture) = sample.take() {
            break picture;
        }
        if sample.withdraw() {
            return;
        }
        thread::yield_now();
    };
    assert_eq!(picture, stack_of(task).collect::<Vec<_>>());
}

/// The reporter's waits for two tasks, one after the other, and the handler that is called once in each one's poll.
fn check(wait: fn()) {
    model(move || {
        let sample = Arc::new(Sample::new());
        let other = sample.clone();
        let machine = thread::spawn(move || {
            for task in [1, 2] {
                other.fill(task, stack_of(task));
            }
        });
        for task in [1, 2] {
            report(&sample, task, wait);
        }
        machine.join().unwrap();
    });
}

/// The signal for the first task may come when the second one is polled.
#[test]
fn two_reports_against_two_signals() {
    check(|| ());
}

/// The picture of the first may be withdrawn while it is written. (A reporter that lets others run costs no preemption, but
/// sees all that they did.)
#[test]
fn withdrawing_against_the_handler() {
    check(thread::yield_now);
}
