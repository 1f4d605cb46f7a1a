//! What an interrupted thread's registers say, on aarch64.

use libc::ucontext_t;

use super::frames::Registers;

/// The frame pointer, by the procedure call standard.
const FRAME_POINTER: usize = 29;

/// Bits of an address in user space. Those above may hold a signature of the return address (pointer authentication).
const ADDRESS_BITS: u32 = 48;

pub(super) fn of(context: &ucontext_t) -> Registers {
    let registers = &context.uc_mcontext;
    Registers {
        counter: registers.pc as usize,
        stack_pointer: registers.sp as usize,
        frame_pointer: registers.regs[FRAME_POINTER] as usize,
    }
}

/// A return address as it lies on the stack.
pub(super) fn strip(address: usize) -> usize {
    address & ((1 << ADDRESS_BITS) - 1)
}
