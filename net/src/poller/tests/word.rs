use super::*;

#[test]
fn settling_takes_back_what_the_call_disproved() {
    let word = Readiness::new();
    let generation = word.open(Flags::WRITE_READY);
    assert_eq!(word.post(generation, READ_READY), Posted::Set);
    let seen = word.load();
    assert!(seen.lets_try(Direction::Read));
    word.settle(Direction::Read, seen, Found::More);
    assert!(word.load().lets_try(Direction::Read));
    word.settle(Direction::Read, seen, Found::Empty);
    assert!(!word.load().lets_try(Direction::Read));
    assert!(
        word.load().lets_try(Direction::Write),
        "the other direction is not touched"
    );
}

#[test]
fn settling_keeps_an_event_that_came_after_the_look() {
    for found in [Found::Empty, Found::Blocked] {
        let word = Readiness::new();
        let generation = word.open(READ_READY);
        let seen = word.load();
        assert_eq!(word.post(generation, READ_READY), Posted::Set);
        word.settle(Direction::Read, seen, found);
        assert!(word.load().lets_try(Direction::Read), "{found:?}");
    }
}

#[test]
fn the_end_outlives_a_short_read_but_not_one_that_blocks() {
    let word = Readiness::new();
    let generation = word.open(Flags::NOTHING);
    assert_eq!(
        word.post(generation, READ_READY.and(Flags::READ_ENDED)),
        Posted::Set
    );
    word.settle(Direction::Read, word.load(), Found::Empty);
    assert!(word.load().lets_try(Direction::Read));
    word.settle(Direction::Read, word.load(), Found::Blocked);
    assert!(!word.load().lets_try(Direction::Read));
}

#[test]
fn the_count_of_events_wraps_without_touching_the_rest() {
    let word = Readiness::new();
    let generation = word.open(Flags::NOTHING);
    for _ in 0..1 << 20 {
        assert_eq!(word.post(generation, READ_READY), Posted::Set);
    }
    assert_eq!(word.load().generation(), generation);
    assert!(!word.load().lets_try(Direction::Write));
}

#[test]
fn an_event_of_a_former_generation_does_nothing() {
    let word = Readiness::new();
    let former = word.open(Flags::NOTHING);
    assert!(word.retire());
    let generation = word.open(Flags::NOTHING);
    assert_ne!(former, generation);
    let before = word.load();
    assert_eq!(word.post(former, READ_READY), Posted::Stale);
    assert_eq!(word.load(), before);
}

#[test]
fn it_prints_what_it_holds() {
    let word = Readiness::new();
    let generation = word.open(Flags::WRITE_READY);
    assert_eq!(word.post(generation, READ_READY), Posted::Set);
    let text = format!("{:?}", word.load());
    assert_eq!(
        text,
        r#"Snapshot { generation: 1, events: 1, flags: ["readable", "writable"] }"#
    );
}
