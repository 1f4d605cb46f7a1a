//! Names, state words and bodies by themselves, without a scheduler.

use std::{
    future::Pending,
    mem::ManuallyDrop,
    panic::Location,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    task::{Wake as Wakeable, Waker},
};

use super::{
    body::{self, Body},
    name::Name,
    state::{Detach, Finish, Join, Outcome, Start, Suspend, Wake},
    *,
};
use crate::{
    slab::{self, SlotIndex},
    wait::Reason,
    waiter::Waiter,
};

/// A task that nobody runs but the test: published, so it is scheduled and has a handle.
fn publish() -> (Name, &'static Header) {
    slab::reserve().unwrap();
    let slot = slab::allocate(class_of::<Pending<()>>()).unwrap();
    let origin = Origin::at(Location::caller());
    let name = fill(slot, std::future::pending::<()>(), origin, u16::MAX);
    let header = Header::of(slot);
    header.state.publish(name.generation());
    (name, header)
}

#[test]
fn a_place_is_never_seen_with_the_reason_of_another() {
    let (name, header) = publish();
    let sites = [Location::caller(), header.spawned_at().unwrap()];
    assert_ne!(sites[0], sites[1]);
    let reasons = [Reason::Sleep, Reason::Join];
    let enough = if cfg!(miri) { 10 } else { 10_000 };
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for n in (0..2).cycle().take_while(|_| !over.load(SeqCst)) {
                header.set_wait(sites[n], reasons[n]);
            }
        });
        let mut seen = [0; 2];
        while seen.iter().any(|&times| times < enough) {
            let waits = header.waits();
            let Some(site) = waits.now() else { continue };
            let n = usize::from(std::ptr::eq(site.at, sites[1]));
            assert_eq!((site.at, site.reason), (sites[n], reasons[n]));
            seen[n] += 1;
        }
        over.store(true, SeqCst);
    });
    let last = header.waits().now();
    header.end_wait();
    assert_eq!(header.waits().now(), None);
    assert_eq!(header.waits().last, last);
    unpublish(name);
}

/// Ends it and gives its slot back.
fn unpublish(name: Name) {
    let header = Header::named(name);
    let _ = header.state.start(name.generation());
    match header.state.finish(Outcome::Cancelled) {
        Finish::Published => assert_eq!(header.state.detach(), Detach::Done(Outcome::Cancelled)),
        other => assert_eq!(other, Finish::Unwanted),
    }
    free(name);
}

#[test]
fn names_are_a_slot_and_a_generation() {
    for (index, generation) in [
        (1, 1),
        (7, 1),
        (1, u32::MAX),
        ((1 << 31) - 1, 3),
        (1 << 20, 1 << 31),
    ] {
        let name = Name::new(index, generation);
        assert_eq!((name.index(), name.generation()), (index, generation));
        assert_eq!(Name::from_bits(name.bits()), Some(name));
        assert_ne!(name, Name::NOBODY);
        assert_eq!(format!("{name:?}"), format!("{index}.{generation}"));
    }
    assert_eq!(Name::from_bits(0), None);
    let pointer = Box::new(7_u64);
    assert_eq!(
        Name::from_bits(std::ptr::from_ref(&*pointer).addr() as u64),
        None
    );
    assert_eq!(size_of::<Option<Name>>(), 8);
}

#[test]
fn a_task_is_polled_once_for_what_woke_it() {
    let (name, header) = publish();
    let (state, generation) = (&header.state, name.generation());
    assert_eq!(
        state.wake(generation),
        Wake::Nothing,
        "it is scheduled already"
    );
    assert_eq!(state.start(generation), Start::Poll);
    assert_eq!(state.start(generation), Start::Stale, "one at a time");
    assert_eq!(state.suspend(), Suspend::Idle);
    assert_eq!(state.start(generation), Start::Stale, "nobody woke it");
    assert_eq!(state.wake(generation), Wake::Queue);
    assert_eq!(state.wake(generation), Wake::Nothing);
    assert_eq!(state.start(generation), Start::Poll);
    assert_eq!(
        state.wake(generation),
        Wake::Nothing,
        "who runs it queues it again"
    );
    assert_eq!(state.suspend(), Suspend::Queue);
    assert_eq!(state.start(generation), Start::Poll);
    state.yield_now();
    assert_eq!(state.wake(generation), Wake::Nothing);
    unpublish(name);
}

