use std::time::Duration;

use super::*;

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn each_sample_is_how_late_the_probe_was() {
    let (record, start) = (Record::default(), Instant::now());
    record.begin(start);
    for late in [3, 1, 2] {
        record.wait(start);
        record.came_at(start + late * MILLISECOND);
    }
    let expected = Lateness {
        median: 2000.0,
        p99: 3000.0,
        most: 3000.0,
        number: 3,
    };
    assert_eq!(record.end_at(start), expected);
}

#[test]
fn what_never_came_is_one_sample() {
    let (record, start) = (Record::default(), Instant::now());
    record.wait(start);
    record.begin(start + MILLISECOND);
    let lateness = record.end_at(start + 3000 * MILLISECOND);
    assert_eq!((lateness.most, lateness.number), (3e6, 1));
}

#[test]
fn a_probe_that_never_began_to_wait_was_late_from_the_begin() {
    let (record, start) = (Record::default(), Instant::now());
    record.begin(start);
    assert_eq!(record.end_at(start + MILLISECOND).most, 1000.0);
}

#[test]
fn what_is_not_due_yet_is_no_sample() {
    let (record, start) = (Record::default(), Instant::now());
    record.begin(start);
    record.came_at(start);
    record.wait(start + 2 * MILLISECOND);
    assert_eq!(record.end_at(start + MILLISECOND).number, 1);
}

#[test]
fn what_was_before_the_begin_is_forgotten() {
    let (record, start) = (Record::default(), Instant::now());
    record.wait(start);
    record.came_at(start + 9 * MILLISECOND);
    record.begin(start);
    record.came_at(start + MILLISECOND);
    assert_eq!(record.end_at(start).most, 1000.0);
}
