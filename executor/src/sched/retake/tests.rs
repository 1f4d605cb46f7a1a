use super::*;

const WANTED: Stretch = Stretch {
    processor: 8,
    tick: 1,
};

fn requested() -> Retake {
    let retake = Retake::new();
    assert!(retake.request(WANTED));
    retake
}

#[test]
fn a_section_that_ends_soon_is_waited_for() {
    let (retake, depth) = (requested(), Depth::inside());
    let took = retake.take_outside(
        &depth,
        WANTED,
        || WANTED,
        || {
            depth.leave();
            true
        },
    );
    assert!(took && retake.is_lost());
}

#[test]
fn a_section_that_lasts_is_not_waited_for() {
    let (retake, depth) = (requested(), Depth::inside());
    assert!(!retake.take(&depth, WANTED, || WANTED));
    assert!(!retake.is_quiet(), "the machine finds the request later");
}

#[test]
fn a_request_that_was_answered_is_not_waited_for() {
    let (retake, depth) = (requested(), Depth::inside());
    assert_eq!(retake.answer(WANTED), Answer::GiveUp);
    let took = retake.take_outside(&depth, WANTED, || WANTED, || unreachable!("answered"));
    assert!(!took);
}

#[test]
fn only_the_stretch_that_is_asked_for_is_to_end() {
    let retake = requested();
    let next = Stretch { tick: 2, ..WANTED };
    assert!(retake.wants(WANTED));
    assert!(!retake.wants(next));
    assert_eq!(retake.answer(next), Answer::Keep);
    assert!(!retake.wants(WANTED), "quiet");
}