#[test]
fn a_cancelled_task_is_dropped_at_its_next_turn() {
    for wake_first in [false, true] {
        let (name, header) = publish();
        let (state, generation) = (&header.state, name.generation());
        assert_eq!(state.start(generation), Start::Poll);
        if wake_first {
            assert_eq!(state.wake(generation), Wake::Nothing);
        }
        assert_eq!(
            state.cancel(generation),
            Wake::Nothing,
            "who runs it queues it again"
        );
        assert_eq!(state.cancel(generation), Wake::Nothing);
        assert_eq!(state.suspend(), Suspend::Queue);
        assert_eq!(state.start(generation), Start::Cancel);
        assert_eq!(state.finish(Outcome::Cancelled), Finish::Published);
        assert_eq!(state.join(), Join::Done(Outcome::Cancelled));
        assert_eq!(state.cancel(generation), Wake::Nothing);
        assert_eq!(state.wake(generation), Wake::Nothing);
        assert_eq!(state.detach(), Detach::Done(Outcome::Cancelled));
        free(name);
    }
    let (name, header) = publish();
    assert_eq!(header.state.start(name.generation()), Start::Poll);
    assert_eq!(header.state.suspend(), Suspend::Idle);
    assert_eq!(
        header.state.cancel(name.generation()),
        Wake::Queue,
        "it waits"
    );
    unpublish(name);
}

#[test]
fn another_generation_changes_nothing() {
    let (name, header) = publish();
    let (state, generation) = (&header.state, name.generation());
    let refuses = |generation: u32| {
        let before = state.load();
        assert_eq!(state.wake(generation), Wake::Nothing);
        assert_eq!(state.cancel(generation), Wake::Nothing);
        assert_eq!(state.start(generation), Start::Stale);
        assert!(!state.claim(generation));
        assert_eq!(state.load(), before);
    };
    for other in [0, generation.wrapping_sub(1), generation + 1, u32::MAX] {
        refuses(other);
    }
    assert_eq!(state.start(generation), Start::Poll);
    refuses(generation + 1);
    assert_eq!(state.finish(Outcome::Output), Finish::Published);
    refuses(generation);
    assert_eq!(state.detach(), Detach::Done(Outcome::Output));
    free(name);
    // The slot is free, or has its next task.
    assert_eq!(state.wake(generation), Wake::Nothing);
    assert_eq!(state.cancel(generation), Wake::Nothing);
    assert!(state.load().generation() > generation);
}

#[test]
fn the_joiner_is_taken_before_the_end_is_told() {
    let (name, header) = publish();
    let state = &header.state;
    assert_eq!(state.start(name.generation()), Start::Poll);
    assert_eq!(state.join(), Join::Vacant);
    assert!(state.set_joiner());
    assert_eq!(state.join(), Join::Registered);
    assert!(state.unset_joiner());
    assert!(!state.unset_joiner());
    assert!(state.set_joiner());
    assert_eq!(state.finish(Outcome::Output), Finish::Joiner);
    assert_eq!(state.join(), Join::Completing);
    assert!(!state.unset_joiner(), "the completer has it");
    assert!(!state.set_joiner(), "it is about to end");
    assert_eq!(state.finish(Outcome::Output), Finish::Published);
    assert_eq!(state.join(), Join::Done(Outcome::Output));
    assert!(!state.set_joiner());
    assert_eq!(state.detach(), Detach::Done(Outcome::Output));
    free(name);
}

#[test]
fn a_task_without_a_handle_frees_itself() {
    let (name, header) = publish();
    assert_eq!(header.state.detach(), Detach::Detached);
    assert!(header.state.claim(name.generation()), "nobody polls it");
    assert!(!header.state.claim(name.generation()));
    assert_eq!(header.state.finish(Outcome::Cancelled), Finish::Unwanted);
    free(name);
}

