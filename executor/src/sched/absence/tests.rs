use super::*;

const SLICE: Duration = Duration::from_millis(10);
const LONG: u64 = 2_000_000;

/// Looks at a poll that has begun when the clock stood at 0.
fn judge(why: Absence, looks: &[u64], state: State) -> Option<Absence> {
    let mut away = Away { why, used: None };
    let judged = looks
        .iter()
        .map(|&used| away.judge(used, used, SLICE, || state));
    judged.last().flatten()
}

fn spent(since_cpu: u64) -> Spent {
    Spent {
        since: 7,
        since_cpu: Some(since_cpu),
        ..Spent::default()
    }
}

#[test]
fn who_got_no_cpu_is_a_hot_loop_once_its_poll_has_used_a_slice() {
    let starved = |looks, state| judge(Absence::Starved, looks, state);
    assert_eq!(starved(&[5 * LONG], State::Runs), Some(Absence::Running));
    assert_eq!(starved(&[5 * LONG], State::Unknown), Some(Absence::Running));
    assert_eq!(starved(&[5 * LONG - 1], State::Runs), None);
    assert_eq!(starved(&[LONG, 3 * LONG], State::Runs), None);
    let little = [LONG, 3 * LONG, 5 * LONG];
    assert_eq!(starved(&little, State::Runs), Some(Absence::Running));
    assert_eq!(starved(&little, State::Sleeps), Some(Absence::Blocked));
    assert_eq!(starved(&[9, 9], State::Sleeps), Some(Absence::Blocked));
    assert_eq!(starved(&[9, 9], State::Runs), None, "still no CPU for it");
}

#[test]
fn who_gives_up_for_want_of_a_cpu_is_no_hot_loop_yet() {
    let (starved, running) = (Some(Cause::Starved), Some(Cause::Running));
    assert_eq!(Absence::answering(starved), Absence::Starved);
    assert_eq!(Absence::after(starved), Absence::Starved);
    assert_eq!(Absence::answering(running), Absence::Running);
    assert_eq!(Absence::answering(Some(Cause::Blocked)), Absence::Running);
}

#[test]
fn a_hot_loop_that_was_taken_as_starved_is_told_of_once() {
    let presence = Presence::new();
    presence.set_cause(Some(Cause::Starved), &spent(30));
    assert!(!presence.is_fault_after_all(Absence::Blocked));
    assert!(presence.is_fault_after_all(Absence::Running));
    assert!(!presence.is_fault_after_all(Absence::Running));
    assert_eq!(presence.cause(), Some(Cause::Running));
    let spent_then = presence.spent(1000, 130);
    assert_eq!((spent_then.since, spent_then.since_cpu), (7, Some(30)));
    assert_eq!((spent_then.now, spent_then.now_cpu), (1000, Some(130)));
    for told in [Some(Cause::Running), Some(Cause::Blocked), None] {
        presence.set_cause(told, &spent(0));
        assert!(!presence.is_fault_after_all(Absence::Running));
    }
}

#[test]
fn who_slept_and_loops_counts_as_running() {
    let blocked = |looks, state| judge(Absence::Blocked, looks, state);
    assert_eq!(blocked(&[5, 5 + LONG], State::Runs), Some(Absence::Running));
    // Little by little.
    let little = [5, 5 + LONG / 2, 5 + LONG];
    assert_eq!(blocked(&little, State::Runs), Some(Absence::Running));
    assert_eq!(blocked(&little[..2], State::Runs), None);
    assert_eq!(blocked(&[5, 5 + LONG], State::Sleeps), None);
    assert_eq!(blocked(&[5 + LONG], State::Runs), None, "one look only");
}

#[test]
fn who_looped_and_sleeps_counts_as_blocked() {
    let running = |looks, state| judge(Absence::Running, looks, state);
    assert_eq!(running(&[9, 9], State::Sleeps), Some(Absence::Blocked));
    assert_eq!(running(&[9, 9 + LONG], State::Sleeps), None);
    assert_eq!(running(&[9, 9], State::Runs), None, "no CPU for it");
    assert_eq!(running(&[9, 9], State::Unknown), None);
}
