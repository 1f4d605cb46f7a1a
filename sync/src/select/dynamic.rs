//! A select whose arms are known at run time only.

use std::{
    fmt,
    panic::Location,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use pin_project::pin_project;

use super::{Answer, Arm, Operation, Selection};
use crate::chan::wait::Pass;

/// Waits for the first of a list of operations that is made at run time. (Go: `reflect.Select`)
///
/// As [`select!`](crate::select!), with any number of arms, each in a box. What an arm's output becomes is made by its
/// function, which runs for the arm that happens and no other.
///
/// ```
/// # futures::executor::block_on(async {
/// use gmp_sync::{Select, chan};
/// let channels: Vec<_> = (0..100).map(|_| chan(1)).collect();
/// channels[7].0.try_send("lucky").unwrap();
/// let mut select = Select::new();
/// for (_, rx) in &channels {
///     select.operation(rx.recv(), |value| value);
/// }
/// assert_eq!(select.wait().await, (7, Some("lucky")));
/// # });
/// ```
pub struct Select<'a, R> {
    arms: Vec<Pin<Box<dyn DynArm<R> + Send + 'a>>>,
    biased: bool,
}

impl<'a, R> Select<'a, R> {
    /// No arms yet.
    pub fn new() -> Self {
        Select {
            arms: Vec::new(),
            biased: false,
        }
    }

    /// If several are ready, the first is taken, not a random one.
    pub fn biased(&mut self) {
        self.biased = true;
    }

    /// Adds an operation, and what is made of its output. The answer is its index.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Select, chan};
    /// let (tx, rx) = chan(1);
    /// let mut select = Select::new();
    /// select.operation(rx.recv(), |value| format!("received {value:?}"));
    /// select.operation(tx.send(7), |sent| format!("sent: {}", sent.is_ok()));
    /// assert_eq!(select.wait().await, (1, String::from("sent: true")));
    /// # });
    /// ```
    pub fn operation<O>(
        &mut self,
        operation: O,
        then: impl FnOnce(O::Output) -> R + Send + 'a,
    ) -> usize
    where
        O: Operation + Send + 'a,
    {
        let then = Some(then);
        self.push(Box::pin(OperationArm { operation, then }))
    }

    /// Adds any future, which loses what it loses when it is dropped. The answer is its index.
    ///
    /// ```
    /// # futures::executor::block_on(async {
    /// use gmp_sync::{Select, chan};
    /// let (_tx, rx) = chan::<u8>(0);
    /// let mut select = Select::new();
    /// select.operation(rx.recv(), |_| "received");
    /// select.future(async { 42 }, |_| "computed");
    /// assert_eq!(select.wait().await, (1, "computed"));
    /// # });
    /// ```
    pub fn future<F>(&mut self, future: F, then: impl FnOnce(F::Output) -> R + Send + 'a) -> usize
    where
        F: Future + Send + 'a,
    {
        let then = Some(then);
        self.push(Box::pin(FutureArm { future, then }))
    }

    fn push(&mut self, arm: Pin<Box<dyn DynArm<R> + Send + 'a>>) -> usize {
        self.arms.push(arm);
        self.arms.len() - 1
    }

    /// Waits until one happens; ready with its index and what was made of its output. Without arms it waits forever.
    ///
    /// # Cancel safety
    /// Dropped before it is ready, none has happened, as far as the arms lose nothing when they are dropped.
    #[track_caller]
    pub fn wait(self) -> SelectWait<'a, R> {
        SelectWait {
            select: self,
            selection: Selection::at(Location::caller()),
        }
    }

    /// The one that is ready now, if there is one; waits for nothing. (Go: `reflect.Select` with `SelectDefault`)
    ///
    /// ```
    /// use gmp_sync::{Select, chan};
    /// let (tx, rx) = chan(1);
    /// let look = || {
    ///     let mut select = Select::new();
    ///     select.operation(rx.recv(), |value| value);
    ///     select.now()
    /// };
    /// assert_eq!(look(), None);
    /// tx.try_send(7).unwrap();
    /// assert_eq!(look(), Some((0, Some(7))));
    /// ```
    pub fn now(self) -> Option<(usize, R)> {
        let selection = pin!(Selection::new());
        // Dropped before the selection, also by a panic.
        let mut select = self;
        let (count, biased) = (select.arms.len(), select.biased);
        selection
            .as_ref()
            .peek(count, biased, |index, arm, cx| select.visit(index, arm, cx))
    }

    fn visit(&mut self, index: usize, arm: Arm<'_>, cx: &mut Context<'_>) -> Answer<(usize, R)> {
        // SAFETY: the arms are dropped before the selection, and both are pinned.
        match unsafe { self.arms[index].as_mut().poll(arm, cx) } {
            Poll::Ready(output) => Answer::Chosen((index, output)),
            Poll::Pending => Answer::Pending,
        }
    }
}

impl<R> Default for Select<'_, R> {
    fn default() -> Self {
        Select::new()
    }
}

impl<R> fmt::Debug for Select<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Select")
            .field("arms", &self.arms.len())
            .field("biased", &self.biased)
            .finish()
    }
}

/// The future of [`Select::wait`].
#[must_use = "futures do nothing unless awaited"]
#[pin_project]
pub struct SelectWait<'a, R> {
    /// Before the selection, which the arms must not outlive.
    select: Select<'a, R>,
    #[pin]
    selection: Selection,
}

impl<R> Future for SelectWait<'_, R> {
    type Output = (usize, R);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let (count, biased) = (this.select.arms.len(), this.select.biased);
        let polled = this
            .selection
            .as_ref()
            .poll(count, biased, cx, |index, arm, cx| {
                this.select.visit(index, arm, cx)
            });
        match polled {
            Poll::Ready(Some(chosen)) => Poll::Ready(chosen),
            // No arms: none is ever disabled.
            Poll::Ready(None) | Poll::Pending => Poll::Pending,
        }
    }
}

impl<R> fmt::Debug for SelectWait<'_, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SelectWait")
            .field("select", &self.select)
            .finish_non_exhaustive()
    }
}

/// An arm and its function, whatever their types.
trait DynArm<R> {
    /// # Safety
    /// As [`Operation::poll_arm`].
    unsafe fn poll(self: Pin<&mut Self>, arm: Arm<'_>, cx: &mut Context<'_>) -> Poll<R>;
}

#[pin_project]
struct OperationArm<O, F> {
    #[pin]
    operation: O,
    then: Option<F>,
}

impl<R, O: Operation, F: FnOnce(O::Output) -> R> DynArm<R> for OperationArm<O, F> {
    unsafe fn poll(self: Pin<&mut Self>, arm: Arm<'_>, _: &mut Context<'_>) -> Poll<R> {
        let this = self.project();
        // SAFETY: the caller's.
        let polled = unsafe { this.operation.poll_arm(arm) };
        polled.map(|output| this.then.take().expect(OVER)(output))
    }
}

#[pin_project]
struct FutureArm<O, F> {
    #[pin]
    future: O,
    then: Option<F>,
}

impl<R, O: Future, F: FnOnce(O::Output) -> R> DynArm<R> for FutureArm<O, F> {
    unsafe fn poll(self: Pin<&mut Self>, arm: Arm<'_>, cx: &mut Context<'_>) -> Poll<R> {
        // In this poll it has been asked already.
        if arm.pass == Pass::Missed {
            return Poll::Pending;
        }
        let this = self.project();
        let polled = this.future.poll(cx);
        polled.map(|output| this.then.take().expect(OVER)(output))
    }
}

const OVER: &str = "a select was polled after it was over";