#[test]
fn a_slot_whose_generations_are_used_up_is_retired() {
    slab::reserve().unwrap();
    let slot = slab::allocate(class_of::<Pending<[u8; 700]>>()).unwrap();
    let state = &Header::of(slot).state;
    assert!(!state.free(u32::MAX - 1), "there is no next one");
    assert_eq!(state.load().generation(), u32::MAX);
    // It is never given back; every transition of its last task is refused.
    assert_eq!(state.wake(u32::MAX - 1), Wake::Nothing);
    assert_eq!(state.start(u32::MAX - 1), Start::Stale);
    assert_eq!(state.start(u32::MAX), Start::Stale);
}

/// Where the body of a task that runs `F` lies in its slot, and whether it fits.
fn body_fits<F: Future>(slot: SlotIndex) -> bool {
    let class = class_of::<F>();
    // SAFETY: the slot is this test's, and of that class.
    let body = unsafe { body::open::<F>(slot.address()) };
    let start = body.addr().get();
    let aligned = start % align_of::<Body<F>>() == 0;
    let slot_start = slot.address().addr().get();
    let inside =
        start >= slot_start + 48 && start + size_of::<Body<F>>() <= slot_start + class.size();
    // SAFETY: the slot is still this test's, and nothing was written to the body.
    unsafe { body::close::<F>(slot.address()) };
    aligned && (inside || cfg!(gmp_boxed))
}

#[test]
fn bodies_of_every_alignment_fit_their_slots() {
    #[repr(align(64))]
    struct Line(#[expect(dead_code, reason = "for its size")] [u8; 65]);
    #[repr(align(4096))]
    struct Page(#[expect(dead_code, reason = "for its size")] u8);

    fn check<F: Future>() {
        slab::reserve().unwrap();
        let class = class_of::<F>();
        // Several, since where in a page a slot begins differs.
        let slots: Vec<SlotIndex> = (0..40).map(|_| slab::allocate(class).unwrap()).collect();
        for &slot in &slots {
            assert!(
                body_fits::<F>(slot),
                "{:?} of {}",
                slot,
                std::any::type_name::<F>()
            );
        }
        slots
            .into_iter()
            .for_each(|slot| slab::release(class, slot));
    }
    check::<Pending<()>>();
    check::<std::future::Ready<u128>>();
    check::<std::future::Ready<[u8; 17]>>();
    check::<std::future::Ready<Line>>();
    check::<std::future::Ready<Page>>();
    check::<Pending<Page>>();
    check::<std::future::Ready<[u8; 40_000]>>();
    assert!(size_of::<ManuallyDrop<Line>>() == 128);
}

#[test]
fn the_smallest_tasks_take_the_smallest_slots() {
    if cfg!(gmp_boxed) {
        return;
    }
    assert_eq!(class_of::<Pending<()>>().size(), 64);
    assert_eq!(class_of::<std::future::Ready<u64>>().size(), 64);
    // An output, too, has to fit where the future was.
    assert!(class_of::<Pending<[u8; 500]>>().size() >= 548);
}

/// Counts its wakes.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wakeable for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_waiter_is_one_word_of_a_name_or_a_box() {
    assert_eq!(size_of::<Option<Waiter>>(), 8);
    let (name, _) = publish();
    let own = waker::new(name);
    assert_eq!(waker::name_of(&own), Some(name));
    let wakes = Arc::new(Wakes::default());
    let foreign = Waker::from(wakes.clone());
    assert_eq!(waker::name_of(&foreign), None);
    let waiter = Waiter::new(&own);
    assert!(waiter.will_wake(&own) && waiter.will_wake(&own.clone()));
    assert!(!waiter.will_wake(&foreign) && !Waiter::new(&foreign).will_wake(&own));
    assert_eq!(waiter.bits(), name.bits());
    assert_eq!(Arc::strong_count(&wakes), 2);
    let boxed = Waiter::new(&foreign).into_bits();
    assert_eq!(Arc::strong_count(&wakes), 3);
    // SAFETY: the word is a waiter's, once.
    let again = unsafe { Waiter::from_bits(boxed) }.unwrap();
    again.wake();
    assert_eq!((wakes.0.load(SeqCst), Arc::strong_count(&wakes)), (1, 2));
    unpublish(name);
}
