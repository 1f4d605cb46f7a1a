use super::*;

const MILLISECOND: u64 = 1_000_000;
const STRETCH: Stretch = Stretch {
    processor: 1,
    tick: 1,
};

fn limits() -> Limits {
    Limits::new(Duration::from_millis(10))
}

fn judge_within(looks: &[(u64, u64)], limits: Limits) -> Verdict {
    let mut look = Look::first(STRETCH, 0, None);
    let verdicts = looks
        .iter()
        .map(|&(now, used)| look.judge(now, Some(used), limits, false, || State::Runs));
    verdicts.last().expect("looks")
}

/// Looks at one stretch at each of these times: (now, CPU clock), nanoseconds. The last verdict.
fn judge(looks: &[(u64, u64)], urgent: bool, state: State) -> Verdict {
    let mut look = Look::first(STRETCH, 0, None);
    let mut verdict = Verdict::Fine;
    for &(now, used) in looks {
        verdict = look.judge(now, Some(used), limits(), urgent, || state);
    }
    verdict
}

#[test]
fn a_clock_that_stands_still_means_blocked_only_if_the_thread_sleeps() {
    let looks = [(100_000, 50_000), (200_000, 50_000)];
    assert_eq!(
        judge(&looks, false, State::Sleeps),
        Verdict::Take(Cause::Blocked)
    );
    assert_eq!(judge(&looks, false, State::Runs), Verdict::Fine);
}

#[test]
fn where_the_system_does_not_tell_a_clock_must_stand_still_for_longer() {
    let looks = [(0, 0), (MILLISECOND, 9000), (2 * MILLISECOND, 9000)];
    assert_eq!(judge(&looks, false, State::Unknown), Verdict::Fine);
    let looks = [(0, 0), (MILLISECOND, 9000), (3 * MILLISECOND, 9000)];
    assert_eq!(
        judge(&looks, false, State::Unknown),
        Verdict::Take(Cause::Blocked)
    );
}

#[test]
fn two_looks_in_a_row_say_nothing_of_the_clock() {
    let looks = [(100_000, 50_000), (100_500, 50_000), (101_000, 50_000)];
    assert_eq!(judge(&looks, false, State::Sleeps), Verdict::Fine);
}

#[test]
fn a_hot_loop_is_known_by_its_cpu_time() {
    let looks = [(0, 0), (10 * MILLISECOND, 10 * MILLISECOND)];
    assert_eq!(
        judge(&looks, false, State::Runs),
        Verdict::Take(Cause::Running)
    );
    // The same wall time, half of it spent waiting for a CPU.
    let looks = [(0, 0), (10 * MILLISECOND, 5 * MILLISECOND)];
    assert_eq!(judge(&looks, false, State::Runs), Verdict::Fine);
}

#[test]
fn urgency_shortens_the_slice() {
    let looks = [(0, 0), (2 * MILLISECOND, 2 * MILLISECOND)];
    assert_eq!(
        judge(&looks, true, State::Runs),
        Verdict::Take(Cause::Running)
    );
    assert_eq!(judge(&looks, false, State::Runs), Verdict::Fine);
}

#[test]
fn a_thread_without_a_cpu_loses_its_processor_at_last() {
    let looks = [(0, 0), (19 * MILLISECOND, 0), (20 * MILLISECOND, 1000)];
    assert_eq!(
        judge(&looks, false, State::Runs),
        Verdict::Take(Cause::Starved)
    );
    assert_eq!(judge(&looks[..2], false, State::Runs), Verdict::Fine);
    let looks = [(0, 0), (4 * MILLISECOND, 1000)];
    assert_eq!(
        judge(&looks, true, State::Runs),
        Verdict::Take(Cause::Starved)
    );
    assert_eq!(judge(&looks, false, State::Runs), Verdict::Fine);
}

#[test]
fn a_thread_without_a_cpu_is_spared_where_that_did_not_help() {
    let mut look = Look::first(STRETCH, 0, Some(0));
    let mut judge =
        |limits: Limits| look.judge(90 * MILLISECOND, Some(1000), limits, false, || State::Runs);
    assert_eq!(judge(limits().sparing(true)), Verdict::Fine);
    assert_eq!(
        judge(limits().sparing(false)),
        Verdict::Take(Cause::Starved)
    );
    // A hot loop is one also there.
    let looks = [(0, 0), (30 * MILLISECOND, 10 * MILLISECOND)];
    assert_eq!(
        judge_within(&looks, limits().sparing(true)),
        Verdict::Take(Cause::Running)
    );
}

#[test]
fn without_a_cpu_clock_wall_time_counts() {
    let mut look = Look::first(STRETCH, 0, None);
    assert_eq!(
        look.judge(9 * MILLISECOND, None, limits(), false, || State::Runs),
        Verdict::Fine
    );
    assert_eq!(
        look.judge(10 * MILLISECOND, None, limits(), false, || State::Runs),
        Verdict::Take(Cause::Starved)
    );
}

#[test]
fn the_limits_follow_the_slice() {
    let limits = |slice| {
        let Limits {
            slice,
            urgent,
            wall,
            wall_urgent,
            soft,
        } = Limits::new(Duration::from_micros(slice));
        [slice, urgent, wall, wall_urgent, soft].map(|limit| limit / 1000)
    };
    assert_eq!(limits(10_000), [10_000, 2000, 20_000, 4000, 500]);
    assert_eq!(
        limits(5000),
        [5000, 1000, 20_000, 2000, 500],
        "neighbours are as busy as ever"
    );
    assert_eq!(
        limits(100_000),
        [100_000, 20_000, 200_000, 40_000, 500],
        "a hot loop is one before it counts as starved"
    );
    assert_eq!(
        limits(200),
        [200, 40, 20_000, 80, 100],
        "who looks at the soft flag keeps his processor"
    );
}

#[test]
fn who_says_that_he_blocks_is_looked_at_again_soon() {
    let short = Look::first(STRETCH, 0, None);
    assert!(!short.is_worth_another(true, false));
    assert!(short.is_worth_another(false, true));
    let long = Look {
        fresh: false,
        ..short
    };
    assert!(long.is_worth_another(true, false));
    assert!(!long.is_worth_another(false, false));
}
