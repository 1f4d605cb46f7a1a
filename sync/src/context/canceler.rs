//! What can be cancelled: who waits for it, what is below it.

use std::{
    sync::{Arc, Weak},
    task::{Wake, Waker},
    time::Instant,
};

use slab::Slab;

use super::{Cause, ContextError, after::After};
use crate::{
    alarm::{Alarm, Latest},
    clock,
    shim::{AtomicU8, AtomicUsize, Ordering, mutant},
    wait_list::{WaitList, Waited, Wakes},
};

const LIVE: u8 = 0;
const CANCELED: u8 = 1;
const EXCEEDED: u8 = 2;

pub(crate) struct Canceler {
    /// [`State::ended`] in short, for who has not taken the lock.
    ended: AtomicU8,
    /// Its own, not that of one above.
    deadline: Option<Instant>,
    /// What the deadline gives as the cause.
    deadline_cause: Option<Cause>,
    list: WaitList<State, ()>,
    above: Option<Above>,
}

/// Where it is registered (X1).
struct Above {
    canceler: Arc<Canceler>,
    /// Set once, before anybody but the parent knows the canceler. `usize::MAX`: the parent had been cancelled.
    key: AtomicUsize,
}

#[derive(Default)]
pub(crate) struct State {
    ended: Option<Ended>,
    below: Slab<Weak<Canceler>>,
    after: Slab<After>,
    alarm: Latest,
    /// How often the alarm was set anew: the number of the last one.
    alarms: u64,
    /// Itself, while `after` has entries (X3).
    kept: Option<Arc<Canceler>>,
}

#[derive(Clone)]
struct Ended {
    error: ContextError,
    /// `None`: the error itself.
    cause: Option<Cause>,
}

// SAFETY: the list is a field.
unsafe impl Waited for Canceler {
    type State = State;
    type Data = ();

    fn wait_list(&self) -> &WaitList<State, ()> {
        &self.list
    }
}

impl State {
    pub(super) fn is_live(&self) -> bool {
        self.ended.is_none()
    }

    /// There is nothing to be cancelled, run or dropped: a leaf, as most are.
    fn is_bare(&self) -> bool {
        self.below.is_empty()
            && self.after.is_empty()
            && !self.alarm.is_set()
            && self.kept.is_none()
    }
}

impl Canceler {
    /// A new one, cancelled with `parent` and at `deadline`.
    pub(super) fn below(
        parent: Option<&Arc<Canceler>>,
        deadline: Option<Instant>,
        deadline_cause: Option<Cause>,
    ) -> Arc<Canceler> {
        let canceler = Arc::new(Canceler {
            ended: AtomicU8::new(LIVE),
            deadline,
            deadline_cause,
            list: WaitList::new(State::default()),
            above: parent.map(|parent| Above {
                canceler: parent.clone(),
                key: AtomicUsize::new(usize::MAX),
            }),
        });
        if let Some(above) = &canceler.above {
            if let Err(Ended { error, cause }) = above.enter(Arc::downgrade(&canceler)) {
                canceler.cancel(error, cause);
                return canceler;
            }
        }
        if deadline.is_some_and(|at| at <= clock::now()) {
            canceler.expire();
        } else {
            canceler.set_alarm(0);
        }
        canceler
    }

    fn set_alarm(self: &Arc<Self>, number: u64) {
        let Some(deadline) = self.deadline else {
            return;
        };
        let rings = Waker::from(Arc::new(Rings(Arc::downgrade(self))));
        // Not under the lock: it may ring at once.
        let alarm = Alarm::set(deadline, rings);
        let mut state = self.list.lock();
        let stale = if state.is_live() {
            state.alarm.keep(number, alarm)
        } else {
            Some(alarm)
        };
        drop(state);
        drop(stale);
    }

    #[inline]
    pub(super) fn error(&self) -> Option<ContextError> {
        match self.ended.load(Ordering::Acquire) {
            LIVE => None,
            CANCELED => Some(ContextError::Canceled),
            _ => Some(ContextError::DeadlineExceeded),
        }
    }

    pub(super) fn cause(&self) -> Option<Cause> {
        let ended = self.list.lock().ended.clone()?;
        Some(ended.cause.unwrap_or(Cause::new(ended.error)))
    }

    /// Cancels the one whose deadline has passed: this one, or one above.
    pub(super) fn expire(&self) {
        let now = clock::now();
        let expired = std::iter::successors(Some(self), |it| {
            it.above.as_ref().map(|above| &*above.canceler)
        })
        .find(|it| it.deadline.is_some_and(|deadline| deadline <= now));
        if let Some(it) = expired {
            it.cancel(ContextError::DeadlineExceeded, it.deadline_cause.clone());
        }
    }

