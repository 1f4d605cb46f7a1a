//! What loom has in the place of `sched::barrier`: two full fences. That `membarrier` makes up for the light side is Linux's
//! word, not loom's to show.

use crate::shim::{Ordering, fence, mutant};

pub(super) fn light() {
    if !mutant("no_light_barrier") {
        fence(Ordering::SeqCst);
    }
}

pub(super) fn heavy() {
    if !mutant("no_heavy_barrier") {
        fence(Ordering::SeqCst);
    }
}
