//! The slab by itself: slots are nobody's twice, and a place never sees a generation again.
//!
//! The monitors of other tests' runtimes may release empty spans at any time: that must disturb nothing here.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
};

use super::{
    class::{SMALL_MAX, UNIT},
    list, *,
};

/// A class that no task of the other tests is likely to have.
fn class(bytes: usize) -> Class {
    reserve().unwrap();
    Class::for_size(bytes)
}

/// The word in the body of a slot that tests mark it with.
fn mark(slot: SlotIndex) -> &'static AtomicU64 {
    // SAFETY: a slot has at least 64 bytes, of which the header takes 48.
    let address = unsafe { slot.address().add(48) };
    // SAFETY: the slot is mapped for ever, and its owner is the only one to use the word.
    unsafe { address.cast::<AtomicU64>().as_ref() }
}

/// Frees a slot as the task that had it would: its generation grows.
fn next_generation(slot: SlotIndex) -> u32 {
    let next = list::generation(slot) + 1;
    list::set_generation(slot, next);
    next
}

#[test]
fn slots_are_apart_and_well_placed() {
    for bytes in [64, 65, 500, 4001, SMALL_MAX, SMALL_MAX + 1, 3 << 20] {
        let class = class(bytes);
        let count = if bytes > SMALL_MAX { 3 } else { 200 };
        let slots: Vec<SlotIndex> = (0..count).map(|_| allocate(class).unwrap()).collect();
        let mut starts: Vec<usize> = slots
            .iter()
            .map(|slot| slot.address().addr().get())
            .collect();
        starts.sort_unstable();
        assert!(
            starts
                .windows(2)
                .all(|pair| pair[1] - pair[0] >= class.size())
        );
        for &slot in &slots {
            assert_eq!(slot.address().addr().get() % 32, 0);
            assert_eq!(slot.span().descriptor().class(), class);
            assert!(list::generation(slot) >= 1);
            let last = class.size() - 1;
            // SAFETY: the slot is this test's, to its last byte.
            unsafe { slot.address().add(last).write(7) };
            // SAFETY: the same.
            assert_eq!(unsafe { slot.address().add(last).read() }, 7);
        }
        slots.into_iter().for_each(|slot| release(class, slot));
    }
}

#[test]
fn a_slot_is_found_by_any_index_that_lies_in_its_span() {
    let class = class(3 << 20);
    let slot = allocate(class).unwrap();
    let units = class.span_units();
    assert_eq!(units, (3 << 20) / UNIT);
    for unit in 0..units as u32 {
        let inside = SlotIndex::new(slot.get() + unit * (UNIT / 32) as u32).unwrap();
        assert_eq!(inside.span(), slot.span());
    }
    release(class, slot);
}

#[test]
fn carved_slots_are_walked_and_spans_have_their_classes() {
    let class = class(6000);
    let slot = allocate(class).unwrap();
    assert!(slots().any(|walked| walked == slot));
    let mut end = 0;
    for (span, class) in spans() {
        let start = span.start().addr().get();
        assert!(start >= end, "spans lie one behind the other");
        end = start + class.span_units() * UNIT;
        assert!(span.descriptor().carved() as usize <= class.slots());
    }
    release(class, slot);
}

#[test]
fn caches_take_and_give_whatever_the_others_do() {
    let class = class(5200);
    let (mut one, mut other) = (Cache::new(), Cache::new());
    let mut owned = HashSet::new();
    for round in 0..50 {
        for _ in 0..40 {
            let slot = one.allocate(class).unwrap();
            assert!(
                owned.insert(slot.get()),
                "slot {slot:?} was given twice, in round {round}"
            );
        }
        let back: Vec<u32> = owned.iter().copied().take(40).collect();
        for index in back {
            owned.remove(&index);
            let slot = SlotIndex::new(index).unwrap();
            next_generation(slot);
            if round % 3 == 0 {
                one.release(class, slot)
            } else {
                other.release(class, slot)
            }
        }
    }
    // What was given on the one side came back from the other: the class did not grow with the rounds.
    assert!(owned.is_empty());
    let (slots_of_class, reserved) = (class.slots(), heap::bytes_by_class()[class.index()]);
    assert!(
        reserved
            <= (40 + 8 * class.batch() * 20).div_ceil(slots_of_class) * class.span_units() * UNIT
    );
    one.flush();
    other.flush();
    let mut taken = 0;
    one.counts().add_to(&mut |seen, count, misses| {
        if seen == class {
            taken += count;
            assert!(misses <= count);
        }
    });
    assert_eq!(taken, 2000);
}

