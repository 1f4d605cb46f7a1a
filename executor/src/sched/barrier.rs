//! An asymmetric fence: [`light`] costs the hot side nothing, [`heavy`] makes up for it on the rare side.
//!
//! On Linux `heavy` is `membarrier(PRIVATE_EXPEDITED)`, which runs a full fence on every processor that runs a
//! thread of this process, and `light` is a fence for the compiler only. Elsewhere, where a
//! sandbox forbids the call, and where the environment says `GMPDEBUG=membarrier=0`, both are full fences.

use std::{
    io,
    sync::{
        Once,
        atomic::{AtomicBool, Ordering, compiler_fence, fence},
    },
};

use super::settings::setting;
use crate::report;

/// False until [`init`] found the system call working: full fences are always right.
static ASYMMETRIC: AtomicBool = AtomicBool::new(false);

/// Registers the process for the cheap form, if there is one. Call before the first section.
pub(crate) fn init() {
    if setting("membarrier") == Some(0) {
        return;
    }
    match imp::register() {
        Ok(there) => ASYMMETRIC.store(there, Ordering::SeqCst),
        Err(error) => warn(&error),
    }
}

#[cold]
fn warn(error: &io::Error) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Where no thread is to be had for it, the runtime does not start either.
        let _ = report::warn_elsewhere(format!(
            "the system refuses membarrier ({error}): each poll and each call into the runtime costs a fence, some nanoseconds"
        ));
    });
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
    use std::io;

    /// # Errors
    /// If the system refuses it.
    pub(super) fn register() -> io::Result<bool> {
        if call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) {
            Ok(true)
        } else {
            Err(io::Error::last_os_error())
        }
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
    use std::io;

    /// There is no such call.
    #[allow(clippy::unnecessary_wraps, reason = "elsewhere it may fail")]
    pub(super) fn register() -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn membarrier() {}
}
