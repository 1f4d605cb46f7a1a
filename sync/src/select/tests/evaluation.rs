//! Go: select4.go, select5.go and select8.go: what a select evaluates, in which order and how often, and `break` in it. In Go a received
//! value may be assigned to any place; here that stands in the handler.

use std::cell::RefCell;

use super::{block_on, now};
use crate::{Receiver, Sender, chan};

/// Go: select4.go: what only the arm that lost would have done is not done.
#[test]
fn the_place_of_an_arm_that_lost_is_not_evaluated() {
    struct Place {
        a: Option<i32>,
    }
    fn lost<'a>() -> &'a mut Option<i32> {
        unreachable!("its arm did not happen")
    }
    let mut place = Place { a: None };
    let (tx, rx) = chan(1);
    let (_never_tx, never) = chan(0);
    tx.try_send(42).unwrap();
    block_on(async {
        select! {
            value = never.recv() => *lost() = value,
            value = rx.recv() => place.a = value,
        }
    });
    assert_eq!(place.a, Some(42));
}

/// What was evaluated, in order: `N` at a call of `step(N, ..)`.
#[derive(Default)]
struct Log(RefCell<Vec<u32>>);

impl Log {
    fn step<T>(&self, number: u32, value: T) -> T {
        self.0.borrow_mut().push(number);
        value
    }

    fn take(&self) -> Vec<u32> {
        self.0.take()
    }
}

struct Ends {
    log: Log,
    ready_tx: Sender<u32>,
    ready: Receiver<u32>,
    idle_tx: Sender<u32>,
    idle: Receiver<u32>,
}

impl Ends {
    /// One channel has a value and room for another, one has neither.
    fn new() -> Ends {
        let (ready_tx, ready) = chan(2);
        let (idle_tx, idle) = chan(0);
        ready_tx.try_send(1).unwrap();
        Ends {
            log: Log::default(),
            ready_tx,
            ready,
            idle_tx,
            idle,
        }
    }
}

/// One select of each shape that is named: first the arm that happens, then those that do not, or the other way round. Where an arm
/// stands its channel and its value are evaluated, in the order of the source, each once and before any arm happens; the handler is
/// evaluated of the one that happens, and last. (76 shapes)
macro_rules! shapes {
    ($([$($arm:tt)*])*) => {$(
        shapes!(@ends ($($arm)*) []);
        shapes!(@ends ($($arm)*) [default]);
    )*};
    (@ends ($($arm:tt)*) [$($end:ident)?]) => {{
        shapes!(@order ($($arm)*) [$($end)?] []);
        shapes!(@order ($($arm)*) [$($end)?] [biased]);
    }};
    (@order ($happens:ident $($idle:ident)*) [$($end:ident)?] [$($order:ident)?]) => {{
        let ends = Ends::new();
        shapes!(@select ends ($happens $($idle)*) [$($end)?] [$($order)?]);
        let log = ends.log.take();
        assert_eq!(log, shapes!(@expected $happens $($idle)*), stringify!($happens $($idle)*));
    }};
    (@expected $first:ident) => { [Kind::$first.operands(0), vec![100]].concat() };
    (@expected $first:ident $second:ident) => {
        [Kind::$first.operands(0), Kind::$second.operands(1), vec![Kind::happening(&[Kind::$first, Kind::$second])]].concat()
    };
    (@expected $first:ident $second:ident $third:ident) => {
        [
            Kind::$first.operands(0),
            Kind::$second.operands(1),
            Kind::$third.operands(2),
            vec![Kind::happening(&[Kind::$first, Kind::$second, Kind::$third])],
        ].concat()
    };
    (@select $ends:ident ($a:ident) [] [$($order:ident)?]) => {
        now(async { select! { $($order;)? _ = $a($ends.by(0)) => $ends.log.step(100, ()) } }).unwrap()
    };
    (@select $ends:ident ($a:ident) [default] [$($order:ident)?]) => {
        select! { $($order;)? _ = $a($ends.by(0)) => $ends.log.step(100, ()), default => unreachable!() }
    };
    (@select $ends:ident ($a:ident $b:ident) [] [$($order:ident)?]) => {
        now(async { select! {
            $($order;)?
            _ = $a($ends.by(0)) => $ends.log.step(100, ()),
            _ = $b($ends.by(1)) => $ends.log.step(101, ()),
        } }).unwrap()
    };
    (@select $ends:ident ($a:ident $b:ident) [default] [$($order:ident)?]) => {
        select! {
            $($order;)?
            _ = $a($ends.by(0)) => $ends.log.step(100, ()),
            _ = $b($ends.by(1)) => $ends.log.step(101, ()),
            default => unreachable!(),
        }
    };
    (@select $ends:ident ($a:ident $b:ident $c:ident) [] [$($order:ident)?]) => {
        now(async { select! {
            $($order;)?
            _ = $a($ends.by(0)) => $ends.log.step(100, ()),
            _ = $b($ends.by(1)) => $ends.log.step(101, ()),
            _ = $c($ends.by(2)) => $ends.log.step(102, ()),
        } }).unwrap()
    };
    (@select $ends:ident ($a:ident $b:ident $c:ident) [default] [$($order:ident)?]) => {
        select! {
            $($order;)?
            _ = $a($ends.by(0)) => $ends.log.step(100, ()),
            _ = $b($ends.by(1)) => $ends.log.step(101, ()),
            _ = $c($ends.by(2)) => $ends.log.step(102, ()),
            default => unreachable!(),
        }
    };
}

