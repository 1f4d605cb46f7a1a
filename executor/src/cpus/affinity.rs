//! The CPUs that the calling thread may run on.

/// Bytes of the mask: 65,536 CPUs. The call fails if the kernel's mask is longer. Go's value, os_linux.go.
const MASK: usize = 8192;

/// How many CPUs are in the calling thread's mask. `None`: the system does not tell.
pub(super) fn count() -> Option<usize> {
    let mut mask = [0_u64; MASK / 8];
    // SAFETY: the call writes at most as many bytes as it is told, to an array of that many; any bits are numbers. It is
    // aligned as the words of which the system's own type consists.
    let result = unsafe { libc::sched_getaffinity(0, MASK, mask.as_mut_ptr().cast()) };
    let bits: u32 = mask.iter().map(|word| word.count_ones()).sum();
    (result == 0 && bits > 0).then_some(bits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_narrower_mask_is_seen_by_the_thread_that_has_it() {
        let before = count().unwrap();
        let alone = std::thread::spawn(|| {
            // SAFETY: all zeros are an empty mask.
            let mut mask: libc::cpu_set_t = unsafe { std::mem::zeroed() };
            // SAFETY: the call takes nothing and touches no memory.
            let cpu = unsafe { libc::sched_getcpu() } as usize;
            // SAFETY: a CPU that exists has its place in the mask.
            unsafe { libc::CPU_SET(cpu, &mut mask) };
            // SAFETY: the call reads as many bytes as the mask has.
            let set = unsafe { libc::sched_setaffinity(0, size_of_val(&mask), &raw const mask) };
            assert_eq!(set, 0);
            count()
        });
        assert_eq!(alone.join().unwrap(), Some(1));
        assert_eq!(count(), Some(before));
    }
}
