//! Functions that run when a context is done.

use std::{
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    thread,
};

use super::{Context, canceler::Canceler};
use crate::shim::{Handle, inherit};

/// A function that waits for its start.
pub(super) struct After {
    function: Box<dyn FnOnce() + Send>,
    /// The runtime in which it was registered.
    runtime: Option<Handle>,
}

impl Context {
    /// Runs `function` once, when this is done; at once if it is already. (Go: `context.AfterFunc`)
    ///
    /// It runs by itself, not in whoever cancels: as a task of the current gmp runtime, or of the one in which it was registered, or else
    /// on a thread of its own. Until it runs or is stopped it keeps the context alive. With a context that is never cancelled it never runs.
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let stop = context.after_func(move || sender.send("cancelled").unwrap());
    /// cancel.cancel();
    /// assert_eq!(receiver.recv().unwrap(), "cancelled");
    /// assert!(!stop.stop());
    /// ```
    pub fn after_func(&self, function: impl FnOnce() + Send + 'static) -> StopFn {
        let Some(canceler) = self.canceler() else {
            return StopFn(Registered::Never);
        };
        let after = After {
            function: Box::new(function),
            runtime: Handle::try_current(),
        };
        match canceler.add_after(after) {
            Ok(key) => StopFn(Registered::At(canceler.clone(), key)),
            Err(after) => {
                after.start();
                StopFn(Registered::Started)
            }
        }
    }
}

/// Where the function is until it runs, since neither a runtime that ends nor a thread that cannot be made gives it back.
struct Place(Mutex<Option<Box<dyn FnOnce() + Send>>>);

impl Place {
    fn lock(&self) -> MutexGuard<'_, Option<Box<dyn FnOnce() + Send>>> {
        // Nothing panics while it is held.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_empty(&self) -> bool {
        self.lock().is_none()
    }

    fn run(&self) {
        let function = self.lock().take();
        if let Some(function) = function {
            function();
        }
    }
}

impl After {
    pub(super) fn start(self) {
        let place = Arc::new(Place(Mutex::new(Some(self.function))));
        start(place, [Handle::try_current(), self.runtime]);
    }
}

/// Runs what is in `place` as a task of the first of `runtimes` that has not ended, or else on a thread.
fn start(place: Arc<Place>, mut runtimes: [Option<Handle>; 2]) {
    let Some(runtime) = runtimes.iter_mut().find_map(Option::take) else {
        return start_thread(&place);
    };
    let attempt = Attempt { place, runtimes };
    // Who cancels leaves nothing to it.
    let task = inherit::within(None, || runtime.spawn(async move { attempt.place.run() }));
    drop(task);
}

fn start_thread(place: &Arc<Place>) {
    let theirs = place.clone();
    let builder = thread::Builder::new().name("gmp-after-func".to_owned());
    if builder.spawn(move || theirs.run()).is_err() {
        place.run();
    }
}

/// What a task holds that is to run the function. A runtime that ends drops it at any moment before that, and then the next
/// try is made.
struct Attempt {
    place: Arc<Place>,
    /// Those that are left to be tried.
    runtimes: [Option<Handle>; 2],
}

impl Drop for Attempt {
    fn drop(&mut self) {
        if !self.place.is_empty() {
            start(self.place.clone(), std::mem::take(&mut self.runtimes));
        }
    }
}

/// Takes a function of [`Context::after_func`] back. Dropping it does not.
pub struct StopFn(Registered);

enum Registered {
    At(Arc<Canceler>, usize),
    Started,
    /// The context is never done.
    Never,
}

impl StopFn {
    /// The function is not run any more. False: it was started before; it may still run.
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (context, _cancel) = Context::background().with_cancel();
    /// let stop = context.after_func(|| println!("never"));
    /// assert!(stop.stop());
    /// ```
    pub fn stop(self) -> bool {
        match self.0 {
            Registered::At(canceler, key) => canceler.take_after(key).is_some(),
            Registered::Started => false,
            Registered::Never => true,
        }
    }
}

impl fmt::Debug for StopFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopFn").finish_non_exhaustive()
    }
}
