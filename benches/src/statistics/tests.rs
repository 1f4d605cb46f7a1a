use super::*;

#[test]
fn no_samples_have_no_summary() {
    assert_eq!(Summary::of(&[]), None);
}

#[test]
fn one_sample_is_its_own_range() {
    assert_eq!(
        Summary::of(&[3.0]),
        Some(Summary {
            median: 3.0,
            least: 3.0,
            most: 3.0
        })
    );
}

#[test]
fn the_median_of_an_odd_number_is_the_middle_one_whatever_the_order() {
    assert_eq!(
        Summary::of(&[9.0, 1.0, 2.0]),
        Some(Summary {
            median: 2.0,
            least: 1.0,
            most: 9.0
        })
    );
}

#[test]
fn the_median_of_an_even_number_lies_between_the_two_in_the_middle() {
    assert_eq!(
        Summary::of(&[4.0, 1.0, 2.0, 100.0]),
        Some(Summary {
            median: 3.0,
            least: 1.0,
            most: 100.0
        })
    );
}

#[test]
fn quantiles_are_samples_by_nearest_rank() {
    let mut samples: Vec<f64> = (1..=100).rev().map(f64::from).collect();
    let quantiles = [0.0, 0.001, 0.5, 0.505, 0.99, 1.0].map(|share| quantile(&mut samples, share));
    assert_eq!(quantiles, [1.0, 1.0, 50.0, 51.0, 99.0, 100.0]);
}

#[test]
#[should_panic(expected = "a share lies between 0 and 1")]
fn a_percentage_is_not_a_share() {
    quantile(&mut [1.0], 99.0);
}

#[test]
fn figures_keep_three_digits() {
    let printed = [0.004, 1.0, 9.999, 12.345, 99.96, 411.4, 123_456.7, -12.34].map(figure);
    assert_eq!(
        printed,
        [
            "0.00", "1.00", "10.0", "12.3", "100", "411", "123457", "-12.3"
        ]
    );
}
