//! Why a task has no output.

use std::{any::Any, fmt, sync::Mutex};

use super::{Id, panics};
use crate::shim::lock;

/// The error of a joined task that was aborted or has panicked.
pub struct JoinError {
    id: Id,
    /// None: cancelled. A `Mutex`, so that the error is `Sync` although a payload need not be.
    panic: Option<Mutex<Box<dyn Any + Send>>>,
}

impl JoinError {
    pub(crate) fn cancelled(id: Id) -> JoinError {
        JoinError { id, panic: None }
    }

    pub(crate) fn panicked(id: Id, payload: Box<dyn Any + Send>) -> JoinError {
        JoinError {
            id,
            panic: Some(Mutex::new(payload)),
        }
    }

    /// The task was aborted, or its runtime shut down.
    pub fn is_cancelled(&self) -> bool {
        self.panic.is_none()
    }

    /// The task panicked.
    pub fn is_panic(&self) -> bool {
        self.panic.is_some()
    }

    /// The panic's payload, for [`std::panic::resume_unwind`].
    ///
    /// # Panics
    /// If the task was cancelled; [`is_panic`](Self::is_panic) tells.
    pub fn into_panic(self) -> Box<dyn Any + Send> {
        let payload = self
            .panic
            .expect("the task was cancelled; it has no panic to take");
        payload
            .into_inner()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Which task.
    pub fn id(&self) -> Id {
        self.id
    }

    fn message(&self) -> Option<String> {
        let payload = lock(self.panic.as_ref()?);
        panics::message(&**payload).map(str::to_owned)
    }
}

impl fmt::Display for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_panic(), self.message()) {
            (false, _) => write!(f, "task {} was cancelled", self.id),
            (true, Some(message)) => write!(f, "task {} panicked: {message}", self.id),
            (true, None) => write!(f, "task {} panicked", self.id),
        }
    }
}

impl fmt::Debug for JoinError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JoinError({self})")
    }
}

impl std::error::Error for JoinError {}

impl From<JoinError> for std::io::Error {
    fn from(error: JoinError) -> Self {
        std::io::Error::other(error)
    }
}
