//! Models of who is notified.

use std::{pin::pin, task::Waker};

use loom::{future::block_on, model, thread};

use super::*;

fn is_ready<F: Future>(future: Pin<&mut F>) -> bool {
    future
        .poll(&mut Context::from_waker(Waker::noop()))
        .is_ready()
}

/// One who was notified and goes away hands that on.
#[test]
fn giving_up_against_notify_one_and_another() {
    model(|| {
        let notify = Arc::new(Notify::new());
        let (tells, waits) = (notify.clone(), notify.clone());
        let tells = thread::spawn(move || tells.notify_one());
        let waits = thread::spawn(move || block_on(waits.notified()));
        let got_it = is_ready(pin!(notify.notified()));
        if got_it {
            notify.notify_one();
        }
        tells.join().unwrap();
        waits.join().unwrap();
        assert!(!is_ready(pin!(notify.notified())));
    });
}

/// Who has called `notified` before hears it, polled or not, and others need not.
#[test]
fn notify_waiters_against_two_first_polls() {
    model(|| {
        let notify = Arc::new(Notify::new());
        let (first, second) = (
            notify.clone().notified_owned(),
            notify.clone().notified_owned(),
        );
        let tells = thread::spawn(move || notify.notify_waiters());
        let first = thread::spawn(move || block_on(first));
        block_on(second);
        first.join().unwrap();
        tells.join().unwrap();
    });
}
