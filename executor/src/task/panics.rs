//! What becomes of a task's panic: the policy of its runtime, and the report of one that nobody joins.
//!
//! A panic that a handle gets is that handle's owner's to tell of; the panic hook has printed it anyway. One that no handle
//! gets would be lost among the others, or altogether if it was thrown by [`std::panic::resume_unwind`].
//!
//! User code runs in here (a payload's drop, a subscriber of events): outside of sections.

use std::{any::Any, panic::Location};

use super::{
    Id,
    header::Header,
    name::Name,
    raw::{self, Payload},
    state::Outcome,
};
use crate::{port, quietly::quietly, report};

/// What was thrown, if it is text.
pub(crate) fn message(payload: &(dyn Any + Send)) -> Option<&str> {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str))
}

/// A task that runs here has panicked (T1). Does not return where the policy is to abort.
#[cold]
pub(super) fn note(name: Name, header: &Header) {
    if port::aborts_on_panic(header.runtime()) {
        // SAFETY: T1: the body is this thread's, and holds a payload.
        let payload = unsafe { raw::take::<Payload>(name) };
        abort(Id(name), header.spawned_at(), &*payload);
    }
}

/// Prints the panic and all tasks, and ends the process.
pub(crate) fn abort(
    id: Id,
    site: Option<&'static Location<'static>>,
    payload: &(dyn Any + Send),
) -> ! {
    use std::io::Write;
    let told = describe(id, site, payload);
    // Standard error may be closed; there is nobody to tell.
    let _ = writeln!(std::io::stderr(), "gmp: {told}; the policy is to abort");
    crate::debug::dump();
    std::process::abort();
}

/// Drops what an ended task left, whose handle is gone. The caller owns the slot (T2, T3).
#[inline(always)]
pub(super) fn discard(name: Name, header: &Header, outcome: Outcome) {
    if outcome != Outcome::Panicked {
        return raw::discard(name, header, outcome);
    }
    // SAFETY: T2 or T3: the body is the caller's, and holds a payload.
    let payload = unsafe { raw::take::<Payload>(name) };
    report(Id(name), header.spawned_at(), payload);
}

/// Nobody will join the task that has panicked with `payload`.
#[cold]
pub(crate) fn report(id: Id, site: Option<&'static Location<'static>>, payload: Payload) {
    static LIMIT: report::Limit = report::Limit::new();
    if let Some(unsaid) = LIMIT.pass() {
        let told = describe(id, site, &*payload);
        let more = match unsaid {
            0 => String::new(),
            unsaid => format!(" (and {unsaid} more that were not told of)"),
        };
        quietly(|| report::warn(format_args!("{told}, and nobody joins it{more}")));
    }
    quietly(|| drop(payload));
}

fn describe(
    id: Id,
    site: Option<&'static Location<'static>>,
    payload: &(dyn Any + Send),
) -> String {
    let site = site.map_or_else(String::new, |site| format!(", spawned at {site},"));
    match message(payload) {
        Some(message) => format!("task {id}{site} panicked: {message}"),
        None => format!("task {id}{site} panicked"),
    }
}
