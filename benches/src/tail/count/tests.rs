use super::*;

#[test]
fn what_all_have_counted_is_added_up() {
    let count = Count::default();
    let (one, other) = (count.counter(), count.counter());
    one.add_one();
    one.add_one();
    other.add_one();
    assert_eq!(count.total(), 3);
}

#[test]
fn a_share_is_of_what_is_possible_in_the_time() {
    let rate = Rate(2_000_000.0);
    assert_eq!(rate.share(3_000_000, 3.0), 50.0);
}

#[test]
fn the_rate_is_that_of_units_that_were_done() {
    let pace = Pace(std::num::NonZeroU32::MIN);
    assert!(Rate::measure(pace, 1).0 > 0.0);
}
