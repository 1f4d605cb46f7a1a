//! A sandbox as seccomp makes it: system calls that are refused.

use nix::libc::{self, sock_filter, sock_fprog};

/// From now on these system calls fail with `EPERM`, on this thread and on those that it starts.
pub(crate) fn refuse<const N: usize>(calls: [libc::c_long; N]) {
    let statement = |code: u32, k: u32| sock_filter {
        code: code as u16,
        jt: 0,
        jf: 0,
        k,
    };
    let (load, answer) = (
        libc::BPF_LD | libc::BPF_W | libc::BPF_ABS,
        libc::BPF_RET | libc::BPF_K,
    );
    // The number of the call is the first word of what a filter sees.
    let mut filter = vec![statement(load, 0)];
    for call in calls {
        filter.push(sock_filter {
            jf: 1,
            ..statement(libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K, call as u32)
        });
        let refusal = libc::SECCOMP_RET_ERRNO | libc::EPERM as u32;
        filter.push(statement(answer, refusal));
    }
    filter.push(statement(answer, libc::SECCOMP_RET_ALLOW));
    let program = sock_fprog {
        len: filter.len() as u16,
        filter: filter.as_mut_ptr(),
    };
    // SAFETY: the call takes integers.
    let done = unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) };
    assert_eq!(done, 0);
    let (mode, program) = (libc::SECCOMP_MODE_FILTER, &raw const program);
    // SAFETY: the kernel copies the program, which lives as long as the call.
    let done = unsafe { libc::prctl(libc::PR_SET_SECCOMP, mode, program) };
    assert_eq!(done, 0, "{}", std::io::Error::last_os_error());
}
