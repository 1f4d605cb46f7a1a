//! Random numbers for the choice of victims: xorshift64 (Marsaglia, *Xorshift RNGs*, 2003). Not for secrets.

pub(super) struct Random(u64);

impl Random {
    pub(super) fn seeded(seed: u64) -> Random {
        // Any state but 0 will do; an odd multiplier keeps different seeds different.
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// All numbers below `count`, from a random one on, at a distance without a common factor with `count`: unlike a rotation, who
    /// comes after whom differs too. (Go: `randomOrder`, proc.go)
    pub(super) fn order(&mut self, count: usize) -> impl Iterator<Item = usize> + use<> {
        let start = self.below(count);
        let mut stride = 1 + self.below(count);
        while common_factor(stride, count) != 1 {
            stride -= 1; // Ends at 1.
        }
        (0..count).map(move |n| (start + n * stride) % count)
    }

    /// A number below `bound`.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        ((self.0 >> 32).wrapping_mul(bound as u64) >> 32) as usize
    }
}

/// The greatest, by Euclid.
fn common_factor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { common_factor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_order_has_all_and_who_follows_whom_differs() {
        let mut random = Random::seeded(7);
        // (Miri is slow.)
        let counts: &[usize] = if cfg!(miri) {
            &[1, 2, 7]
        } else {
            &[1, 2, 3, 4, 7, 12, 64]
        };
        for &count in counts {
            let mut followers = HashSet::new();
            for _ in 0..200 {
                let order: Vec<usize> = random.order(count).collect();
                let mut sorted = order.clone();
                sorted.sort_unstable();
                assert_eq!(sorted, (0..count).collect::<Vec<_>>());
                let first = order.iter().position(|&it| it == 0).expect("it is there");
                followers.insert(order[(first + 1) % count]);
            }
            // As many as there are strides.
            let strides = (1..=count).filter(|&it| common_factor(it, count) == 1);
            assert_eq!(followers.len(), strides.count(), "of {count}");
        }
    }
}