    /// Cancels this one and all below it, if it is not yet. Everybody is woken when all are cancelled.
    pub(super) fn cancel(&self, error: ContextError, cause: Option<Cause>) {
        let ended = Ended { error, cause };
        let mut wakes = Wakes::new();
        let mut rests = Vec::new();
        if !self.end(&ended, &mut wakes, &mut rests) {
            return;
        }
        // Not where one above was cancelled: then the list has been taken whole.
        self.leave();
        let mut at = 0;
        let mut stack = Vec::new();
        loop {
            // What was taken out of the cancelers is kept to the end, since dropping it may run anything.
            while at < rests.len() {
                stack.extend(rests[at].below.drain());
                at += 1;
            }
            let Some(next) = stack.pop() else { break };
            let Some(next) = Weak::upgrade(&next) else {
                continue;
            };
            next.end(&ended, &mut wakes, &mut rests);
            // Its last reference may be this one; its drop takes no lock that is held.
            drop(next);
        }
        let after: Vec<After> = rests
            .iter_mut()
            .flat_map(|rest| rest.after.drain())
            .collect();
        after.into_iter().for_each(After::start);
        wakes.wake();
    }

    /// Takes out what is to be woken, run, cancelled and dropped. False: it was cancelled before.
    fn end(&self, ended: &Ended, wakes: &mut Wakes, rests: &mut Vec<State>) -> bool {
        let mut state = self.list.lock();
        if !state.is_live() {
            return false;
        }
        let rest = (!state.is_bare()).then(|| std::mem::take(&mut *state));
        state.ended = Some(ended.clone());
        let short = match ended.error {
            ContextError::Canceled => CANCELED,
            ContextError::DeadlineExceeded => EXCEEDED,
        };
        // Ordering: who sees that it has ended sees what was done before it was cancelled.
        self.ended.store(short, Ordering::Release);
        state.pop_all(wakes, |()| {});
        drop(state);
        rests.extend(rest);
        true
    }

    /// Takes itself out of the list above (X1).
    fn leave(&self) {
        if let Some(above) = &self.above {
            above.leave();
        }
    }

    /// Runs `after` when it is cancelled. Gives it back where it is.
    pub(super) fn add_after(self: &Arc<Self>, after: After) -> Result<usize, After> {
        let mut state = self.list.lock();
        if !state.is_live() {
            drop(state);
            return Err(after);
        }
        if state.kept.is_none() {
            state.kept = Some(self.clone());
        }
        Ok(state.after.insert(after))
    }

    #[cfg(test)]
    pub(super) fn below_len(&self) -> usize {
        self.list.lock().below.len()
    }

    /// Takes a function back that has not been started.
    pub(super) fn take_after(&self, key: usize) -> Option<After> {
        let mut state = self.list.lock();
        if !state.is_live() {
            return None;
        }
        let after = state.after.try_remove(key);
        let kept = if state.after.is_empty() {
            state.kept.take()
        } else {
            None
        };
        drop(state);
        drop(kept);
        after
    }
}

impl Above {
    fn enter(&self, child: Weak<Canceler>) -> Result<(), Ended> {
        let mut state = self.canceler.list.lock();
        if let Some(ended) = state
            .ended
            .as_ref()
            .filter(|_| !mutant("child_enters_without_a_look"))
        {
            return Err(ended.clone());
        }
        let key = state.below.insert(child);
        // Ordering: whoever leaves got the canceler from this thread, or under the lock.
        self.key.store(key, Ordering::Relaxed);
        Ok(())
    }

    fn leave(&self) {
        let mut state = self.canceler.list.lock();
        // The lists of one that was cancelled are gone, and keys mean nothing.
        let gone = if state.is_live() {
            state.below.try_remove(self.key.load(Ordering::Relaxed))
        } else {
            None
        };
        drop(state);
        drop(gone);
    }
}

impl Drop for Canceler {
    fn drop(&mut self) {
        // One by one: a chain may be longer than the stack is deep.
        let mut above = self.above.take();
        let mut live = self.error().is_none();
        while let Some(link) = above {
            // One that was cancelled has left already, and its key may be another's by now.
            if live && !mutant("dropped_child_stays_in_the_list") {
                link.leave();
            }
            let Some(mut canceler) = Arc::into_inner(link.canceler) else {
                break;
            };
            live = canceler.error().is_none();
            above = canceler.above.take();
        }
    }
}

/// The alarm of a deadline.
struct Rings(Weak<Canceler>);

impl Wake for Rings {
    fn wake(self: Arc<Self>) {
        let Some(canceler) = self.0.upgrade() else {
            return;
        };
        if canceler.deadline.is_some_and(|at| at <= clock::now()) {
            canceler.expire();
        } else {
            // Early: see `alarm`.
            let mut state = canceler.list.lock();
            state.alarms += 1;
            let number = state.alarms;
            drop(state);
            canceler.set_alarm(number);
        }
    }
}
