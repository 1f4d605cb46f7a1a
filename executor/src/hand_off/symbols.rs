//! Names for program counters, from the program's debug information. Takes milliseconds at first, and memory for the
//! tables: on the reporter's thread only.

use super::Frame;

/// The frames of a stack, innermost first. The first counter is where the thread was, the others are where calls return
/// to.
pub(crate) fn resolve(counters: &[u64]) -> Vec<Frame> {
    let mut frames = Vec::new();
    for (depth, &counter) in counters.iter().enumerate() {
        let before = frames.len();
        // The look-up is made for returns: it goes one byte back, into the call.
        let address = counter as usize + usize::from(depth == 0);
        backtrace::resolve(std::ptr::without_provenance_mut(address), |symbol| {
            frames.push(Frame {
                address: counter as usize,
                function: symbol.name().map(|name| format!("{name:#}")),
                file: symbol.filename().map(Into::into),
                line: symbol.lineno(),
            });
        });
        if frames.len() == before {
            frames.push(Frame::unnamed(counter as usize));
        }
    }
    frames
}
