//! Hearing what gmp warns of, by its `tracing` events. For tests in a process of their own: there is one subscriber.

use std::{
    fmt::Debug,
    sync::{Mutex, mpsc},
};

use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

/// The warnings from now on.
pub(crate) fn listen() -> mpsc::Receiver<String> {
    let (send, receive) = mpsc::channel();
    let send = Mutex::new(send);
    // Nobody listens any more at the test's end.
    listen_with(move |warning| drop(send.lock().unwrap().send(warning)));
    receive
}

/// Calls `hear` with each warning from now on.
pub(crate) fn listen_with(hear: impl Fn(String) + Send + Sync + 'static) {
    tracing::subscriber::set_global_default(Ear(hear)).expect("one ear in a process");
}

struct Ear<F>(F);

impl<F: Fn(String) + Send + Sync + 'static> Subscriber for Ear<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "gmp"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        unreachable!("only events are enabled")
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        (self.0)(message.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}
