use super::*;
use crate::sched::thread_clock::State;

const MILLISECOND: u64 = 1_000_000;
const STRETCH: Stretch = Stretch {
    processor: 1,
    tick: 1,
};

#[test]
fn what_the_monitor_missed_counts_for_nobody() {
    let limits = Limits::new(Duration::from_millis(10));
    let mut watch = Watch::new(Duration::from_millis(10));
    watch.looks.push(Look::first(STRETCH, 0, None));
    let unsure = watch.looks[0].judge(MILLISECOND, Some(0), limits, false, || State::Sleeps);
    assert_eq!(unsure, Verdict::Unsure);
    watch.forget(1000 * MILLISECOND);
    let now = 1001 * MILLISECOND + 50_000;
    let verdict = watch.looks[0].judge(now, Some(0), limits, false, || State::Sleeps);
    assert_eq!(verdict, Verdict::Fine);
}
