//! `select!`: waiting for the first of several operations. (Go: the `select` statement, `runtime/select.go`)
//!
//! # How it works
//! An arm is an *operation* (receiving, sending, reserving on a channel) or any other future. Operations share a word with
//! the select, the [`Decision`](crate::chan::decision): while the select waits, a counterpart makes an arm happen only by
//! winning it, so that one happens and no other does. Other futures are polled; one that is ready while the select is
//! polled is chosen then and there, since no counterpart can decide meanwhile.
//!
//! # Not done here
//! The grammar and the code in its place: `gmp-macros`, `select`. The word: `chan::decision`. The queues: `chan::wait`.

mod dynamic;
mod kind;
mod random;
mod selection;

use std::{pin::Pin, task::Poll};

pub use self::{
    dynamic::{Select, SelectWait},
    kind::{ByFuture, ByOperation},
    selection::{Answer, Selection},
};
pub use crate::chan::wait::Arm;

/// A future that a select can decide for: while the select waits, others make it happen only if they make no other arm
/// happen. The futures of channels are operations; `select!` takes any other future too.
///
/// # Safety
/// Not to be implemented elsewhere: `poll_arm` must visit its channel with the arm that it is given.
pub unsafe trait Operation: Future {
    /// Polls it as an arm of a select.
    ///
    /// # Safety
    /// The arm's decision is pinned and outlives this future, which no other select polls.
    #[doc(hidden)]
    unsafe fn poll_arm(self: Pin<&mut Self>, arm: Arm<'_>) -> Poll<Self::Output>;
}

/// `select! {}`: it never happens. (Go: `select {}`)
pub async fn forever() -> std::convert::Infallible {
    std::future::pending().await
}

/// All arms are disabled.
#[cold]
#[track_caller]
pub fn nothing_left() -> ! {
    panic!("all arms of this `select!` are disabled, and it has no `else`")
}

/// A pattern said yes when it was asked, and no when the output was given to it.
#[cold]
#[track_caller]
pub fn unmatched() -> ! {
    unreachable!("the pattern matched a reference to this output")
}

/// Waits for the first of several operations, and runs that arm. Exactly one happens. (Go: `select`)
///
/// ```text
/// select! {
///     biased;                                     // optional: in the order written, not at random
///     pattern = operation => handler,
///     pattern = operation, if guard => handler,
///     default => handler,                         // if none is ready now: does not wait
///     else => handler,                            // if all arms are disabled
/// }
/// ```
///
/// The guards are evaluated first, then all operations, in the order written and also where the guard is false. If several
/// are ready one of them is taken at random. An output that does not match its arm's pattern disables the arm. The
/// operations are dropped before the handler runs, in which `?`, `break`, `return` and `.await` mean what they mean around
/// it. There may be up to 64 arms; [`Select`] takes a list that is known at run time.
///
/// With `default` nothing is awaited, and it may be used in a function that is not `async`. `select! {}` waits forever.
///
/// # What is lost when an arm loses
///
/// | arm | |
/// |---|---|
/// | [`recv`](crate::Receiver::recv), [`recv_many`](crate::Receiver::recv_many) | nothing: it received nothing |
/// | [`send_from`](crate::Sender::send_from) | nothing: it sent nothing, and the value is in the slot |
/// | [`send`](crate::Sender::send) | the value is dropped; it was not sent |
/// | [`reserve`](crate::Sender::reserve) | nothing: no place is kept |
/// | `Context::done` | nothing: it stays done |
/// | `Mutex::lock` and the like, `Semaphore::acquire`, `Notify::notified` | its place in the queue; what it was given goes to the next |
/// | `TcpListener::accept` | nothing: the connection stays in the backlog |
/// | `JoinSet::join_next`, `Interval::tick` | nothing: it comes the next time |
/// | `&mut` of a `JoinHandle` or a `Sleep` | nothing: it goes on |
/// | a `JoinHandle` | the task goes on alone, and its output is dropped |
/// | any other future | what it loses when it is dropped |
///
/// Futures of channels by value, that is: `&mut` of one keeps what it has, and may have happened though another arm was
/// chosen.
///
/// # Panics
/// If all arms are disabled and there is no `else`.
///
/// # Examples
/// A loop that offers a value until it is taken, and loses none:
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::{chan, select};
/// let (tx, rx) = chan(1);
/// let (_cancel, cancelled) = chan::<()>(0);
/// let mut slot = Some(String::from("one that cannot be cloned"));
/// while slot.is_some() {
///     select! {
///         sent = tx.send_from(&mut slot) => sent.unwrap(),
///         _ = cancelled.recv() => break,
///     }
/// }
/// select! {
///     Some(value) = rx.recv() => assert_eq!(value, "one that cannot be cloned"),
///     default => unreachable!("it was sent"),
/// }
/// # });
/// ```
#[macro_export]
macro_rules! select {
    ($($arms:tt)*) => {
        $crate::__private::select_arms! { ($crate) $($arms)* }
    };
}

#[cfg(all(test, not(gmp_loom)))]
mod tests;
