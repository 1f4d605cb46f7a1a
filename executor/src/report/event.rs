//! Warnings as `tracing` events.

use std::fmt::Display;

use crate::hand_off::{Cause, HandOff};

/// Events are for whoever listens, whatever else hears of a hand-off.
pub(crate) const BESIDE_A_HOOK: bool = true;

/// A subscriber filters: it is also told of tasks that block their threads.
pub(crate) const OF_BLOCKED: bool = true;

/// Warns. The subscriber is user code: outside of sections and locks.
pub(crate) fn warn(message: impl Display) {
    tracing::warn!(target: "gmp", "{message}");
}

/// Warns of a task that did not return from its poll, field by field.
pub(crate) fn warn_of_hand_off(hand_off: &HandOff) {
    let HandOff {
        task,
        name,
        spawned_at,
        last_wait,
        cause,
        wall,
        cpu,
        goes_on,
        left_out,
        ..
    } = hand_off;
    let stack = (!hand_off.stack.is_empty()).then(|| hand_off.stack());
    tracing::warn!(
        target: "gmp",
        task = task.map(tracing::field::display),
        name,
        spawned_at = spawned_at.map(tracing::field::display),
        last_wait = last_wait.map(tracing::field::display),
        cause = match cause {
            Cause::Running => "running",
            Cause::Blocked => "blocked",
            Cause::Starved => "starved",
        },
        wall = tracing::field::debug(wall),
        cpu = cpu.map(tracing::field::debug),
        goes_on,
        stack = stack.map(tracing::field::display),
        left_out,
        "{}",
        hand_off.head()
    );
}
