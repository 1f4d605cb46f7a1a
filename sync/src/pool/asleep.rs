//! The janitor in models: it sleeps, and the models trim by themselves.

use std::sync::Weak;

pub(super) trait Trim: Send + Sync {
    fn trim(&self) -> bool;
}

pub(super) fn watch(_: Weak<dyn Trim>) {}

pub(super) fn quietly(drops: impl FnOnce()) {
    drops();
}
