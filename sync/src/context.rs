//! When to stop, and values that go along.
//!
//! # How it works
//! A [`Context`] is an [`Arc`] to a node that never changes: its parent, perhaps a value, and the `Canceler` and deadline that
//! count for it. What changes is in the cancelers: each has those below it in a list, and a cancellation walks down these lists with a
//! stack of its own, so that neither depth nor breadth of the tree is limited by a thread's stack.
//!
//! # Invariants
//! - X1: a canceler's parent list has it, weakly, until either is cancelled or it is dropped. A parent lives as long as
//!   those below it.
//! - X2: one lock is held at a time; wakers, functions and drops of values run under none.
//! - X3: a canceler with functions that are to be run ([`Context::after_func`]) keeps itself alive until it is cancelled or they are
//!   stopped.
//!
//! After Go's context/context.go.

mod after;
mod cancel;
mod canceler;
mod done;
mod error;
#[cfg(not(gmp_loom))]
mod scope;
mod value;

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

#[cfg(not(gmp_loom))]
pub use self::scope::Scope;
pub use self::{
    after::StopFn,
    cancel::{CancelCauseFn, CancelFn, CancelGuard},
    done::{Done, Run},
    error::{Cause, ContextError},
    value::Key,
};
use self::{
    canceler::Canceler,
    value::{ByType, Value},
};
use crate::clock;

/// When to stop, and values that go along: a deadline, a cancellation, what belongs to a request. (Go: `context.Context`)
///
/// Contexts form a tree. Cancelling one cancels all that were derived from it. Cloning copies an [`Arc`].
///
/// ```
/// # futures::executor::block_on(async {
/// use std::time::Duration;
/// use gmp_sync::{Context, ContextError};
///
/// let (request, cancel) = Context::background().with_timeout(Duration::from_secs(60));
/// let (query, _) = request.with_cancel();
/// assert_eq!(query.run(async { 42 }).await, Ok(42));
/// cancel.cancel();
/// assert_eq!(query.done().await, ContextError::Canceled);
/// # });
/// ```
#[derive(Clone, Default)]
pub struct Context {
    /// `None`: the background.
    node: Option<Arc<Node>>,
}

struct Node {
    parent: Context,
    /// The nearest above, this one's own included.
    canceler: Option<Arc<Canceler>>,
    /// The earliest of all that count.
    deadline: Option<Instant>,
    value: Option<Value>,
    /// All values here and above cross to other tasks.
    all_cross: bool,
    /// What crosses, where that is not all.
    crossing: OnceLock<Context>,
}

impl Context {
    /// Never cancelled, without deadline and values: the root. (Go: `context.Background`)
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let context = Context::background();
    /// assert!(!context.is_done() && context.deadline().is_none());
    /// ```
    pub const fn background() -> Context {
        Context { node: None }
    }

    /// As [`background`](Self::background), where it is not clear yet which context to use. (Go: `context.TODO`)
    pub const fn todo() -> Context {
        Context::background()
    }

    /// A context that is cancelled by the [`CancelFn`], or with this one. (Go: `context.WithCancel`)
    ///
    /// Dropping the `CancelFn` does not cancel; [`CancelFn::guard`] does.
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (parent, cancel) = Context::background().with_cancel();
    /// let (child, cancel_child) = parent.with_cancel();
    /// cancel_child.cancel();
    /// assert!(child.is_done() && !parent.is_done());
    /// cancel.cancel();
    /// assert!(parent.is_done());
    /// ```
    pub fn with_cancel(&self) -> (Context, CancelFn) {
        let (context, canceler) = self.cancelable(None, None);
        (context, CancelFn::new(canceler))
    }

    /// As [`with_cancel`](Self::with_cancel); whoever cancels may say why. (Go: `context.WithCancelCause`)
    ///
    /// ```
    /// use gmp_sync::{Context, ContextError};
    /// let (context, cancel) = Context::background().with_cancel_cause();
    /// cancel.cancel(std::io::Error::other("disk full"));
    /// assert_eq!(context.err(), Some(ContextError::Canceled));
    /// assert_eq!(context.cause().unwrap().to_string(), "disk full");
    /// ```
    pub fn with_cancel_cause(&self) -> (Context, CancelCauseFn) {
        let (context, canceler) = self.cancelable(None, None);
        (context, CancelCauseFn::new(canceler))
    }

    /// As [`with_cancel`](Self::with_cancel); it is also cancelled at `deadline`, with
    /// [`ContextError::DeadlineExceeded`]. An earlier deadline of this one stays. (Go: `context.WithDeadline`)
    ///
    /// Inside of a gmp runtime that is a timer of the current processor; elsewhere one thread watches the deadlines of
    /// the process.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use std::time::Instant;
    /// use gmp_sync::{Context, ContextError};
    /// let (context, _cancel) = Context::background().with_deadline(Instant::now());
    /// assert_eq!(context.done().await, ContextError::DeadlineExceeded);
    /// # });
    /// ```
    pub fn with_deadline(&self, deadline: Instant) -> (Context, CancelFn) {
        let (context, canceler) = self.cancelable(Some(deadline), None);
        (context, CancelFn::new(canceler))
    }

