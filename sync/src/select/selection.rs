//! One select while it runs: in which order its arms are polled, and when it waits.

use crate::shim::mutant;
use std::{
    marker::PhantomPinned,
    panic::Location,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
};

use super::random;
use crate::{
    chan::{
        decision::{Decision, Reopened},
        wait::{Arm, Pass},
    },
    shim::{Reason, SPINS, note, poll_proceed, yield_now},
};

/// Passes that missed a counterpart before the thread lets others run between them.
const MISSES: u32 = 4;

/// What an arm answers.
#[derive(Debug)]
pub enum Answer<R> {
    /// It happened.
    Chosen(R),
    /// It may happen yet.
    Pending,
    /// It cannot happen: by its guard, or since its output did not match.
    Disabled,
}

/// The state of a select. It is pinned and dropped after the arms.
pub struct Selection {
    decision: Decision,
    /// Where it waits.
    site: &'static Location<'static>,
    _pinned: PhantomPinned,
}

impl Selection {
    /// A select of which nothing is known.
    #[allow(clippy::new_without_default, reason = "a default has no caller")]
    #[track_caller]
    pub fn new() -> Selection {
        Selection::at(Location::caller())
    }

    pub(super) fn at(site: &'static Location<'static>) -> Selection {
        Selection {
            decision: Decision::default(),
            site,
            _pinned: PhantomPinned,
        }
    }

    /// Polls `count` arms, in random order unless `biased`. `None`: all are disabled.
    ///
    /// `arms` polls the one of that number. In one poll a future is polled once; operations may be visited again.
    #[inline]
    pub fn poll<R>(
        self: Pin<&Self>,
        count: usize,
        biased: bool,
        cx: &mut Context<'_>,
        mut arms: impl FnMut(usize, Arm<'_>, &mut Context<'_>) -> Answer<R>,
    ) -> Poll<Option<R>> {
        let proceed = ready!(poll_proceed(cx));
        let mut pass = Pass::Again;
        if let Reopened::Won(index) = self.decision.reopen() {
            match arms(index, self.arm(index, Pass::Won), cx) {
                Answer::Chosen(output) => {
                    proceed.made_progress();
                    return Poll::Ready(Some(output));
                }
                // Nodes of other arms may have been taken out of their channels meanwhile.
                Answer::Disabled | Answer::Pending => self.decision.restart(),
            }
            // Mutant: who is queued yet is taken to have missed nothing.
            if !mutant("restart_trusts_its_nodes") {
                pass = Pass::Look;
            }
        }
        let mut misses = 0;
        loop {
            match self.pass(pass, count, biased, cx, &mut arms) {
                Answer::Chosen(output) => {
                    proceed.made_progress();
                    return Poll::Ready(Some(output));
                }
                Answer::Disabled => return Poll::Ready(None),
                Answer::Pending => {}
            }
            // SAFETY: this poll found it undecided and has not opened it.
            unsafe { self.decision.set_waiter(cx.waker()) };
            if self.decision.open() {
                note(self.site, Reason::Select);
                return Poll::Pending;
            }
            pass = Pass::Missed;
            misses += 1;
            back_off(misses);
        }
    }

    /// Looks whether one of `count` arms is ready now. `None` means that there was a moment at which none was.
    ///
    /// Arms are looked at one after the other, so each may become ready after its look and before the last one's. Hence the
    /// second look, which leaves nodes in the channels: whoever makes one ready meets its node.
    #[inline]
    pub fn peek<R>(
        self: Pin<&Self>,
        count: usize,
        biased: bool,
        mut arms: impl FnMut(usize, Arm<'_>, &mut Context<'_>) -> Answer<R>,
    ) -> Option<R> {
        let mut cx = Context::from_waker(Waker::noop());
        let mut pass = Pass::Peek;
        loop {
            match self.pass(pass, count, biased, &mut cx, &mut arms) {
                Answer::Chosen(output) => return Some(output),
                Answer::Disabled => return None,
                Answer::Pending => {}
            }
            let queued = pass == Pass::Missed;
            let once = count == 1 || mutant("peek_looks_once");
            if once || queued && !self.decision.missed() {
                return None;
            }
            pass = Pass::Missed;
        }
    }

    /// Visits each arm once, until one happens.
    #[inline]
    fn pass<R>(
        &self,
        pass: Pass,
        count: usize,
        biased: bool,
        cx: &mut Context<'_>,
        arms: &mut impl FnMut(usize, Arm<'_>, &mut Context<'_>) -> Answer<R>,
    ) -> Answer<R> {
        let mut all_disabled = true;
        let mut visit = |index: usize| match arms(index, self.arm(index, pass), cx) {
            Answer::Chosen(output) => Some(output),
            Answer::Pending => {
                all_disabled = false;
                None
            }
            Answer::Disabled => None,
        };
        let chosen = if biased || count < 2 {
            (0..count).find_map(visit)
        } else if count <= FEW {
            let mut order = [0; FEW];
            let order = &mut order[..count];
            random::shuffle(order);
            order.iter().find_map(|&index| visit(index as usize))
        } else {
            let mut order = vec![0; count];
            random::shuffle(&mut order);
            order.iter().find_map(|&index| visit(index as usize))
        };
        match chosen {
            Some(output) => Answer::Chosen(output),
            None if all_disabled => Answer::Disabled,
            None => Answer::Pending,
        }
    }

    fn arm(&self, index: usize, pass: Pass) -> Arm<'_> {
        Arm {
            decision: &self.decision,
            index: index as u32,
            pass,
        }
    }
}

/// Arms whose order needs no allocation: as many as the macro takes.
const FEW: usize = 64;

/// Two selects that are polled at the same moment may miss each other; rarely again, and less so the longer they wait.
#[cold]
fn back_off(misses: u32) {
    if misses > MISSES {
        yield_now();
        return;
    }
    for _ in 0..(SPINS >> (MISSES - misses)) {
        std::hint::spin_loop();
    }
}
