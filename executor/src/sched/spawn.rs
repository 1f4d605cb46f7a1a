//! From a future to a scheduled task.

use std::{
    alloc::{Layout, handle_alloc_error},
    io,
    sync::atomic::Ordering,
};

use super::{
    entry,
    scheduler::Live,
    section::{self, Section},
};
use crate::{
    inherit::{self, Within},
    slab::{self, Class, SlotIndex},
    task::{self, Header, JoinHandle, Name, Origin},
};

/// Spawns on the current runtime.
///
/// # Panics
/// Outside of a runtime.
#[inline(always)]
pub(crate) fn spawn<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if inherit::is_any() {
        spawn_heir(None, future, origin)
    } else {
        spawn_alone(future, origin)
    }
}

/// Spawns on a runtime from a thread that is none of its machines. If the runtime has shut down the future is
/// dropped, and the handle says cancelled.
pub(crate) fn spawn_on<F>(live: Live, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if inherit::is_any() {
        spawn_heir(Some(live), future, origin)
    } else {
        spawn_alone_on(live, future, origin)
    }
}

/// Spawns what inherits, on `live` or on the current runtime.
#[cold]
#[inline(never)]
fn spawn_heir<F>(live: Option<Live>, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let heir = Within::new(inherit::heir(), future);
    match live {
        Some(live) => spawn_alone_on(live, heir, origin),
        None => spawn_alone(heir, origin),
    }
}

/// Spawns what inherits nothing, or has it already, on the current runtime.
#[inline(always)]
pub(crate) fn spawn_alone<F>(future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let mut future = Some(future);
    let here = if entry::is_elsewhere() {
        None
    } else {
        section::with(|section| section.spawn(&mut future, origin))
    };
    match (here, future) {
        // SAFETY: `spawn` published the task with this future.
        (Some(Some(name)), _) => unsafe { JoinHandle::new(name) },
        (_, Some(future)) => spawn_alone_on(entry::current_or_panic(), future, origin),
        // The runtime closed the gate after it took the future: it cannot, see `Section::spawn`.
        (_, None) => JoinHandle::cancelled(),
    }
}

fn spawn_alone_on<F>(live: Live, future: F, origin: Origin) -> JoinHandle<F::Output>
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    if !live.is_open() {
        // Here already, since a child of `fork` must take no lock.
        return JoinHandle::cancelled();
    }
    let class = task::class_of::<F>();
    let slot = slab::allocate(class).unwrap_or_else(|error| out_of_memory(class, error));
    let mut future = Some(future);
    let name = live.scheduler.global.pass(live.epoch, || {
        let future = future.take().expect("published once");
        let name = publish(slot, future, origin, live.scheduler.index);
        live.scheduler
            .foreign_balance
            .fetch_add(1, Ordering::Relaxed);
        live.scheduler.global.push(name);
        name
    });
    match name {
        Some(name) => {
            live.scheduler.submitted();
            // SAFETY: `publish` published the task with this future.
            unsafe { JoinHandle::new(name) }
        }
        None => {
            slab::release(class, slot);
            JoinHandle::cancelled()
        }
    }
}

impl Section {
    /// Takes the future, unless the runtime closes: then it is left to be dropped outside.
    #[inline(always)]
    fn spawn<F: Future>(&mut self, future: &mut Option<F>, origin: Origin) -> Option<Name> {
        if self.scheduler().is_closing() {
            return None;
        }
        let class = task::class_of::<F>();
        let slot = match self.private().cache.allocate(class) {
            Ok(slot) => slot,
            Err(error) => out_of_memory(class, error),
        };
        let name = publish(slot, future.take()?, origin, self.scheduler().index);
        self.processor().count_spawn();
        self.push_next(name);
        Some(name)
    }
}

#[inline(always)]
fn publish<F: Future>(slot: SlotIndex, future: F, origin: Origin, runtime: u16) -> Name {
    let name = task::fill(slot, future, origin, runtime);
    Header::of(slot).state.publish(name.generation());
    name
}

/// As every allocation that fails: the process ends. First it says why, which the message of all such ends does not.
#[cold]
#[inline(never)]
fn out_of_memory(class: Class, error: io::Error) -> ! {
    eprintln!("gmp: no memory for a task: {error}");
    handle_alloc_error(Layout::from_size_align(class.size(), 16).expect("slots are small"))
}
