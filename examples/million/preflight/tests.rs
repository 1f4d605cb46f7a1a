use std::time::Duration;

use super::*;

fn limits() -> Limits {
    Limits {
        open_files_soft: 1_024,
        open_files_hard: 20_000,
        files_free: 2_400_000,
        memory_available_bytes: 24 << 30,
        ports: 32_768..=60_999,
        somaxconn: 4_096,
        tracking_free: None,
    }
}

fn options(connections: Option<usize>) -> Options {
    Options {
        connections,
        http_connections: None,
        requests: 10,
        hold: Duration::from_secs(5),
        window: 256,
        port: 0,
        max_procs: None,
        json: false,
        deadline: Duration::from_secs(60),
    }
}

#[test]
fn the_default_fits_a_stock_machine() {
    let plan = plan(&limits(), &options(None)).expect("fits");
    assert_eq!((plan.connections, plan.http_connections), (10_000, 1_000));
    assert_eq!((plan.destinations(), plan.http_destinations()), (2, 1));
    assert_eq!((plan.window, plan.backlog), (256, 4_096));
    assert_eq!(plan.notes, [""; 0]);
}

#[test]
fn the_default_makes_way_for_the_hard_limit() {
    let limits = Limits {
        open_files_hard: 256,
        ..limits()
    };
    let plan = plan(&limits, &options(None)).expect("shrinks");
    // 95 + 95 sockets, a listener each, 64 other files.
    assert_eq!((plan.connections, plan.http_connections), (95, 95));
    assert_eq!(plan.notes.len(), 1);
    assert!(
        plan.notes[0].starts_with("95 connections instead of 10,000: open files of one process")
    );
}

#[test]
fn a_number_asked_for_is_refused_with_what_fits() {
    let refusal = plan(&limits(), &options(Some(50_000))).expect_err("too many");
    assert!(
        refusal
            .starts_with("50,000 connections do not fit, 18,932 would: open files of one process"),
        "{refusal}"
    );
    assert!(refusal.contains("ulimit -Hn"), "{refusal}");
    assert_eq!(
        plan(&limits(), &options(Some(18_932)))
            .expect("fits")
            .connections,
        18_932
    );
    assert!(plan(&limits(), &options(Some(18_933))).is_err());
}

#[test]
fn http_connections_take_the_place_of_others() {
    let without = Options {
        http_connections: Some(0),
        ..options(Some(19_933))
    };
    assert_eq!(
        plan(&limits(), &without).expect("fits").http_destinations(),
        0
    );
    let many = Options {
        http_connections: Some(19_935),
        ..options(None)
    };
    let refusal = plan(&limits(), &many).expect_err("no room");
    assert!(refusal.contains("0 would"), "{refusal}");
}

#[test]
fn each_scarce_resource_is_named() {
    let memory = Limits {
        memory_available_bytes: 300 << 20,
        ..limits()
    };
    let files = Limits {
        files_free: 10_000,
        ..limits()
    };
    let ports = Limits {
        ports: 50_000..=50_029,
        ..limits()
    };
    for (limits, name, fit) in [
        (memory, "memory", 722),
        (files, "open files of the machine", 3_934),
        (ports, "source ports", 2_500),
    ] {
        let plan = plan(&limits, &options(None)).expect(name);
        assert!(plan.notes[0].contains(name), "{:?}", plan.notes);
        assert_eq!(plan.connections, fit, "{name}");
    }
}

#[test]
fn without_room_even_the_default_is_refused() {
    let limits = Limits {
        open_files_hard: 60,
        ..limits()
    };
    assert!(plan(&limits, &options(None)).is_err());
}

#[test]
fn memory_is_left_to_the_rest_of_the_machine() {
    let machine = |memory_available_bytes| Limits {
        open_files_hard: 2_000_000,
        files_free: 8_000_000,
        memory_available_bytes,
        ..limits()
    };
    let million = Options {
        http_connections: Some(0),
        ..options(Some(1_000_000))
    };
    let needed = 1_000_000 * (12 << 10) + (5 << 29);
    assert!(plan(&machine(needed), &million).is_ok());
    assert!(plan(&machine(needed - (16 << 20)), &million).is_err());
    let small = plan(&machine(512 << 20), &options(None)).expect("fits");
    assert_eq!((small.connections, small.notes.len()), (10_000, 0));
}

#[test]
fn a_small_table_of_tracked_connections_is_told() {
    let limits = |tracking_free| Limits {
        tracking_free: Some(tracking_free),
        ..limits()
    };
    assert_eq!(
        plan(&limits(11_000), &options(None)).expect("fits").notes,
        [""; 0]
    );
    let told = plan(&limits(10_999), &options(None)).expect("fits").notes;
    assert!(
        told[0].contains("room for 10,999 more connections (conntrack), 11,000 are needed"),
        "{told:?}"
    );
}

#[test]
fn the_window_is_no_larger_than_the_backlog() {
    let limits = Limits {
        somaxconn: 128,
        ..limits()
    };
    let plan = plan(&limits, &options(None)).expect("fits");
    assert_eq!((plan.window, plan.backlog), (128, 128));
    assert!(plan.notes[0].starts_with("a window of 128 instead of 256"));
}

#[test]
fn a_small_port_range_takes_more_destinations() {
    let limits = Limits {
        ports: 32_768..=38_767,
        ..limits()
    };
    let plan = plan(&limits, &options(None)).expect("fits");
    assert_eq!((plan.per_destination, plan.destinations()), (2_000, 5));
}
