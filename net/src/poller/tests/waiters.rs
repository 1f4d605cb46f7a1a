use super::*;

fn open(poller: &NetPoller) -> (PollDesc, u32) {
    let desc = PollDesc::new(7);
    let (index, generation) = desc.open(poller.shared.clone(), Flags::NOTHING);
    assert_eq!(index, 7);
    (desc, generation)
}

/// Posts, and tells how many waiters were taken.
fn post(desc: &PollDesc, generation: u32, flags: Flags) -> String {
    let mut ready = Ready::default();
    desc.post(generation, flags, &mut ready);
    format!("{ready:?}")
}

fn holders(count: &Arc<Count>) -> usize {
    Arc::strong_count(count) - 2 // `count` itself and the waker that the test holds.
}

#[test]
fn who_comes_after_the_event_does_not_wait() {
    let poller = NetPoller::new().unwrap();
    let (desc, generation) = open(&poller);
    let (count, waker) = Count::new();
    post(&desc, generation, READ_READY);
    assert_eq!(
        desc.park(Direction::Read, &mut Seat::Shared, &waker),
        Parked::TryAgain
    );
    assert_eq!(holders(&count), 0);
    assert_eq!(
        desc.park(Direction::Write, &mut Seat::Shared, &waker),
        Parked::Waits
    );
    assert_eq!(holders(&count), 1);
    assert!(desc.retire().is_some());
    assert_eq!(holders(&count), 0);
}

#[test]
fn an_event_takes_all_waiters_of_its_direction() {
    let poller = NetPoller::new().unwrap();
    let (desc, generation) = open(&poller);
    let (readers, reader) = Count::new();
    let (writers, writer) = Count::new();
    let mut seats = [Seat::Shared, Seat::None, Seat::None];
    for seat in &mut seats {
        assert_eq!(desc.park(Direction::Read, seat, &reader), Parked::Waits);
        assert_eq!(
            desc.park(Direction::Write, &mut Seat::None, &writer),
            Parked::Waits
        );
    }
    assert_eq!((holders(&readers), holders(&writers)), (3, 3));
    post(&desc, generation, READ_READY);
    assert_eq!((holders(&readers), holders(&writers)), (0, 3));
    post(&desc, generation, Flags::WRITE_ENDED);
    assert_eq!(holders(&writers), 0);
    assert_eq!(
        (readers.get(), writers.get()),
        (0, 0),
        "the poller wakes nobody by itself"
    );
}

#[test]
fn a_future_that_waits_again_replaces_its_own_waiter_only() {
    let poller = NetPoller::new().unwrap();
    let (desc, _) = open(&poller);
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    let (mut one, mut other) = (Seat::None, Seat::None);
    assert_eq!(
        desc.park(Direction::Read, &mut one, &first_waker),
        Parked::Waits
    );
    assert_eq!(
        desc.park(Direction::Read, &mut other, &first_waker),
        Parked::Waits
    );
    assert_eq!(
        desc.park(Direction::Read, &mut one, &second_waker),
        Parked::Waits
    );
    assert_eq!((holders(&first), holders(&second)), (1, 1));
    desc.leave(Direction::Read, &other);
    assert_eq!((holders(&first), holders(&second)), (0, 1));
    desc.leave(Direction::Read, &one);
    assert_eq!((holders(&first), holders(&second)), (0, 0));
    assert_eq!((first.get(), second.get()), (0, 0));
    assert!(desc.retire().is_some());
}

#[test]
fn two_share_a_seat_and_neither_takes_it_from_the_other() {
    let poller = NetPoller::new().unwrap();
    let (desc, generation) = open(&poller);
    let (first, first_waker) = Count::new();
    let (second, second_waker) = Count::new();
    for waker in [&first_waker, &second_waker, &first_waker, &second_waker] {
        assert_eq!(
            desc.park(Direction::Read, &mut Seat::Shared, waker),
            Parked::Waits
        );
    }
    assert_eq!((first.get(), second.get()), (0, 0));
    assert_eq!((holders(&first), holders(&second)), (1, 1));
    post(&desc, generation, READ_READY);
    assert_eq!((holders(&first), holders(&second)), (0, 0));
    assert!(desc.retire().is_some());
}

/// A caller with another waker each time: what it leaves behind is bounded, and nobody is forgotten.
#[test]
fn who_is_displaced_from_a_full_seat_is_woken() {
    let poller = NetPoller::new().unwrap();
    let (desc, _) = open(&poller);
    let (own, own_waker) = Count::new();
    let mut own_seat = Seat::None;
    assert_eq!(
        desc.park(Direction::Read, &mut own_seat, &own_waker),
        Parked::Waits
    );
    let callers: Vec<_> = (0..SHARED + 3).map(|_| Count::new()).collect();
    for (_, waker) in &callers {
        assert_eq!(
            desc.park(Direction::Read, &mut Seat::Shared, waker),
            Parked::Waits
        );
    }
    for (count, _) in &callers {
        assert_eq!(count.get() + holders(count), 1, "it waits or was woken");
    }
    let woken: usize = callers.iter().map(|(count, _)| count.get()).sum();
    assert_eq!(woken, 3);
    assert_eq!((own.get(), holders(&own)), (0, 1), "it has its own seat");
    assert!(desc.retire().is_some());
}

/// A waker whose clone and wake would deadlock under the lock of the slot.
#[test]
fn foreign_wakers_may_use_the_slot() {
    static DESC: std::sync::OnceLock<PollDesc> = std::sync::OnceLock::new();
    struct Reenters(&'static PollDesc);
    impl std::task::Wake for Reenters {
        fn wake(self: Arc<Self>) {
            assert_eq!(
                self.0.park(Direction::Read, &mut Seat::None, Waker::noop()),
                Parked::Waits
            );
        }
    }
    impl Drop for Reenters {
        fn drop(&mut self) {
            let mut seat = Seat::None;
            let _ = self.0.park(Direction::Write, &mut seat, Waker::noop());
            self.0.leave(Direction::Write, &seat);
        }
    }
    in_time(|| {
        let poller = NetPoller::new().unwrap();
        let desc = DESC.get_or_init(|| open(&poller).0);
        let mut seat = Seat::None;
        for _ in 0..2 {
            let waker = Arc::new(Reenters(desc)).into();
            assert_eq!(
                desc.park(Direction::Read, &mut Seat::Shared, &waker),
                Parked::Waits
            );
            let waker = Arc::new(Reenters(desc)).into();
            assert_eq!(
                desc.park(Direction::Write, &mut seat, &waker),
                Parked::Waits
            );
        }
        desc.leave(Direction::Write, &seat);
        assert!(desc.retire().is_some());
    });
}
