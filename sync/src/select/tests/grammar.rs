//! What may be written, and what it means.

use std::{cell::Cell, future::ready, pin::pin};

use super::{block_on, now};
use crate::chan;

#[test]
fn the_output_of_the_arm_that_happens_is_the_value() {
    block_on(async {
        let value = select! {
            x = async { 1 } => x + 1,
        };
        assert_eq!(value, 2);
        let value: &str = select! {
            _ = std::future::pending::<()>() => "never",
            (a, _) = ready(("now", 0)) => { a }
        };
        assert_eq!(value, "now");
    });
}

#[test]
fn patterns_of_all_kinds() {
    #[derive(Debug)]
    struct Point {
        x: Box<i32>,
        y: Option<String>,
    }
    const SEVEN: i32 = 7;
    block_on(async {
        let point = || {
            ready(Point {
                x: Box::new(1),
                y: Some("y".into()),
            })
        };
        select! { Point { mut x, y: Some(ref y), .. } = point() => { *x += 1; assert_eq!((*x, y.as_str()), (2, "y")) } }
        select! { Point { x, ref y } = point() => assert_eq!((*x, y.is_some()), (1, true)), }
        select! { whole @ Point { .. } = point() => assert_eq!(*whole.x, 1) }
        select! { Some(SEVEN | 8) = ready(Some(7)) => {} else => unreachable!() }
        select! { Some(SEVEN) = ready(Some(8)) => unreachable!(), else => {} }
        select! { Ok(x) | Err(x) = ready(Err::<i32, i32>(3)) => assert_eq!(x, 3) }
        select! { [first, .., last] = ready([1, 2, 3]) => assert_eq!((first, last), (1, 3)) }
        let five = 5;
        select! { Some(&x) = ready(Some(&five)) => assert_eq!(x, 5) }
        select! { Some(&6) = ready(Some(&five)) => unreachable!(), else => {} }
        select! { 1..=9 = ready(five) => {} else => unreachable!() }
        select! { _ = ready(()) => {} }
    });
}

#[test]
fn a_pattern_that_does_not_match_disables_its_arm() {
    block_on(async {
        let (tx, rx) = chan::<i32>(1);
        drop(tx);
        let mut polls = 0;
        let chosen = select! {
            biased;
            Some(_) = rx.recv() => 0,
            x = std::future::poll_fn(|cx| {
                polls += 1;
                cx.waker().wake_by_ref();
                if polls < 3 { std::task::Poll::Pending } else { std::task::Poll::Ready(polls) }
            }) => x,
        };
        assert_eq!(chosen, 3);
        let ended = select! {
            Some(_) = rx.recv() => false,
            Some(_) = rx.recv() => false,
            else => true,
        };
        assert!(ended);
    });
}

#[test]
#[should_panic(expected = "all arms of this `select!` are disabled, and it has no `else`")]
fn without_else_somebody_must_be_left() {
    block_on(async {
        select! {
            Some(()) = ready(None) => {}
            _ = ready(()), if false => {}
        }
    });
}

#[test]
fn guards_come_first_and_operations_are_evaluated_in_order() {
    let log = Cell::new(0);
    let step = |n| {
        log.set(log.get() * 10 + n);
        n
    };
    block_on(async {
        select! {
            _ = { step(3); ready(()) }, if step(1) == 0 => unreachable!("its guard is false"),
            _ = { step(4); ready(()) }, if step(2) == 2 => {}
            _ = { step(5); std::future::pending::<()>() } => unreachable!(),
        }
    });
    assert_eq!(log.get(), 12345);
}

#[test]
fn handlers_stand_in_the_caller_s_function() {
    async fn question(value: Result<i32, String>) -> Result<i32, String> {
        let value = select! { value = ready(value) => value? };
        Ok(value + 1)
    }
    async fn returns() -> i32 {
        select! { _ = ready(()), if true => return 1, else => {} }
        2
    }
    block_on(async {
        assert_eq!(question(Ok(1)).await, Ok(2));
        assert_eq!(question(Err("no".into())).await, Err("no".into()));
        assert_eq!(returns().await, 1);
        let mut rounds = 0;
        let value = 'outer: loop {
            rounds += 1;
            select! {
                _ = ready(()), if rounds < 3 => continue,
                _ = ready(()) => {
                    let inner = async { 5 }.await;
                    break 'outer inner;
                }
            }
        };
        assert!(rounds >= 1 && value == 5);
    });
}

