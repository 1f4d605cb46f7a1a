//! Spawning with more than a future: a name.

use std::panic::Location;

use super::{header::Origin, join::JoinHandle, label::Label};
use crate::port;

/// Spawns tasks that have a name: dumps and reports show it beside the task's id.
///
/// ```
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// let task = gmp_executor::TaskBuilder::new().name("greeter").spawn(async { "hello" });
/// assert_eq!(task.await.unwrap(), "hello");
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "a builder does nothing until it spawns"]
pub struct Builder<'a> {
    name: Option<&'a str>,
}

impl<'a> Builder<'a> {
    /// Without a name.
    pub fn new() -> Builder<'a> {
        Builder::default()
    }

    /// What the task is called. It need not be the only one of that name, and an empty name is none.
    ///
    /// Each name is kept once, for the life of the process: give tasks that do the same the same name. A process keeps
    /// 65,535 of them; tasks with a further one have none. Of a name longer than 128 bytes the begin is kept.
    pub fn name(mut self, name: &'a str) -> Builder<'a> {
        self.name = Some(name);
        self
    }

    /// Spawns a task on the current runtime. See [`spawn`](crate::spawn).
    ///
    /// # Panics
    /// Outside of a runtime.
    #[track_caller]
    pub fn spawn<F>(self, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let origin = Origin {
            site: Location::caller(),
            label: self.name.map_or(Label::NONE, Label::of),
        };
        port::spawn(future, origin)
    }
}
