//! The program's hook: what is called for each hand-off.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use super::HandOff;
use crate::shim::lock;

type Hook = Arc<dyn Fn(&HandOff) + Send + Sync>;

static HOOK: Mutex<Option<Hook>> = Mutex::new(None);
/// There is one: for those who must not lock.
static IS_SET: AtomicBool = AtomicBool::new(false);

/// Sets it. The one before is dropped here, without a lock.
pub(crate) fn set(hook: Hook) {
    let before = lock(&HOOK).replace(hook);
    // Ordering: Relaxed; who sees it early or late tells of one hand-off less or more.
    IS_SET.store(true, Ordering::Relaxed);
    drop(before);
}

pub(crate) fn is_set() -> bool {
    IS_SET.load(Ordering::Relaxed)
}

pub(crate) fn get() -> Option<Hook> {
    lock(&HOOK).clone()
}
