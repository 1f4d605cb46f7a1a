//! All processors that a structure has had, by number.
//!
//! They are made when they are first asked for and never freed: thieves, the monitor and timers may look at one at any
//! time, also after it was retired ([`resize`](super::resize)). Each chunk has twice as many places as the one before, so
//! that none ever moves.

use std::sync::{
    OnceLock,
    atomic::{AtomicUsize, Ordering},
};

use super::processor::Processor;

/// More processors than this do not fit the idle counts; no machine has as many CPUs.
pub(crate) const PROCESSORS_MAX: usize = 1 << 12;
/// 1 + 2 + 4 + … places, at least [`PROCESSORS_MAX`].
const CHUNKS: usize = PROCESSORS_MAX.ilog2() as usize + 1;

type Chunk = Box<[OnceLock<Processor>]>;

pub(crate) struct Processors {
    chunks: [OnceLock<Chunk>; CHUNKS],
    /// All with a lower number are made.
    made: AtomicUsize,
}

impl Processors {
    pub(super) const fn new() -> Processors {
        Processors {
            chunks: [const { OnceLock::new() }; CHUNKS],
            made: AtomicUsize::new(0),
        }
    }

    /// How many there are.
    pub(super) fn made(&self) -> usize {
        self.made.load(Ordering::Acquire)
    }

    /// There are as many afterwards.
    pub(super) fn make(&self, count: usize) {
        for number in self.made()..count {
            let (chunk, place) = place(number);
            let chunk = self.chunks[chunk].get_or_init(|| {
                let places = 1 << chunk;
                (0..places).map(|_| OnceLock::new()).collect()
            });
            chunk[place].get_or_init(|| Processor::new(number));
        }
        self.made.fetch_max(count, Ordering::AcqRel);
    }

    /// The one with this number, which is made.
    pub(super) fn get(&self, number: usize) -> &Processor {
        let (chunk, place) = place(number);
        let chunk = self.chunks[chunk].get();
        let processor = chunk.and_then(|chunk| chunk[place].get());
        processor.expect("who knows its number knows that it is made")
    }

    /// Those with lower numbers than `count`, which are made.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = &Processor> {
        (0..count).map(|number| self.get(number))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Processor> {
        self.first(self.made())
    }
}

/// In which chunk, and where in it.
fn place(number: usize) -> (usize, usize) {
    let chunk = (number + 1).ilog2();
    (chunk as usize, number + 1 - (1 << chunk))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_has_its_place_and_keeps_it() {
        let processors = Processors::new();
        processors.make(3);
        let second = std::ptr::from_ref(processors.get(1));
        processors.make(20);
        processors.make(5);
        assert_eq!(processors.made(), 20);
        let numbers = processors.iter().map(|processor| processor.number);
        assert!(numbers.eq(0..20));
        assert!(std::ptr::eq(second, processors.get(1)));
    }

    #[test]
    fn the_last_one_fits() {
        let (chunk, place) = place(PROCESSORS_MAX - 1);
        assert!(chunk < CHUNKS && place < 1 << chunk);
    }
}
