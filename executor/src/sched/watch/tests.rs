use super::*;

const MILLISECOND: u64 = 1_000_000;
const STRETCH: Stretch = Stretch {
    processor: 1,
    tick: 1,
};

/// Looks at one stretch at each of these times: (now, CPU clock), nanoseconds. The last verdict.
fn judge(looks: &[(u64, u64)], urgent: bool, sleeps: bool) -> Verdict {
    let mut look = Look::first(STRETCH, 0, None);
    let mut verdict = Verdict::Fine;
    for &(now, used) in looks {
        verdict = look.judge(now, Some(used), urgent, || sleeps);
    }
    verdict
}

#[test]
fn a_clock_that_stands_still_means_blocked_only_if_the_thread_sleeps() {
    let looks = [(100_000, 50_000), (200_000, 50_000)];
    assert_eq!(judge(&looks, false, true), Verdict::Take(Absence::Blocked));
    assert_eq!(judge(&looks, false, false), Verdict::Fine);
}

#[test]
fn two_looks_in_a_row_say_nothing_of_the_clock() {
    let looks = [(100_000, 50_000), (100_500, 50_000), (101_000, 50_000)];
    assert_eq!(judge(&looks, false, true), Verdict::Fine);
}

#[test]
fn a_hot_loop_is_known_by_its_cpu_time() {
    let looks = [(0, 0), (10 * MILLISECOND, 10 * MILLISECOND)];
    assert_eq!(judge(&looks, false, false), Verdict::Take(Absence::Running));
    // The same wall time, half of it spent waiting for a CPU.
    let looks = [(0, 0), (10 * MILLISECOND, 5 * MILLISECOND)];
    assert_eq!(judge(&looks, false, false), Verdict::Fine);
}

#[test]
fn urgency_shortens_the_slice() {
    let looks = [(0, 0), (2 * MILLISECOND, 2 * MILLISECOND)];
    assert_eq!(judge(&looks, true, false), Verdict::Take(Absence::Running));
    assert_eq!(judge(&looks, false, false), Verdict::Fine);
}

#[test]
fn a_thread_without_a_cpu_loses_its_processor_at_last() {
    let looks = [(0, 0), (19 * MILLISECOND, 0), (20 * MILLISECOND, 1000)];
    assert_eq!(judge(&looks, false, false), Verdict::Take(Absence::Running));
    assert_eq!(judge(&looks[..2], false, false), Verdict::Fine);
}

#[test]
fn without_a_cpu_clock_wall_time_counts() {
    let mut look = Look::first(STRETCH, 0, None);
    assert_eq!(
        look.judge(9 * MILLISECOND, None, false, || false),
        Verdict::Fine
    );
    assert_eq!(
        look.judge(10 * MILLISECOND, None, false, || false),
        Verdict::Take(Absence::Running)
    );
}

#[test]
fn what_the_monitor_missed_counts_for_nobody() {
    let mut watch = Watch::new();
    watch.looks.push(Look::first(STRETCH, 0, None));
    let unsure = watch.looks[0].judge(MILLISECOND, Some(0), false, || true);
    assert_eq!(unsure, Verdict::Unsure);
    watch.forget(1000 * MILLISECOND);
    let now = 1001 * MILLISECOND + 50_000;
    let verdict = watch.looks[0].judge(now, Some(0), false, || true);
    assert_eq!(verdict, Verdict::Fine);
}
