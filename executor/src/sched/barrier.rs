//! An asymmetric fence: [`light`] costs the hot side nothing, [`heavy`] makes up for it on the rare side.
//!
//! On Linux `heavy` is `membarrier(PRIVATE_EXPEDITED)`, which runs a full fence on every processor that runs a
//! thread of this process, and `light` is a fence for the compiler only. Elsewhere, where a
//! sandbox forbids the call, and where the environment says `GMPDEBUG=membarrier=0`, both are full fences.

use std::sync::atomic::{AtomicBool, Ordering, compiler_fence, fence};

/// False until [`init`] found the system call working: full fences are always right.
static ASYMMETRIC: AtomicBool = AtomicBool::new(false);

/// Registers the process for the cheap form, if there is one. Call before the first section.
pub(crate) fn init() {
    if !is_switched_off() && imp::register() {
        ASYMMETRIC.store(true, Ordering::SeqCst);
    }
}

/// `GMPDEBUG` is a list of settings, as Go's `GODEBUG`.
fn is_switched_off() -> bool {
    let settings = std::env::var("GMPDEBUG").unwrap_or_default();
    settings.split(',').any(|setting| setting == "membarrier=0")
}

/// The hot side: between its store and its load.
#[inline(always)]
pub(crate) fn light() {
    // Ordering: Relaxed; set before the first runtime's first section and never cleared. A section that
    // reads false issues the fence, which is right in both forms.
    if ASYMMETRIC.load(Ordering::Relaxed) {
        compiler_fence(Ordering::SeqCst);
    } else {
        fence(Ordering::SeqCst);
    }
}

/// The rare side: between its store and its load.
pub(crate) fn heavy() {
    fence(Ordering::SeqCst);
    if ASYMMETRIC.load(Ordering::Relaxed) {
        imp::membarrier();
    }
}

#[cfg(all(target_os = "linux", not(miri)))]
mod imp {
    pub(super) fn register() -> bool {
        call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
    }

    pub(super) fn membarrier() {
        let done = call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED);
        debug_assert!(done, "membarrier works once it was registered");
    }

    fn call(command: libc::c_int) -> bool {
        // SAFETY: the call takes two integers and touches no memory.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod imp {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn membarrier() {}
}
