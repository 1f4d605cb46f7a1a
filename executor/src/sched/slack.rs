//! Timer slack: by default Linux may wake a sleeping thread 50 µs late, to save wake-ups.

/// Runs `sleep` with the least slack, 1 ns. It is set back afterwards, since threads and processes that user code
/// starts from here would inherit it. Two system calls of 0.1 µs.
#[cfg(all(target_os = "linux", not(miri)))]
pub(super) fn precisely(sleep: impl FnOnce()) {
    set(1);
    sleep();
    // 0: the thread's default.
    set(0);
}

#[cfg(all(target_os = "linux", not(miri)))]
fn set(nanoseconds: libc::c_ulong) {
    // SAFETY: the call takes integers and touches no memory. It cannot fail for these values.
    unsafe { libc::prctl(libc::PR_SET_TIMERSLACK, nanoseconds, 0, 0, 0) };
}

#[cfg(not(all(target_os = "linux", not(miri))))]
pub(super) fn precisely(sleep: impl FnOnce()) {
    sleep();
}