#[test]
fn default_happens_when_nothing_is_ready_and_waits_for_nothing() {
    let (tx, rx) = chan(1);
    // Not in an `async` function.
    let receive = || {
        select! {
            Some(x) = rx.recv() => Some(x),
            default => None,
        }
    };
    assert_eq!(receive(), None);
    tx.try_send(1).unwrap();
    assert_eq!(receive(), Some(1));
    assert_eq!(receive(), None);
    drop(tx);
    // Its only arm is disabled.
    assert_eq!(receive(), None);
    let sent = select! {
        default => 0,
        _ = ready(()) => 1,
    };
    assert_eq!(sent, 1);
}

#[test]
fn nothing_at_all_waits_forever() {
    assert!(
        now(async {
            select! {}
        })
        .is_none()
    );
    let value = block_on(async {
        select! { else => 3 }
    });
    assert_eq!(value, 3);
    let value = select! { default => 4 };
    assert_eq!(value, 4);
}

#[test]
fn words_of_the_grammar_are_names_elsewhere() {
    block_on(async {
        let biased = 1;
        let default = biased + select! { default = ready(1) => default };
        let value = select! { biased = ready(default) => biased };
        assert_eq!(value, 2);
        // Names of ours do not catch the user's.
        #[derive(PartialEq)]
        enum Chosen {
            A0(i32),
        }
        let (cx, chosen, output, index, visit, selection, disabled) = (1, 2, 3, 4, 5, 6, 7);
        let sum = select! {
            Chosen::A0(x) = ready(Chosen::A0(cx + chosen + output)), if Chosen::A0(1) != Chosen::A0(2) => {
                x + index + visit + selection + disabled + chosen + output + cx
            }
            else => unreachable!(),
        };
        assert_eq!(sum, 34);
    });
}

#[test]
fn futures_by_reference_go_on_later() {
    block_on(async {
        let (tx, rx) = chan(0);
        let mut recv = pin!(rx.recv());
        for _ in 0..3 {
            select! {
                _ = &mut recv => unreachable!(),
                default => {}
            }
        }
        tx.try_send(1).unwrap();
        select! { value = &mut recv => assert_eq!(value, Some(1)) }
    });
}

#[test]
fn it_works_in_generic_code() {
    async fn first<T, F: Future<Output = T>>(rx: &crate::Receiver<T>, other: F) -> Option<T> {
        select! {
            biased;
            value = rx.recv() => value,
            value = other => Some(value),
        }
    }
    let (tx, rx) = chan(1);
    assert_eq!(block_on(first(&rx, ready(1))), Some(1));
    tx.try_send(2).unwrap();
    assert_eq!(block_on(first(&rx, ready(1))), Some(2));
}

#[test]
fn a_select_in_a_handler_and_in_an_arm() {
    block_on(async {
        let value = select! {
            x = async { select! { y = ready(1) => y + 1 } } => select! { z = ready(x) => z * 10 },
        };
        assert_eq!(value, 20);
    });
}

#[test]
fn many_arms() {
    let (tx, rx) = chan(1);
    tx.try_send(()).unwrap();
    macro_rules! sixty_four {
        ($($n:literal)*) => {
            select! { $(Some(()) = rx.recv() => $n,)* }
        };
    }
    let chosen = block_on(async {
        sixty_four!(0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
            32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63)
    });
    assert!(chosen < 64);
}

#[test]
fn its_future_is_send() {
    fn is_send<T: Send>(_: &T) {}
    let (tx, rx) = chan::<Cell<i32>>(0);
    let future = async move {
        let mut slot = Some(Cell::new(1));
        select! {
            _ = rx.recv() => {}
            _ = tx.send_from(&mut slot) => {}
            _ = tx.send(Cell::new(2)) => {}
            _ = ready(()) => {}
        }
    };
    is_send(&future);
}
