//! What an interrupted thread's registers say, on x86-64.

use libc::ucontext_t;

use super::frames::Registers;

pub(super) fn of(context: &ucontext_t) -> Registers {
    let registers = &context.uc_mcontext.gregs;
    let register = |which: libc::c_int| registers[which as usize] as usize;
    Registers {
        counter: register(libc::REG_RIP),
        stack_pointer: register(libc::REG_RSP),
        frame_pointer: register(libc::REG_RBP),
    }
}

/// A return address as it lies on the stack.
pub(super) fn strip(address: usize) -> usize {
    address
}
