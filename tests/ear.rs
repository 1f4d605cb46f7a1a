//! Hearing what gmp warns of, by its `tracing` events. For tests in a process of their own: there is one subscriber.

use std::{
    collections::HashMap,
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
    let hear = move |mut fields: Fields| hear(fields.remove("message").expect("each has one"));
    tracing::subscriber::set_global_default(Ear(hear)).expect("one ear in a process");
}

/// What a warning says, by the names of its fields.
pub(crate) type Fields = HashMap<&'static str, String>;

/// The warnings from now on, with all their fields.
pub(crate) fn listen_closely() -> mpsc::Receiver<Fields> {
    let (send, receive) = mpsc::channel();
    let send = Mutex::new(send);
    let hear = move |fields| drop(send.lock().unwrap().send(fields));
    tracing::subscriber::set_global_default(Ear(hear)).expect("one ear in a process");
    receive
}

struct Ear<F>(F);

impl<F: Fn(Fields) + Send + Sync + 'static> Subscriber for Ear<F> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && metadata.target() == "gmp"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        unreachable!("only events are enabled")
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut said = Said(Fields::new());
        event.record(&mut said);
        (self.0)(said.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Said(Fields);

impl Visit for Said {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
