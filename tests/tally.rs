//! Futures and outputs that are counted: each must be dropped once.

use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Context, Poll},
};

/// How many there were.
#[derive(Debug, Default)]
struct Count {
    made: AtomicUsize,
    dropped: AtomicUsize,
}

/// Counts its own end, and notices a second one.
#[derive(Debug)]
pub(crate) struct Witness {
    count: Arc<Count>,
    gone: AtomicBool,
}

impl Witness {
    fn new(count: &Arc<Count>) -> Witness {
        count.made.fetch_add(1, SeqCst);
        Witness {
            count: count.clone(),
            gone: AtomicBool::new(false),
        }
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        assert!(!self.gone.swap(true, SeqCst), "dropped twice");
        self.count.dropped.fetch_add(1, SeqCst);
    }
}

/// What became of some tasks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    futures: Arc<Count>,
    outputs: Arc<Count>,
    polls: Arc<AtomicUsize>,
}

impl Tally {
    pub(crate) fn new() -> Tally {
        Tally::default()
    }

    /// A future that does what `script` says at each poll; its output is counted too.
    pub(crate) fn future<S>(&self, script: S) -> Scripted<S>
    where
        S: FnMut(&mut Context<'_>) -> Poll<()>,
    {
        Scripted {
            script,
            tally: self.clone(),
            _witness: Witness::new(&self.futures),
        }
    }

    /// A future that is never ready.
    pub(crate) fn pending(&self) -> impl Future<Output = Witness> + Send + use<> {
        self.future(|_| Poll::Pending)
    }

    /// `future`, counted.
    pub(crate) fn around<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        let witness = Witness::new(&self.futures);
        async move {
            let _witness = witness;
            future.await
        }
    }

    /// Something that counts as an output.
    pub(crate) fn output(&self) -> Witness {
        Witness::new(&self.outputs)
    }

    pub(crate) fn polls(&self) -> usize {
        self.polls.load(SeqCst)
    }

    pub(crate) fn futures_made(&self) -> usize {
        self.futures.made.load(SeqCst)
    }

    pub(crate) fn futures_dropped(&self) -> usize {
        self.futures.dropped.load(SeqCst)
    }

    pub(crate) fn outputs_made(&self) -> usize {
        self.outputs.made.load(SeqCst)
    }

    pub(crate) fn outputs_dropped(&self) -> usize {
        self.outputs.dropped.load(SeqCst)
    }

    /// Every future and every output was dropped.
    pub(crate) fn is_settled(&self) -> bool {
        self.futures_made() == self.futures_dropped()
            && self.outputs_made() == self.outputs_dropped()
    }

    #[track_caller]
    pub(crate) fn assert_settled(&self) {
        assert!(
            self.is_settled(),
            "not everything was dropped once: {self:?}"
        );
    }
}

/// See [`Tally::future`].
pub(crate) struct Scripted<S> {
    script: S,
    tally: Tally,
    _witness: Witness,
}

impl<S: Unpin> Unpin for Scripted<S> {}

impl<S: FnMut(&mut Context<'_>) -> Poll<()> + Unpin> Future for Scripted<S> {
    type Output = Witness;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Witness> {
        self.tally.polls.fetch_add(1, SeqCst);
        (self.script)(cx).map(|()| self.tally.output())
    }
}
