//! The matrix of what panics in a task and what is done to the task at that moment.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, panic_any},
    pin::Pin,
    sync::mpsc,
    task::{Context, Poll},
};

use gmp::{JoinHandle, Runtime};

use super::assert_alive;
use crate::{
    gate::{Gate, Inside, stop},
    tally::{Tally, Witness},
    watchdog::{eventually, runtime, within_limit},
};

/// What panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    Poll,
    FutureDrop,
    OutputDrop,
    PayloadDrop,
    /// The poll that gives the output is followed by a drop of the future that panics, and that by one of the output.
    BothDrops,
    /// The poll panics, then the drop of the future.
    PollAndDrop,
}

/// What happens to the task meanwhile.
#[derive(Clone, Copy, Debug)]
enum Moment {
    /// The handle is dropped while the last poll goes on.
    Running,
    /// It is aborted before it was polled.
    Queued,
    /// It is aborted while it waits.
    Waiting,
    /// The handle is dropped when the task has ended.
    Finished,
    /// The handle is asked.
    Joined,
    /// The runtime is shut down while it waits.
    Shutdown,
    /// The runtime is shut down when it has ended; then the handle is dropped.
    FinishedBeforeShutdown,
}

/// What the handle says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Told {
    Output,
    Panic,
    Cancelled,
    /// Nobody asked it.
    Nothing,
}

/// Panics when it is dropped, if it is armed.
struct Bomb(bool);

impl Drop for Bomb {
    fn drop(&mut self) {
        if self.0 {
            panic!("a drop panics on purpose");
        }
    }
}

struct Faulty {
    fault: Fault,
    gate: Gate,
    inside: Option<Inside>,
    output: Option<Witness>,
    _witness: Witness,
    _bomb: Bomb,
}

impl Future for Faulty {
    type Output = (Witness, Bomb);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if self.gate.poll(cx).is_pending() {
            return Poll::Pending;
        }
        if let Some(inside) = self.inside.take() {
            inside.pass();
        }
        match self.fault {
            Fault::Poll | Fault::PollAndDrop => panic!("a poll panics on purpose"),
            Fault::PayloadDrop => panic_any(Bomb(true)),
            fault => {
                let output = self.output.take().expect("polled to its end once");
                Poll::Ready((
                    output,
                    Bomb(matches!(fault, Fault::OutputDrop | Fault::BothDrops)),
                ))
            }
        }
    }
}

fn faulty(fault: Fault, gate: &Gate, tally: &Tally, inside: Option<Inside>) -> Faulty {
    let panics = matches!(
        fault,
        Fault::FutureDrop | Fault::BothDrops | Fault::PollAndDrop
    );
    Faulty {
        fault,
        gate: gate.clone(),
        inside,
        output: Some(tally.output()),
        _witness: tally.output(),
        _bomb: Bomb(panics),
    }
}

/// Asks the handle, and drops what it gives where a panic hurts nobody.
fn ask(handle: JoinHandle<(Witness, Bomb)>) -> Told {
    match gmp::block_on(handle) {
        Ok((witness, bomb)) => {
            drop(witness);
            let _ = catch_unwind(AssertUnwindSafe(|| drop(bomb)));
            Told::Output
        }
        Err(error) if error.is_cancelled() => Told::Cancelled,
        Err(error) => {
            let payload = error.into_panic();
            let _ = catch_unwind(AssertUnwindSafe(|| drop(payload)));
            Told::Panic
        }
    }
}

fn spawn_waiting(
    runtime: &Runtime,
    fault: Fault,
    gate: &Gate,
    tally: &Tally,
) -> JoinHandle<(Witness, Bomb)> {
    let handle = runtime.spawn(faulty(fault, gate, tally, None));
    eventually(|| gate.waiting() == 1);
    handle
}

fn finish(
    runtime: &Runtime,
    fault: Fault,
    gate: &Gate,
    tally: &Tally,
) -> JoinHandle<(Witness, Bomb)> {
    let handle = spawn_waiting(runtime, fault, gate, tally);
    gate.open();
    eventually(|| handle.is_finished());
    handle
}