#[test]
fn threads_never_own_the_same_slot() {
    let class = class(4600);
    let threads: Vec<_> = (1..=4_u64)
        .map(|own| {
            thread::spawn(move || {
                let mut cache = Cache::new();
                let mut slots = Vec::new();
                for round in 0..if cfg!(miri) { 100 } else { 5000_u64 } {
                    let slot = if own % 2 == 0 {
                        cache.allocate(class)
                    } else {
                        allocate(class)
                    }
                    .unwrap();
                    mark(slot).store(own << 32 | round, SeqCst);
                    slots.push((slot, round));
                    if round % 7 < 4 && slots.len() > 3 || slots.len() > 60 {
                        let at = (round * 31) as usize % slots.len();
                        let (slot, round) = slots.swap_remove(at);
                        assert_eq!(
                            mark(slot).load(SeqCst),
                            own << 32 | round,
                            "somebody else wrote"
                        );
                        next_generation(slot);
                        if round % 2 == 0 {
                            cache.release(class, slot)
                        } else {
                            release(class, slot)
                        }
                    }
                }
                for (slot, round) in slots {
                    assert_eq!(mark(slot).load(SeqCst), own << 32 | round);
                    release(class, slot);
                }
                cache.flush();
            })
        })
        .collect();
    threads
        .into_iter()
        .for_each(|thread| thread.join().unwrap());
}

#[test]
#[cfg_attr(miri, ignore = "Miri knows no memory maps")]
fn generations_go_on_when_pages_were_released() {
    let class = class(7000);
    let mut highest = std::collections::HashMap::new();
    for round in 0..5 {
        let slots: Vec<SlotIndex> = (0..100).map(|_| allocate(class).unwrap()).collect();
        for &slot in &slots {
            let generation = list::generation(slot);
            let before = highest.insert(slot.get(), generation).unwrap_or(0);
            assert!(
                generation > before,
                "{generation} after {before} at {slot:?}, in round {round}"
            );
        }
        for slot in slots {
            for _ in 0..round {
                next_generation(slot);
            }
            highest.insert(slot.get(), next_generation(slot) - 1);
            release(class, slot);
        }
        scavenge();
        let (idle, released) = central::of(class).idle(class);
        assert!(
            released > 0 && released <= idle.next_multiple_of(UNIT) + class.span_units() * UNIT
        );
    }
}

#[test]
fn pages_with_a_slot_in_use_stay() {
    let class = class(9000);
    let slots: Vec<SlotIndex> = (0..class.slots() * 4)
        .map(|_| allocate(class).unwrap())
        .collect();
    let kept: Vec<SlotIndex> = slots.iter().copied().step_by(class.slots()).collect();
    for &slot in &kept {
        mark(slot).store(u64::from(slot.get()), SeqCst);
    }
    for slot in slots {
        if !kept.contains(&slot) {
            next_generation(slot);
            release(class, slot);
        }
    }
    scavenge();
    for slot in kept {
        assert_eq!(mark(slot).load(SeqCst), u64::from(slot.get()));
        next_generation(slot);
        release(class, slot);
    }
}

#[test]
fn a_span_whose_generations_are_nearly_used_up_is_not_released() {
    let class = class(11_000);
    // All of a span, so that it is empty afterwards but for this test's doing.
    let slots: Vec<SlotIndex> = (0..class.slots())
        .map(|_| allocate(class).unwrap())
        .collect();
    let span = slots[0].span();
    list::set_generation(slots[0], u32::MAX - 1);
    slots.iter().for_each(|&slot| release(class, slot));
    scavenge();
    let in_span = slots.iter().all(|slot| slot.span() == span);
    assert!(
        !in_span || !span.descriptor().released(),
        "its slots would be exhausted when carved"
    );
    list::set_generation(slots[0], 5);
}

#[test]
fn a_released_page_reads_as_never_carved() {
    let class = class(SMALL_MAX * 4);
    let slot = allocate(class).unwrap();
    next_generation(slot);
    mark(slot).store(u64::MAX, SeqCst);
    release(class, slot);
    scavenge();
    if slot.span().descriptor().released() {
        assert_eq!(list::generation(slot), 0);
        assert_eq!(slot.span().descriptor().carved(), 0);
    }
    let again: Vec<SlotIndex> = (0..8).map(|_| allocate(class).unwrap()).collect();
    assert!(again.iter().all(|&slot| list::generation(slot) > 0));
    again.into_iter().for_each(|slot| release(class, slot));
}

#[test]
fn walkers_go_beside_growing_and_releasing() {
    let class = class(12_500);
    let over = Arc::new(Mutex::new(false));
    let walker = thread::spawn({
        let over = over.clone();
        move || {
            let mut walks = 0;
            while !*over.lock().unwrap() {
                for slot in slots() {
                    let span = slot.span();
                    assert!(span.descriptor().class().size() >= 64);
                    // Any value will do; what counts is that it may be read.
                    std::hint::black_box(list::generation(slot));
                }
                walks += 1;
            }
            walks
        }
    });
    // Miri is some hundred times slower.
    let (rounds, burst) = if cfg!(miri) { (3, 10) } else { (20, 100) };
    for _ in 0..rounds {
        let slots: Vec<SlotIndex> = (0..burst).map(|_| allocate(class).unwrap()).collect();
        for slot in slots {
            next_generation(slot);
            release(class, slot);
        }
        scavenge();
    }
    *over.lock().unwrap() = true;
    assert!(walker.join().unwrap() > 0);
}
