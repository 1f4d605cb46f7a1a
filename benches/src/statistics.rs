//! What is said of several samples of one figure: the median, the range, quantiles.
//!
//! # Not done here
//! Means and deviations: the noise of a shared machine has one long tail, to which both give way.

#[cfg(test)]
mod tests;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) least: f64,
    pub(crate) most: f64,
}

impl Summary {
    /// `None` of no samples.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let middle = sorted.len() / 2;
        let median = match sorted.len() {
            0 => return None,
            odd if odd % 2 == 1 => sorted[middle],
            _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
        };
        Some(Self {
            median,
            least: sorted[0],
            most: sorted[sorted.len() - 1],
        })
    }
}

/// The smallest sample that at least `share` of all samples do not exceed (the nearest-rank quantile).
///
/// # Panics
/// If there is no sample, or `share` is not within 0 and 1.
pub(crate) fn quantile(samples: &mut [f64], share: f64) -> f64 {
    assert!(
        (0.0..=1.0).contains(&share),
        "a share lies between 0 and 1, not {share}"
    );
    samples.sort_by(f64::total_cmp);
    let rank = (share * samples.len() as f64).ceil() as usize;
    samples[rank.max(1) - 1]
}

/// A figure with about three digits that mean something, which is what these measurements are good for.
pub(crate) fn figure(value: f64) -> String {
    match value.abs() {
        large if large >= 99.95 => format!("{value:.0}"),
        middle if middle >= 9.995 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
