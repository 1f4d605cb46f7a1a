use super::*;

fn meter(total: usize) -> Arc<Meter> {
    Meter::start(&Supervisor::default(), "test", total)
}

#[test]
fn latencies_and_failures_are_counted_apart() {
    let meter = meter(5);
    let now = Instant::now();
    for millis in [1, 2, 3] {
        meter.count(now - Duration::from_millis(millis), &Ok(()));
    }
    for error in [Errno::ECONNRESET, Errno::ECONNRESET] {
        meter.count::<()>(now, &Err(error.into()));
    }
    let figures = meter.finish();
    assert_eq!((figures.asked, figures.done, figures.failures()), (5, 3, 2));
    assert_eq!(figures.failed["ECONNRESET"], 2);
    assert!((2_000..3_000).contains(&figures.p50_us), "{figures:?}");
    assert!((3_000..1_000_000).contains(&figures.max_us), "{figures:?}");
    assert!(figures.p50_us <= figures.p99_us && figures.p99_us <= figures.p999_us);
}

#[test]
fn percentiles_are_those_of_the_operations() {
    let meter = meter(1_000);
    let hour = Duration::from_secs(3_600);
    let now = Instant::now();
    for number in 1..=1_000 {
        meter.count(
            now - if number <= 989 { Duration::ZERO } else { hour },
            &Ok(()),
        );
    }
    let figures = meter.finish();
    assert!(figures.p50_us < 1_000_000);
    assert!(
        figures.p99_us.abs_diff(3_600_000_000) < 10_000_000,
        "{figures:?}"
    );
    assert!(figures.max_us >= 3_600_000_000);
}

#[test]
fn a_phase_without_operations_has_figures() {
    let figures = meter(0).finish();
    assert_eq!(
        (figures.done, figures.max_us, figures.failures()),
        (0, 0, 0)
    );
}

#[test]
fn an_error_is_named_by_the_cause_that_the_system_gave() {
    let reset = || io::Error::from(Errno::ECONNRESET);
    assert_eq!(name(&reset()), "ECONNRESET");
    #[derive(Debug)]
    struct Outer(io::Error);
    impl std::fmt::Display for Outer {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("outer")
        }
    }
    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }
    assert_eq!(name(&Outer(reset())), "ECONNRESET");
    assert_eq!(name(&io::Error::other(Outer(reset()))), "ECONNRESET");
    assert_eq!(
        name(&io::Error::other("other bytes came back")),
        "other bytes came back"
    );
}

#[test]
fn an_abandoned_phase_says_how_far_it_came() {
    let meter = meter(10_000);
    meter.advance(1_234);
    assert_eq!(
        meter.abandon(),
        " in the phase \"test\", after 1,234 of 10,000"
    );
}
