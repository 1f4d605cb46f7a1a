//! Program counters without names: the feature `backtrace` is off.

use super::Frame;

/// The frames of a stack, innermost first.
pub(crate) fn resolve(counters: &[u64]) -> Vec<Frame> {
    let addresses = counters.iter().map(|&counter| counter as usize);
    addresses.map(Frame::unnamed).collect()
}
