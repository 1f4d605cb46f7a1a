use super::*;

#[test]
fn signals_are_limited_by_the_second() {
    let mut signals = Signals::default();
    let allowed = (0..SIGNALS_MAX * 3).filter(|_| signals.allow()).count();
    // Two seconds at most have begun meanwhile, unless the machine stood still.
    assert!(allowed >= SIGNALS_MAX as usize);
    signals = Signals {
        second: clock::now() / 1_000_000_000,
        sent: SIGNALS_MAX,
    };
    let same_second = signals.second == clock::now() / 1_000_000_000;
    assert!(!signals.allow() || !same_second || signals.sent == 1);
    signals.second = 0;
    assert!(signals.allow(), "another second");
}
