//! Values that belong to a task, and not to the thread that polls it.
//!
//! # How it works
//! A key is a thread-local cell. The future of a scope puts its value there before each poll, and takes it out again after
//! it: so the cell holds the value of the innermost scope that is being polled.

use std::{
    cell::RefCell,
    error::Error,
    fmt,
    pin::Pin,
    task::{Context, Poll},
    thread::LocalKey as ThreadKey,
};

use pin_project::{pin_project, pinned_drop};

/// Declares keys of values that belong to tasks: `task_local! { pub static NAME: Type; }`.
///
/// ```
/// gmp_executor::task_local! {
///     /// Whom the task works for.
///     static USER: String;
/// }
///
/// # let runtime = gmp_executor::Runtime::new()?;
/// # runtime.block_on(async {
/// let task = gmp_executor::spawn(USER.scope("gopher".to_owned(), async {
///     gmp_executor::yield_now().await;
///     USER.with(|user| user.len())
/// }));
/// assert_eq!(task.await.unwrap(), 6);
/// # });
/// # Ok::<(), std::io::Error>(())
/// ```
#[macro_export]
macro_rules! task_local {
    () => {};
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty; $($rest:tt)*) => {
        $crate::task_local!($(#[$attribute])* $visibility static $name: $type);
        $crate::task_local!($($rest)*);
    };
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty) => {
        $(#[$attribute])*
        $visibility static $name: $crate::LocalKey<$type> = {
            ::std::thread_local! {
                static CELL: ::std::cell::RefCell<::std::option::Option<$type>> =
                    const { ::std::cell::RefCell::new(::std::option::Option::None) };
            }
            $crate::LocalKey::__new(&CELL)
        };
    };
}

type Cell<T> = RefCell<Option<T>>;

/// What [`task_local!`](crate::task_local) declares. Tasks that are spawned in a scope do not inherit it.
pub struct LocalKey<T: 'static> {
    cell: &'static ThreadKey<Cell<T>>,
}

impl<T: 'static> LocalKey<T> {
    #[doc(hidden)]
    pub const fn __new(cell: &'static ThreadKey<Cell<T>>) -> LocalKey<T> {
        LocalKey { cell }
    }

    /// The future that runs `future` with the value set.
    ///
    /// # Panics
    /// When it is polled while the value is being looked at ([`with`](Self::with)).
    pub fn scope<F: Future>(&'static self, value: T, future: F) -> Scope<T, F> {
        Scope {
            key: self,
            value: Some(value),
            future: Some(future),
        }
    }

    /// Runs `f` with the value set.
    ///
    /// # Panics
    /// If `f` does, and while the value is being looked at.
    pub fn sync_scope<R>(&'static self, value: T, f: impl FnOnce() -> R) -> R {
        self.run(&mut Some(value), f)
    }

    /// Looks at the value.
    ///
    /// # Panics
    /// Outside of a scope of the key; [`try_with`](Self::try_with) does not.
    pub fn with<R>(&'static self, f: impl FnOnce(&T) -> R) -> R {
        match self.try_with(f) {
            Ok(result) => result,
            Err(error) => panic!("{error}"),
        }
    }

    /// Looks at the value.
    ///
    /// # Errors
    /// Outside of a scope of the key.
    pub fn try_with<R>(&'static self, f: impl FnOnce(&T) -> R) -> Result<R, AccessError> {
        let looked = self.cell.try_with(|cell| cell.borrow().as_ref().map(f));
        looked.ok().flatten().ok_or(AccessError(()))
    }

    /// A copy of the value.
    ///
    /// # Panics
    /// Outside of a scope of the key.
    pub fn get(&'static self) -> T
    where
        T: Clone,
    {
        self.with(T::clone)
    }

    /// A copy of the value.
    ///
    /// # Errors
    /// Outside of a scope of the key.
    pub fn try_get(&'static self) -> Result<T, AccessError>
    where
        T: Clone,
    {
        self.try_with(T::clone)
    }

    /// Runs `f` with what is in `slot`, which gets it back, also if `f` panics.
    fn run<R>(&'static self, slot: &mut Option<T>, f: impl FnOnce() -> R) -> R {
        struct Restore<'a, T: 'static>(&'static LocalKey<T>, &'a mut Option<T>);
        impl<T: 'static> Drop for Restore<'_, T> {
            fn drop(&mut self) {
                self.0.swap(self.1);
            }
        }
        self.swap(slot);
        let restore = Restore(self, slot);
        let result = f();
        drop(restore);
        result
    }

    fn swap(&'static self, slot: &mut Option<T>) {
        self.cell.with(|cell| {
            let mut inside = cell.try_borrow_mut().unwrap_or_else(|_| {
                panic!("a scope of a task-local value begins or ends while the value is looked at")
            });
            std::mem::swap(&mut *inside, slot);
        });
    }
}

impl<T: 'static> fmt::Debug for LocalKey<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKey").finish_non_exhaustive()
    }
}

/// There is no value: the code runs outside of a scope of the key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AccessError(());

impl fmt::Display for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the task-local value is not set; run the future in `KEY.scope(value, future)`")
    }
}

impl fmt::Debug for AccessError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AccessError({self})")
    }
}

impl Error for AccessError {}

/// The future of [`LocalKey::scope`]. Its future is dropped in the scope too.
#[pin_project(PinnedDrop)]
#[must_use = "futures do nothing unless they are awaited"]
pub struct Scope<T: 'static, F> {
    key: &'static LocalKey<T>,
    /// None while the future is polled.
    value: Option<T>,
    #[pin]
    future: Option<F>,
}

impl<T: 'static, F: Future> Future for Scope<T, F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let mut future = this.future;
        this.key.run(this.value, || {
            let polled = future
                .as_mut()
                .as_pin_mut()
                .expect("a scope was polled after it was ready")
                .poll(cx);
            if polled.is_ready() {
                future.set(None);
            }
            polled
        })
    }
}

#[pinned_drop]
impl<T: 'static, F> PinnedDrop for Scope<T, F> {
    fn drop(self: Pin<&mut Self>) {
        let this = self.project();
        let mut future = this.future;
        // Where the thread's own values are gone the future is dropped without its.
        let alive = this.key.cell.try_with(|cell| cell.try_borrow_mut().is_ok());
        if future.is_some() && alive == Ok(true) {
            this.key.run(this.value, || future.set(None));
        }
    }
}

impl<T: 'static, F> fmt::Debug for Scope<T, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").finish_non_exhaustive()
    }
}
