use super::*;

/// Asks until its time is over.
fn wait_for_the_end() {
    while should_yield() != Some(true) {}
}

#[test]
fn without_such_a_poll_there_is_no_budget() {
    assert_eq!((should_yield(), spend()), (None, Budget::None));
}

#[test]
fn so_many_operations() {
    let _poll = begin();
    let mut spent = 0;
    while spend() == Budget::Left {
        spent += 1;
        assert!(spent <= OPERATIONS);
    }
    give_back();
    if spent == OPERATIONS {
        // Unless the time was over before, on a busy machine.
        assert_eq!(spend(), Budget::Left);
    }
}

#[test]
fn the_time_ends_and_stays_over() {
    let _poll = begin();
    wait_for_the_end();
    assert_eq!(should_yield(), Some(true));
    // One operation in any case.
    assert_eq!([spend(), spend()], [Budget::Left, Budget::Spent]);
    refill();
    assert_eq!(should_yield(), Some(false));
}

#[test]
fn a_poll_within_has_a_budget_of_its_own() {
    let _outer = begin();
    wait_for_the_end();
    let inner = begin();
    assert_eq!(should_yield(), Some(false));
    drop(inner);
    assert_eq!(should_yield(), Some(true));
}
