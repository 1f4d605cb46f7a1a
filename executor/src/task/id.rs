//! A task's id.

use std::fmt;

use super::name::Name;
use crate::port;

/// Which task. No two tasks of a process have the same id, whenever they live.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Id(pub(crate) Name);

impl Id {
    /// The id that no task has.
    pub const NOBODY: Id = Id(Name::NOBODY);
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Id({self})")
    }
}

/// The id of the task that runs on this thread.
///
/// # Panics
/// Outside of a task; [`try_id`] does not.
pub fn id() -> Id {
    try_id().expect("there is no current task; `task::id` is for code that runs inside of one")
}

/// The id of the task that runs on this thread, if one does.
pub fn try_id() -> Option<Id> {
    port::current_local().or_else(port::current).map(Id)
}