    /// As [`with_deadline`](Self::with_deadline), with the cause that is given then. (Go: `context.WithDeadlineCause`)
    pub fn with_deadline_cause(
        &self,
        deadline: Instant,
        cause: impl Into<Cause>,
    ) -> (Context, CancelFn) {
        let (context, canceler) = self.cancelable(Some(deadline), Some(cause.into()));
        (context, CancelFn::new(canceler))
    }

    /// As [`with_deadline`](Self::with_deadline), at `timeout` from now. (Go: `context.WithTimeout`)
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use std::time::Duration;
    /// use gmp_sync::{Context, ContextError};
    /// let (context, cancel) = Context::background().with_timeout(Duration::from_millis(1));
    /// // Its timer is gone as soon as it is not needed.
    /// let _guard = cancel.guard();
    /// let answer = context.run(std::future::pending::<()>()).await;
    /// assert_eq!(answer, Err(ContextError::DeadlineExceeded));
    /// # });
    /// ```
    pub fn with_timeout(&self, timeout: Duration) -> (Context, CancelFn) {
        let (context, canceler) = self.cancelable(after_now(timeout), None);
        (context, CancelFn::new(canceler))
    }

    /// As [`with_timeout`](Self::with_timeout), with the cause that is given then. (Go: `context.WithTimeoutCause`)
    ///
    /// ```
    /// use std::{io, time::Duration};
    /// use gmp_sync::Context;
    /// let late = io::Error::other("the database is slow");
    /// let (context, _cancel) = Context::background().with_timeout_cause(Duration::ZERO, late);
    /// assert!(context.err().unwrap().is_timeout());
    /// assert_eq!(context.cause().unwrap().to_string(), "the database is slow");
    /// ```
    pub fn with_timeout_cause(
        &self,
        timeout: Duration,
        cause: impl Into<Cause>,
    ) -> (Context, CancelFn) {
        let (context, canceler) = self.cancelable(after_now(timeout), Some(cause.into()));
        (context, CancelFn::new(canceler))
    }

    /// A context with a value more; it hides an earlier one of the same key. (Go: `context.WithValue`)
    ///
    /// ```
    /// use gmp_sync::{Context, Key};
    /// struct User;
    /// impl Key for User {
    ///     type Value = String;
    /// }
    /// let context = Context::background().with_value(User, "gopher".to_owned());
    /// assert_eq!(context.value(User).unwrap(), "gopher");
    /// ```
    pub fn with_value<K: Key>(&self, key: K, value: K::Value) -> Context {
        let _ = key;
        self.derive(
            self.canceler().cloned(),
            self.deadline(),
            Some(Value::new::<K>(value)),
        )
    }

