//! Ways to meet: a gate that tasks wait at, a stop inside of a poll, wakers that count.

use std::{
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc,
    },
    task::{Context, Poll, Wake, Waker},
};

/// Tasks wait at it until it is opened. Made by hand, so that nothing but wakers is at work.
#[derive(Clone, Default)]
pub(crate) struct Gate {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    open: bool,
    waiting: Vec<Waker>,
}

impl Gate {
    pub(crate) fn new() -> Gate {
        Gate::default()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Lets all through who wait, and who come later.
    pub(crate) fn open(&self) {
        let waiting = {
            let mut state = self.state();
            state.open = true;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// How many wait.
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting.len()
    }

    /// The wakers of those who wait; nobody else wakes them any more.
    pub(crate) fn take_wakers(&self) -> Vec<Waker> {
        std::mem::take(&mut self.state().waiting)
    }

    pub(crate) fn wait(&self) -> Passage {
        Passage { gate: self.clone() }
    }

    /// For futures written by hand: registers the waker unless the gate is open.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.state();
        if state.open {
            return Poll::Ready(());
        }
        state.waiting.push(cx.waker().clone());
        Poll::Pending
    }
}

/// The future of [`Gate::wait`].
pub(crate) struct Passage {
    gate: Gate,
}

impl Future for Passage {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.gate.poll(cx)
    }
}

/// A place at which a poll is held, so that others can act meanwhile.
pub(crate) fn stop() -> (Inside, Outside) {
    let (entered, entries) = mpsc::channel();
    let (release, released) = mpsc::channel();
    (
        Inside {
            entered,
            released: Mutex::new(released),
        },
        Outside { entries, release },
    )
}

/// The poll's end of a [`stop`].
pub(crate) struct Inside {
    entered: mpsc::Sender<()>,
    released: Mutex<mpsc::Receiver<()>>,
}

impl Inside {
    /// Tells that the poll is here, and blocks until it is released.
    pub(crate) fn pass(&self) {
        // The other end is gone when the test has failed: then nothing is to be held.
        let _ = self.entered.send(());
        let _ = self.released.lock().expect("not poisoned").recv();
    }
}

/// The test's end of a [`stop`].
pub(crate) struct Outside {
    entries: mpsc::Receiver<()>,
    release: mpsc::Sender<()>,
}

impl Outside {
    /// Waits until a poll is held.
    pub(crate) fn wait_entered(&self) {
        self.entries.recv().expect("the future is alive");
    }

    pub(crate) fn release(&self) {
        self.release.send(()).expect("the future is alive");
    }
}

/// A foreign waker that counts how often it is woken.
#[derive(Default)]
pub(crate) struct Wakes(AtomicUsize);

impl Wakes {
    pub(crate) fn new() -> (Arc<Wakes>, Waker) {
        let wakes = Arc::new(Wakes::default());
        (wakes.clone(), Waker::from(wakes))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.load(SeqCst)
    }
}

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

/// Polls once with `waker`.
pub(crate) fn poll_with<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    Pin::new(future).poll(&mut Context::from_waker(waker))
}

/// Polls once with the waker of whoever awaits this.
pub(crate) async fn poll_here<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut *future).poll(cx))).await
}
