//! Systems on which no signal is sent: reports have no stacks.

/// The thread's stack.
#[derive(Clone, Copy)]
pub(crate) struct Bounds;

impl Bounds {
    pub(crate) const NONE: Bounds = Bounds;

    pub(crate) fn of_this_thread() -> Bounds {
        Bounds
    }
}

pub(crate) fn install() {}

pub(crate) fn send(_thread: i32) -> bool {
    false
}
