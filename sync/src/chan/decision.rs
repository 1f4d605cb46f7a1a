//! Which arm of a `select!` happens: one word that its operations in several channels share. (Go: `selectDone` of `g`)
//!
//! # How it works
//! A select queues a node in each channel that it waits for. Whoever meets such a node, under that channel's lock, must
//! win this word before it touches the node's value; so of several counterparts in several channels exactly one does.
//!
//! ```text
//!            open                    claim
//! POLLING ----------> OPEN -----------------------> won(arm)
//!  |   ^ <-----------  |                               |
//!  |   |    reopen     +-- the owner only re-polls     |
//!  |   +-- open, missed -- MISSED                      |
//!  +------ claim -----------^                          |
//!      ^------------------- restart -------------------+
//! ```
//!
//! While its owner is being polled (`POLLING`) a select is deaf: nobody can decide for it, so that an arm that the owner
//! finds ready itself, or any future's output, is never in a race with a counterpart. A counterpart that meets it then
//! leaves the node where it is, marks the word (`MISSED`) and queues itself, as if the select were not there yet. The
//! owner cannot open a marked word: it looks at its channels again, where the counterpart now waits.
//!
//! # Invariants
//! - D1: in `POLLING`, `MISSED` and `won` only the owner changes the state, apart from `POLLING -> MISSED`.
//! - D2: `claim` is called under the lock of the node's channel, and so is each look of the owner at that channel. So a
//!   counterpart that found the word deaf has queued itself before the owner looks again, and one that looks after
//!   `restart` sees that.
//! - D3: the waiter belongs to the owner in `POLLING`, `MISSED` and `won`, but to the winner between its `claim` and the
//!   end of its section, in which it takes the waiter.
//!
//! # Memory ordering
//! `open` releases what the owner wrote (the waiter), `claim` acquires it. What the winner wrote reaches the owner through
//! the node's stage or the channel's lock, never through this word.
//!
//! # Rejected
//! Go locks all channels of a select, in the order of their addresses, and looks at all before it queues at any: with
//! futures of any kind among the arms there is no such point. Two words claimed at once, of the own select and of the one
//! that is met, need an order and a wait for the other under a lock; deafness needs one.

use crate::shim::mutant;
use std::sync::atomic::Ordering;

use crate::shim::{AtomicU32, UnsafeCell, Waiter};

const POLLING: u32 = 0;
const MISSED: u32 = 1;
const OPEN: u32 = 2;
/// Plus the arm.
const WON: u32 = 3;

/// The word. Its owner is the select; counterparts reach it through queued nodes.
pub(crate) struct Decision {
    word: AtomicU32,
    /// Who is to be woken when it is won (D3).
    waiter: UnsafeCell<Option<Waiter>>,
}

// SAFETY: D3: the waiter is touched by one side at a time; the word is an atomic.
unsafe impl Send for Decision {}
// SAFETY: as above.
unsafe impl Sync for Decision {}

/// What a counterpart finds.
#[must_use]
pub(super) enum Claim {
    /// The arm happens.
    Won(Option<Waiter>),
    /// The select is being polled, and will look again.
    Deaf,
    /// Another arm has happened.
    Lost,
}

/// What the owner finds when it is polled again.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reopened {
    /// It may decide itself.
    Undecided,
    /// A counterpart decided for this arm.
    Won(usize),
}

impl Default for Decision {
    fn default() -> Decision {
        Decision {
            word: AtomicU32::new(POLLING),
            waiter: UnsafeCell::new(None),
        }
    }
}

impl Decision {
    /// A counterpart tries to make `arm` happen. Under the lock of the node's channel (D2).
    #[inline]
    pub(super) fn claim(&self, arm: u32) -> Claim {
        let mut seen = self.word.load(Ordering::Relaxed);
        loop {
            let wanted = match seen {
                POLLING if mutant("claim_leaves_no_mark") => return Claim::Deaf,
                POLLING => MISSED,
                OPEN => WON + arm,
                MISSED => return Claim::Deaf,
                _ => return Claim::Lost,
            };
            // Ordering: Acquire pairs with `open`.
            let (success, failure) = (Ordering::Acquire, Ordering::Relaxed);
            let changed = if mutant("select_won_by_store") {
                self.word.store(wanted, Ordering::Relaxed);
                Ok(seen)
            } else {
                self.word.compare_exchange(seen, wanted, success, failure)
            };
            match changed {
                Ok(OPEN) => break,
                Ok(_) => return Claim::Deaf,
                Err(now) => seen = now,
            }
        }
        // SAFETY: D3: this call won.
        Claim::Won(self.waiter.with_mut(|waiter| unsafe { (*waiter).take() }))
    }

    /// Begins a poll of the owner.
    #[inline]
    pub(crate) fn reopen(&self) -> Reopened {
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let old = self.word.compare_exchange(OPEN, POLLING, success, failure);
        match old {
            // `POLLING`: the last poll of the owner ended with a panic.
            Ok(_) | Err(POLLING | MISSED) => Reopened::Undecided,
            Err(won) => Reopened::Won((won - WON) as usize),
        }
    }

    /// Ends a poll that found nothing ready: from now on counterparts may decide. False: one of them came meanwhile, so the
    /// owner must look at its channels again.
    #[inline]
    pub(crate) fn open(&self) -> bool {
        // Ordering: Release pairs with `claim`.
        let release = if mutant("open_releases_nothing") {
            Ordering::Relaxed
        } else {
            Ordering::Release
        };
        let (success, failure) = (release, Ordering::Relaxed);
        let opened = self
            .word
            .compare_exchange(POLLING, OPEN, success, failure)
            .is_ok();
        if !opened {
            self.word.store(POLLING, Ordering::Relaxed);
        }
        opened
    }

    /// By the owner in a poll: a counterpart came since it began or since this was asked before.
    ///
    /// No order is needed: to a channel that the owner looks at later, word of the counterpart comes by that channel's lock.
    pub(crate) fn missed(&self) -> bool {
        let missed = self.word.load(Ordering::Relaxed) == MISSED;
        if missed {
            self.word.store(POLLING, Ordering::Relaxed);
        }
        missed
    }

    /// The arm that was decided for turned out not to count: the owner decides anew, and looks at all its channels again.
    pub(crate) fn restart(&self) {
        self.word.store(POLLING, Ordering::Relaxed);
    }

    /// Whom to wake, if that is another than before. By the owner in a poll.
    ///
    /// # Safety
    /// The caller is the owner, between `reopen` that found it undecided  and `open`.
    pub(crate) unsafe fn set_waiter(&self, waker: &std::task::Waker) {
        let same = self.waiter.with_mut(|waiter| {
            // SAFETY: D3: the caller is the owner, and the word is deaf.
            let waiter = unsafe { &*waiter };
            waiter.as_ref().is_some_and(|it| it.will_wake(waker))
        });
        if same {
            return;
        }
        // Foreign wakers run user code when they are cloned and dropped, so there is no reference to the cell meanwhile.
        let new = Some(Waiter::new(waker));
        // SAFETY: as above.
        let old = self
            .waiter
            .with_mut(|waiter| unsafe { waiter.replace(new) });
        drop(old);
    }
}
