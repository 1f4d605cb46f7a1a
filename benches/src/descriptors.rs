//! The limit on open files.

use std::{io, mem::MaybeUninit};

/// Raises this process's limit, and that of the children it starts, as far as it may. Returns what it is then.
pub(crate) fn raise_limit() -> io::Result<u64> {
    let mut limit = MaybeUninit::<libc::rlimit>::zeroed();
    // SAFETY: the pointer is to an `rlimit` that the call may write.
    let failed = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, limit.as_mut_ptr()) };
    if failed != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: all of it was zeroed, which is a valid `rlimit`, and the call has filled it in.
    let mut limit = unsafe { limit.assume_init() };
    limit.rlim_cur = limit.rlim_max;
    // SAFETY: the pointer is to an `rlimit` that lives through the call.
    let failed = unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit) };
    match failed {
        0 => Ok(limit.rlim_cur),
        _ => Err(io::Error::last_os_error()),
    }
}
