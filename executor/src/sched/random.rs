//! Random numbers for the choice of victims: xorshift64 (Marsaglia, *Xorshift RNGs*, 2003). Not for secrets.

pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Random {
        // Any state but 0 will do; an odd multiplier keeps different seeds different.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32).wrapping_mul(bound as u64) >> 32) as usize
    }
}
