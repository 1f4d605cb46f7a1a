//! One run for all who ask for the same at the same time. (Go: `golang.org/x/sync/singleflight`)
//!
//! # How it works
//! A call that is under way stands in a map by its key. Those who ask for the same hold it together, and any of them polls the
//! future ([`OnceValue`]). Where one is dropped the others go on where it stood; where all are, the call is
//! dropped.

use std::{
    borrow::Borrow,
    collections::HashMap,
    fmt,
    hash::Hash,
    panic::Location,
    pin::Pin,
    sync::{Arc, Weak},
};

use crate::{
    OnceValue,
    shim::{AtomicBool, Mutex, MutexGuard, Ordering, mutant},
};

/// One run for all who ask for the same at the same time. (Go: `singleflight.Group`)
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::singleflight::Group;
/// let group = Group::new();
/// let answer = group.run("question", || async { 42 }).await;
/// assert_eq!((answer.value, answer.shared), (42, false));
/// # });
/// ```
pub struct Group<K, T> {
    calls: Mutex<HashMap<K, Weak<Call<T>>>>,
}

struct Call<T> {
    value: OnceValue<Pin<Box<dyn Future<Output = T> + Send>>>,
    shared: AtomicBool,
}

/// What [`Group::run`] gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flight<T> {
    /// The value, or a clone of it.
    pub value: T,
    /// Others got it too.
    pub shared: bool,
}

impl<K, T> Group<K, T>
where
    K: Hash + Eq + Clone,
    T: Clone + Send + Sync + 'static,
{
    /// Nothing is under way.
    pub fn new() -> Group<K, T> {
        Group {
            calls: Mutex::new(HashMap::new()),
        }
    }

    /// Runs the future of `make`, or waits for one of the same key that runs already, and gives its value.
    /// (Go: `Group.Do`; for `Group.DoChan`, spawn this.)
    ///
    /// # Panics
    /// Where the future panics, in all who wait for it; who asks after that begins anew.
    ///
    /// # Cancel safety
    /// Another who waits goes on with the future; without one it is dropped.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::singleflight::Group;
    /// let pages = Group::new();
    /// let fetch = || pages.run("/index", || async { String::from("fetched once") });
    /// let (one, two) = futures::join!(fetch(), fetch());
    /// assert_eq!(one.value, two.value);
    /// # });
    /// ```
    #[track_caller]
    pub fn run<'a, M, F>(
        &'a self,
        key: K,
        make: M,
    ) -> impl Future<Output = Flight<T>> + use<'a, K, T, M, F>
    where
        M: FnOnce() -> F,
        F: Future<Output = T> + Send + 'static,
    {
        let site = Location::caller();
        async move {
            let caller = Caller {
                call: self.join(&key).unwrap_or_else(|| self.begin(&key, make())),
                group: self,
                key,
            };
            let value = caller.call.value.get_from(site).await;
            // Whoever comes from now on begins anew.
            caller.leave();
            let value = value.clone();
            let shared = caller.call.shared.load(Ordering::Relaxed);
            Flight { value, shared }
        }
    }

    fn join(&self, key: &K) -> Option<Arc<Call<T>>> {
        let call = self.lock().get(key)?.upgrade()?;
        call.shared.store(true, Ordering::Relaxed);
        Some(call)
    }

    /// Somebody else may have begun meanwhile; then that call it is.
    fn begin(&self, key: &K, future: impl Future<Output = T> + Send + 'static) -> Arc<Call<T>> {
        let call = Arc::new(Call {
            value: OnceValue::new(Box::pin(future) as Pin<Box<dyn Future<Output = T> + Send>>),
            shared: AtomicBool::new(false),
        });
        let key = key.clone();
        let mut calls = self.lock();
        let other = calls.get(&key).and_then(Weak::upgrade);
        if let Some(other) = other.filter(|_| !mutant("second_flight_begins_anyway")) {
            other.shared.store(true, Ordering::Relaxed);
            drop(calls);
            return other;
        }
        calls.insert(key, Arc::downgrade(&call));
        call
    }

    /// The next who asks begins anew, also if a call of the key is under way. (Go: `Group.Forget`)
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::singleflight::Group;
    /// let group = Group::new();
    /// let mut old = Box::pin(group.run("key", std::future::pending));
    /// gmp_sync::select! {
    ///     _ = &mut old => unreachable!(),
    ///     default => group.forget("key"),
    /// }
    /// // The old one is under way yet.
    /// assert_eq!(group.run("key", || async { "new" }).await.value, "new");
    /// # });
    /// ```
    pub fn forget<Q>(&self, key: &Q)
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        let forgotten = self.lock().remove_entry(key);
        drop(forgotten);
    }
}

impl<K: Hash + Eq, T> Group<K, T> {
    fn remove(&self, key: &K, is_it: impl FnOnce(&Weak<Call<T>>) -> bool) {
        let mut calls = self.lock();
        let removed = match calls.get(key) {
            Some(call) if is_it(call) || mutant("flight_ends_another") => calls.remove_entry(key),
            _ => None,
        };
        drop(calls);
        // The key's drop is user code.
        drop(removed);
    }
}

impl<K, T> Group<K, T> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Weak<Call<T>>>> {
        // Where comparing keys panics nothing has changed.
        self.calls
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

impl<K, T> Default for Group<K, T>
where
    K: Hash + Eq + Clone,
    T: Clone + Send + Sync + 'static,
{
    fn default() -> Self {
        Group::new()
    }
}

impl<K, T> fmt::Debug for Group<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Group")
            .field("calls", &self.lock().len())
            .finish_non_exhaustive()
    }
}

/// One who asks. The first of a call that has ended, by a value or a panic, or else the last one, takes it out of the map.
struct Caller<'a, K: Hash + Eq, T> {
    call: Arc<Call<T>>,
    group: &'a Group<K, T>,
    key: K,
}

impl<K: Hash + Eq, T> Caller<'_, K, T> {
    fn leave(&self) {
        let has_ended = self.call.value.has_ended();
        // References come out of the map under its lock only: one is the last one.
        self.group.remove(&self.key, |call| {
            Weak::as_ptr(call) == Arc::as_ptr(&self.call) && (has_ended || call.strong_count() == 1)
        });
    }
}

impl<K: Hash + Eq, T> Drop for Caller<'_, K, T> {
    fn drop(&mut self) {
        self.leave();
    }
}

#[cfg(all(test, gmp_loom))]
mod models;
#[cfg(all(test, not(gmp_loom)))]
mod tests;
