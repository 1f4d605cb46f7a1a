//! A picture of a stack, wanted and withdrawn, against the handler that takes it: what comes is whole, and of the task that
//! was asked for.

use loom::{model, sync::Arc, thread};

use crate::sched::sample::Sample;

/// What the handler writes while this task is polled.
fn stack_of(task: u64) -> impl Iterator<Item = u64> {
    [task * 10, task * 10 + 1].into_iter()
}

/// Wants a picture of the task, and waits no longer than until it can withdraw.
fn report(sample: &Sample, task: u64) {
    sample.want(task);
    let picture = loop {
        // Not one of the counted preemptions.
        thread::yield_now();
        if let Some(picture) = sample.take() {
            break picture;
        }
        if sample.withdraw() {
            return;
        }
    };
    assert_eq!(picture, stack_of(task).collect::<Vec<_>>());
}

/// The signal for the first task may come when the second one is polled, and the picture of the first be withdrawn while
/// it is written.
#[test]
fn two_reports_against_two_signals() {
    model(|| {
        let sample = Arc::new(Sample::new());
        let other = sample.clone();
        let machine = thread::spawn(move || {
            for task in [1, 2] {
                other.fill(task, stack_of(task));
            }
        });
        for task in [1, 2] {
            report(&sample, task);
        }
        machine.join().unwrap();
    });
}