/// The ends, for the arm of that number.
#[derive(Clone, Copy)]
struct By<'a>(&'a Ends, u32);

impl Ends {
    fn by(&self, arm: u32) -> By<'_> {
        By(self, arm)
    }
}

#[allow(non_camel_case_types)]
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    receive,
    send,
    idle_receive,
    idle_send,
}

impl Kind {
    /// What arm `arm` evaluates: its channel, and its value.
    fn operands(self, arm: u32) -> Vec<u32> {
        match self {
            Kind::receive | Kind::idle_receive => vec![10 * arm],
            Kind::send | Kind::idle_send => vec![10 * arm, 10 * arm + 1],
        }
    }

    /// The handler that is evaluated.
    fn happening(kinds: &[Kind]) -> u32 {
        let ready = |kind: &Kind| matches!(kind, Kind::receive | Kind::send);
        100 + u32::try_from(kinds.iter().position(ready).unwrap()).unwrap()
    }
}

fn receive(By(ends, arm): By<'_>) -> crate::chan::Recv<'_, u32> {
    ends.log.step(10 * arm, &ends.ready).recv()
}

fn send(By(ends, arm): By<'_>) -> crate::chan::Send<'_, u32> {
    let tx = ends.log.step(10 * arm, &ends.ready_tx);
    tx.send(ends.log.step(10 * arm + 1, 7))
}

fn idle_receive(By(ends, arm): By<'_>) -> crate::chan::Recv<'_, u32> {
    ends.log.step(10 * arm, &ends.idle).recv()
}

fn idle_send(By(ends, arm): By<'_>) -> crate::chan::Send<'_, u32> {
    let tx = ends.log.step(10 * arm, &ends.idle_tx);
    tx.send(ends.log.step(10 * arm + 1, 7))
}

/// Go: select5.go, whose program writes such selects by templates.
#[test]
fn operands_are_evaluated_once_and_in_order() {
    shapes! {
        [receive]
        [send]
        [receive idle_receive]
        [send idle_receive]
        [idle_receive receive]
        [idle_receive send]
        [idle_send receive]
        [receive idle_receive idle_receive]
        [send idle_receive idle_receive]
        [idle_receive receive idle_receive]
        [idle_receive send idle_receive]
        [idle_receive idle_receive receive]
        [idle_receive idle_receive send]
        [receive idle_send idle_send]
        [send idle_send idle_send]
        [idle_send receive idle_send]
        [idle_send send idle_send]
        [idle_send idle_send receive]
        [idle_send idle_send send]
    }
}

/// Go: select5.go: also where no arm can happen, and `default` does.
#[test]
fn operands_are_evaluated_where_default_happens() {
    let ends = Ends::new();
    let done = select! {
        _ = idle_receive(ends.by(0)) => false,
        _ = idle_receive(ends.by(1)) => false,
        default => true,
    };
    assert!(done);
    assert_eq!(ends.log.take(), [0, 10]);
    let done = select! {
        _ = idle_send(ends.by(0)) => false,
        default => true,
    };
    assert!(done);
    assert_eq!(ends.log.take(), [0, 1]);
}

/// Go: select8.go. `break` in Go leaves the select; here it needs a label, and without one leaves the loop around.
#[test]
#[allow(clippy::never_loop, reason = "it is what `break` leaves")]
fn break_leaves_the_select() {
    let (tx, rx) = chan(4);
    (0..4).for_each(|_| tx.try_send(5).unwrap());
    let (idle_tx, _idle) = chan::<i32>(0);
    let mut left = 0;
    block_on(async {
        'select: {
            select! { _ = rx.recv() => { left += 1; break 'select; } }
            #[allow(unreachable_code)]
            {
                unreachable!("left")
            }
        }
        loop {
            select! { _ = rx.recv() => { left += 1; break }, default => unreachable!() }
        }
        loop {
            select! { _ = idle_tx.send(10) => unreachable!(), _ = rx.recv() => { left += 1; break } default => unreachable!() }
        }
        loop {
            select! { _ = idle_tx.send(10) => unreachable!(), default => { left += 1; break } }
        }
        let value = loop {
            select! { value = rx.recv() => break value }
        };
        assert_eq!(value, Some(5));
    });
    assert_eq!(left, 4);
}
