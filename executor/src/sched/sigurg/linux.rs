//! The handler, and the sending.

mod frames;
#[cfg(target_arch = "aarch64")]
#[path = "aarch64.rs"]
mod registers;
#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
#[path = "no_registers.rs"]
mod registers;
#[cfg(target_arch = "x86_64")]
#[path = "x86_64.rs"]
mod registers;

use std::{
    mem::{MaybeUninit, transmute},
    ptr::null_mut,
    sync::{
        Once,
        atomic::{AtomicPtr, Ordering},
    },
};

use libc::{c_int, c_void, sigaction, siginfo_t, ucontext_t};

pub(crate) use frames::Bounds;
use frames::Frames;

use crate::sched::section;

/// A handler for `SA_SIGINFO`, and one without.
type Informed = extern "C" fn(c_int, *mut siginfo_t, *mut c_void);
type Plain = extern "C" fn(c_int);

/// What was there before; never freed. Null: nothing, or the handler is not installed.
static PREVIOUS: AtomicPtr<sigaction> = AtomicPtr::new(null_mut());

/// Installs the handler, once for the process. If the system refuses there are no pictures.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let Some(previous) = exchange(None) else {
            return;
        };
        // Before the new one may be called.
        PREVIOUS.store(Box::leak(Box::new(previous)), Ordering::Release);
        let mut action = previous;
        action.sa_sigaction = handle as Informed as usize;
        // What the previous handler wants blocked is blocked. The flags are ours: most threads that the signal interrupts
        // know nothing of it.
        action.sa_flags = libc::SA_SIGINFO | libc::SA_RESTART | libc::SA_ONSTACK;
        exchange(Some(&action));
    });
}

/// Sets the signal's action, if there is a new one. What it was before; `None`: the system refuses.
fn exchange(new: Option<&sigaction>) -> Option<sigaction> {
    let new = new.map_or(std::ptr::null(), std::ptr::from_ref);
    let mut old = MaybeUninit::uninit();
    // SAFETY: both pointers are null or to such structures; `handle`, if it is the new one, may run at any time (U1, U2).
    let result = unsafe { sigaction(libc::SIGURG, new, old.as_mut_ptr()) };
    // SAFETY: the call has filled it.
    (result == 0).then(|| unsafe { old.assume_init() })
}

/// Sends the signal to a thread of this process. False: there is no such thread.
pub(crate) fn send(thread: i32) -> bool {
    // SAFETY: the call takes integers and touches no memory.
    unsafe { libc::syscall(libc::SYS_tgkill, std::process::id(), thread, libc::SIGURG) == 0 }
}

extern "C" fn handle(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: the call gives the thread's own `errno`, and cannot fail.
    let errno = unsafe { libc::__errno_location() };
    // SAFETY: the pointer is to the thread's own `errno`.
    let before = unsafe { errno.read() };
    // SAFETY: `SA_SIGINFO` is set, so the system passes a valid pointer.
    if is_ours(unsafe { &*information }) {
        // SAFETY: as above: to the registers of the interrupted thread.
        attend(unsafe { &*context.cast() });
    }
    call_previous(signal, information, context);
    // SAFETY: as above.
    unsafe { errno.write(before) };
}

/// Sent by a thread of this process to a thread of its own. Others may come to any thread, also to one that is just
/// beginning.
fn is_ours(information: &siginfo_t) -> bool {
    // SAFETY: the sender's id is there if the code says that a thread sent the signal.
    let sender = || unsafe { information.si_pid() };
    information.si_code == libc::SI_TKILL && sender() as u32 == std::process::id()
}

/// What the signal is for, if the thread is a machine's.
fn attend(context: &ucontext_t) {
    let Some(machine) = section::machine() else {
        return;
    };
    machine.hurry();
    let task = machine.current_bits();
    let bounds = machine.stack.get();
    machine.sample.fill(task, Frames::new(context, bounds));
}

fn call_previous(signal: c_int, information: *mut siginfo_t, context: *mut c_void) {
    // SAFETY: `install` stored null or what it leaked.
    let Some(previous) = (unsafe { PREVIOUS.load(Ordering::Acquire).as_ref() }) else {
        return;
    };
    let handler = previous.sa_sigaction;
    if handler == libc::SIG_DFL || handler == libc::SIG_IGN {
        // The default is to ignore it, too.
        return;
    }
    if previous.sa_flags & libc::SA_SIGINFO != 0 {
        // SAFETY: with this flag the system would call it so.
        let handler = unsafe { transmute::<usize, Informed>(handler) };
        handler(signal, information, context);
    } else {
        // SAFETY: without that flag the system would call it so.
        let handler = unsafe { transmute::<usize, Plain>(handler) };
        handler(signal);
    }
}