    /// A context with a value more, which is found by its type: for a type of one's own, of which there is one.
    ///
    /// ```
    /// use gmp_sync::Context;
    /// struct User(&'static str);
    /// let context = Context::background().with(User("gopher"));
    /// assert_eq!(context.get::<User>().unwrap().0, "gopher");
    /// ```
    pub fn with<T: Send + Sync + 'static>(&self, value: T) -> Context {
        let value = Value::new::<ByType<T>>(value);
        self.derive(self.canceler().cloned(), self.deadline(), Some(value))
    }

    /// The value of the type `T` that [`with`](Self::with) put there, the nearest one.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.nodes()
            .find_map(|node| node.value.as_ref()?.get::<ByType<T>>())
    }

    /// A context with a value more, whose key is known at run time; it hides an earlier one of an equal key. It does not
    /// cross to other tasks. (Go: `context.WithValue`, where any key is such a one)
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let header = String::from("x-trace");
    /// let context = Context::background().with_entry(header.clone(), 7_u64);
    /// assert_eq!(context.entry(&header), Some(&7_u64));
    /// assert_eq!(context.entry::<_, u64>(&String::from("x-other")), None);
    /// ```
    pub fn with_entry<K, V>(&self, key: K, value: V) -> Context
    where
        K: Eq + Send + Sync + 'static,
        V: Send + Sync + 'static,
    {
        let value = Value::at(key, value);
        self.derive(self.canceler().cloned(), self.deadline(), Some(value))
    }

    /// The value of [`with_entry`](Self::with_entry) at a key that is equal to `key`, the nearest one, if that is a `V`.
    pub fn entry<K: Eq + 'static, V: 'static>(&self, key: &K) -> Option<&V> {
        let values = self.nodes().filter_map(|node| node.value.as_ref());
        let mut at = values.filter(|value| value.is_at(key));
        at.next()?.as_any().downcast_ref()
    }

    /// A context with the same values that is not cancelled with this one, and has no deadline. (Go: `context.WithoutCancel`)
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (request, cancel) = Context::background().with("id 7").with_cancel();
    /// let cleanup = request.without_cancel();
    /// cancel.cancel();
    /// assert!(request.is_done() && !cleanup.is_done());
    /// assert_eq!(cleanup.get(), Some(&"id 7"));
    /// ```
    pub fn without_cancel(&self) -> Context {
        self.derive(None, None, None)
    }

    /// The value of `key`, the nearest one. (Go: `Context.Value`)
    pub fn value<K: Key>(&self, key: K) -> Option<&K::Value> {
        let _ = key;
        self.nodes()
            .find_map(|node| node.value.as_ref()?.get::<K>())
    }

    /// When it is cancelled at the latest. (Go: `Context.Deadline`)
    pub fn deadline(&self) -> Option<Instant> {
        self.node.as_ref()?.deadline
    }

    /// How long it is until the deadline; zero if that has passed. `None`: there is none.
    pub fn remaining(&self) -> Option<Duration> {
        let deadline = self.deadline()?;
        Some(deadline.saturating_duration_since(clock::now()))
    }

    /// It is cancelled, or its deadline has passed: for code that does not await. It looks at the clock where there is
    /// a deadline, so it holds also where nothing else runs.
    ///
    /// ```
    /// use gmp_sync::Context;
    /// let (context, cancel) = Context::background().with_cancel();
    /// let mut steps = 0;
    /// while !context.is_done() {
    ///     steps += 1;
    ///     if steps == 1000 {
    ///         cancel.cancel();
    ///     }
    /// }
    /// assert_eq!(steps, 1000);
    /// ```
    pub fn is_done(&self) -> bool {
        self.err().is_some()
    }

    /// Why it is done; `None` while it is not. (Go: `Context.Err`)
    pub fn err(&self) -> Option<ContextError> {
        let canceler = self.canceler()?;
        if let Some(error) = canceler.error() {
            return Some(error);
        }
        if self.deadline()? > clock::now() {
            return None;
        }
        canceler.expire();
        canceler.error()
    }

    /// What whoever cancelled gave as the cause, or else the [`ContextError`]; `None` while it is not done. (Go:
    /// `context.Cause`)
    ///
    /// ```
    /// use gmp_sync::{Context, ContextError};
    /// let (context, cancel) = Context::background().with_cancel();
    /// assert!(context.cause().is_none());
    /// cancel.cancel();
    /// let cause = context.cause().unwrap();
    /// assert_eq!(cause.downcast_ref(), Some(&ContextError::Canceled));
    /// ```
    pub fn cause(&self) -> Option<Cause> {
        self.err()?;
        self.canceler()?.cause()
    }

    fn canceler(&self) -> Option<&Arc<Canceler>> {
        self.node.as_ref()?.canceler.as_ref()
    }

    fn nodes(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(self.node.as_deref(), |node| node.parent.node.as_deref())
    }

    fn derive(
        &self,
        canceler: Option<Arc<Canceler>>,
        deadline: Option<Instant>,
        value: Option<Value>,
    ) -> Context {
        let crosses = value.as_ref().is_none_or(Value::crosses);
        let node = Node {
            parent: self.clone(),
            canceler,
            deadline,
            value,
            all_cross: crosses && self.node.as_ref().is_none_or(|node| node.all_cross),
            crossing: OnceLock::new(),
        };
        Context {
            node: Some(Arc::new(node)),
        }
    }

    fn cancelable(
        &self,
        deadline: Option<Instant>,
        cause: Option<Cause>,
    ) -> (Context, Arc<Canceler>) {
        // A later deadline than that above never comes.
        let own = deadline.filter(|own| self.deadline().is_none_or(|above| *own < above));
        let canceler = Canceler::below(self.canceler(), own, cause);
        let context = self.derive(Some(canceler.clone()), own.or(self.deadline()), None);
        (context, canceler)
    }

    /// What another task inherits: cancellation, deadline, and the values whose keys say so.
    pub(crate) fn crossing(&self) -> Context {
        let Some(node) = &self.node else {
            return Context::background();
        };
        if node.all_cross {
            return self.clone();
        }
        node.crossing
            .get_or_init(|| self.without_own_values())
            .clone()
    }

    fn without_own_values(&self) -> Context {
        let mut values: Vec<_> = self
            .nodes()
            .filter_map(|node| node.value.as_ref().filter(|value| value.crosses()))
            .collect();
        let mut context = Context::background();
        while let Some(value) = values.pop() {
            context = context.derive(None, None, Some(value.clone()));
        }
        context.derive(self.canceler().cloned(), self.deadline(), None)
    }
}

/// `None` where that is beyond what the clock can say: it never comes.
fn after_now(timeout: Duration) -> Option<Instant> {
    clock::now().checked_add(timeout)
}

impl Drop for Node {
    fn drop(&mut self) {
        // One by one: a chain may be longer than the stack is deep.
        let mut next = self.parent.node.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.parent.node.take();
        }
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("err", &self.canceler().and_then(|it| it.error()))
            .field("deadline", &self.deadline())
            .finish_non_exhaustive()
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
