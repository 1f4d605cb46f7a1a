//! What a panic beside it leaves whole.
//!
//! No code of users runs while the state of one of these is half-changed, so whatever panicked, a later look finds it
//! as it should be. Not so what a [`Mutex`] or [`RwLock`] guards: a holder that panicked may have
//! left it half-changed, and there is no poison that would tell.

use std::panic::{RefUnwindSafe, UnwindSafe};

use crate::*;

macro_rules! unwind_safe {
    ($($subject:ident $(:: $name:ident)? $(<$parameter:ident>)?),* $(,)?) => {$(
        impl $(<$parameter>)? UnwindSafe for $subject $(:: $name)? $(<$parameter>)? {}
        impl $(<$parameter>)? RefUnwindSafe for $subject $(:: $name)? $(<$parameter>)? {}
    )*};
}

unwind_safe!(
    Sender<T>,
    Receiver<T>,
    WaitGroup,
    Semaphore,
    Notify,
    Barrier,
    Cond
);
unwind_safe!(
    oneshot::Sender<T>,
    oneshot::Receiver<T>,
    broadcast::Sender<T>,
    broadcast::Receiver<T>
);
unwind_safe!(Context, CancelFn, CancelCauseFn, CancelGuard, StopFn);