fn play(runtime: Runtime, fault: Fault, moment: Moment, tally: &Tally) -> (Option<Runtime>, Told) {
    let gate = Gate::new();
    match moment {
        Moment::Running => {
            let (inside, outside) = stop();
            gate.open();
            let handle = runtime.spawn(faulty(fault, &gate, tally, Some(inside)));
            outside.wait_entered();
            drop(handle);
            outside.release();
            (Some(runtime), Told::Nothing)
        }
        Moment::Queued => {
            let (give, given) = mpsc::channel();
            let future = faulty(fault, &gate, tally, None);
            drop(runtime.spawn(async move {
                let handle = gmp::spawn(future);
                handle.abort();
                give.send(handle).unwrap();
            }));
            let told = ask(given.recv().unwrap());
            (Some(runtime), told)
        }
        Moment::Waiting => {
            let handle = spawn_waiting(&runtime, fault, &gate, tally);
            handle.abort();
            (Some(runtime), ask(handle))
        }
        Moment::Finished => {
            drop(finish(&runtime, fault, &gate, tally));
            (Some(runtime), Told::Nothing)
        }
        Moment::Joined => {
            let handle = finish(&runtime, fault, &gate, tally);
            (Some(runtime), ask(handle))
        }
        Moment::Shutdown => {
            let handle = spawn_waiting(&runtime, fault, &gate, tally);
            runtime.shutdown();
            (None, ask(handle))
        }
        Moment::FinishedBeforeShutdown => {
            let handle = finish(&runtime, fault, &gate, tally);
            runtime.shutdown();
            drop(handle);
            (None, Told::Nothing)
        }
    }
}

fn expected(fault: Fault, moment: Moment) -> Told {
    let drop_panics = matches!(
        fault,
        Fault::FutureDrop | Fault::BothDrops | Fault::PollAndDrop
    );
    match moment {
        Moment::Running | Moment::Finished | Moment::FinishedBeforeShutdown => Told::Nothing,
        Moment::Queued | Moment::Waiting | Moment::Shutdown if drop_panics => Told::Panic,
        Moment::Queued | Moment::Waiting | Moment::Shutdown => Told::Cancelled,
        Moment::Joined if fault == Fault::OutputDrop => Told::Output,
        Moment::Joined => Told::Panic,
    }
}

const FAULTS: [Fault; 6] = [
    Fault::Poll,
    Fault::FutureDrop,
    Fault::OutputDrop,
    Fault::PayloadDrop,
    Fault::BothDrops,
    Fault::PollAndDrop,
];

fn check(moment: Moment) {
    within_limit(move || {
        for processors in [1, 4] {
            let mut kept = None;
            for fault in FAULTS {
                println!("{fault:?} panics, {moment:?}, {processors} processors");
                let tally = Tally::new();
                let current = kept.take().unwrap_or_else(|| runtime(processors));
                let (left, told) = play(current, fault, moment, &tally);
                assert_eq!(told, expected(fault, moment));
                eventually(|| tally.is_settled());
                kept = left;
                kept.iter()
                    .for_each(|runtime| assert_alive(runtime, processors));
            }
        }
    });
}

#[test]
fn while_it_is_polled_and_its_handle_is_dropped() {
    check(Moment::Running);
}

#[test]
fn when_it_is_aborted_before_its_first_poll() {
    check(Moment::Queued);
}

#[test]
fn when_it_is_aborted_while_it_waits() {
    check(Moment::Waiting);
}

#[test]
fn when_its_handle_is_dropped_after_its_end() {
    check(Moment::Finished);
}

#[test]
fn when_it_is_joined() {
    check(Moment::Joined);
}

#[test]
fn when_the_runtime_is_shut_down_while_it_waits() {
    check(Moment::Shutdown);
}

#[test]
fn when_the_runtime_is_shut_down_after_its_end() {
    check(Moment::FinishedBeforeShutdown);
}

#[test]
fn a_thousand_that_panic_at_shutdown_are_all_dropped() {
    within_limit(|| {
        for processors in [1, 4] {
            let (runtime, tally, gate) = (runtime(processors), Tally::new(), Gate::new());
            for n in 0..1000 {
                drop(runtime.spawn(faulty(FAULTS[n % FAULTS.len()], &gate, &tally, None)));
            }
            runtime.shutdown();
            tally.assert_settled();
        }
    });
}

#[test]
fn the_drop_of_a_refused_future_panics_at_its_spawner() {
    within_limit(|| {
        let (ended, tally) = (runtime(1), Tally::new());
        let handle = ended.handle().clone();
        ended.shutdown();
        let future = faulty(Fault::FutureDrop, &Gate::new(), &tally, None);
        assert!(catch_unwind(AssertUnwindSafe(|| handle.spawn(future))).is_err());
        tally.assert_settled();
    });
}
