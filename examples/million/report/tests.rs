use std::{collections::BTreeMap, time::Duration};

use super::*;

fn report(failed: BTreeMap<String, u64>) -> Report {
    let figures = Figures {
        phase: "connect",
        asked: 10_000,
        done: 9_998,
        failed,
        seconds: 0.5,
        per_second: 19_996.0,
        p50_us: 40,
        p99_us: 900,
        p999_us: 1_500,
        max_us: 12_345,
    };
    Report {
        machine: Machine {
            cores: 2,
            kernel: "6.18".to_owned(),
            limits: Limits {
                open_files_soft: 1_024,
                open_files_hard: 20_000,
                files_free: 1,
                memory_available_bytes: 1,
                ports: 32_768..=60_999,
                somaxconn: 4_096,
                tracking_free: None,
            },
        },
        asked: 10_000,
        established: 9_998,
        phases: vec![Load {
            figures,
            server_cpu_us_each: 20.04,
            client_cpu_us_each: 31.26,
        }],
        memory: Memory {
            server_resident_bytes_idle: 450.4,
            server_resident_bytes_after_echoes: 2_048.0,
            server_resident_bytes_http: None,
            kernel_slab_bytes: 8_192.0,
        },
        idle: None,
        closed: Closed {
            seconds: 0.25,
            left_open: 0,
            time_wait: 0,
        },
        kernel_events: KernelEvents {
            listen_overflows: 0,
            tcp_syn_retrans: 3,
            most_files: 24_000,
            files_allowed: 2_400_000,
            tracked: None,
        },
    }
}

#[test]
fn the_table_shows_what_was_measured() {
    let resets = BTreeMap::from([("ECONNRESET".to_owned(), 2)]);
    let text = report(resets).to_string();
    for words in [
        "9,998 of 10,000 connections established",
        "connect  10,000  9,998       2     0.50      19,996      40     900     1,500  12,345           20.0           31.3",
        "failed in connect: 2 times ECONNRESET",
        "450 B resident a connection while idle, 2.00 KiB after the echoes\n",
        "8.00 KiB of slab",
        "TCPSynRetrans 3",
        "24,000 files open on the machine at most (file-nr), of 2,400,000\n",
        "Loopback, both ends on one machine: 2 cores, Linux 6.18.",
        "20,000 open files a process (1,024 as it was started)",
    ] {
        assert!(text.contains(words), "{words:?} is not in\n{text}");
    }
    assert!(!text.contains("idle server"), "{text}");
}

#[test]
fn kernel_events_are_those_of_the_fullest_moment() {
    let figures = |files_open, tracked| KernelFigures {
        slab_bytes: 0,
        listen_overflows: 0,
        syn_retransmissions: 0,
        files_open,
        files_allowed: 9,
        tracked,
    };
    let events = |tracked| {
        KernelEvents::between(
            &figures(1, tracked),
            &figures(7, tracked.map(|_| 500)),
            &figures(2, tracked),
        )
    };
    assert_eq!((events(None).most_files, events(None).tracked), (7, None));
    assert_eq!(events(Some(30)).tracked, Some(470));
    let text = events(Some(30)).to_string();
    assert!(
        text.contains("; 470 connections tracked (conntrack)\n"),
        "{text}"
    );
}

#[test]
fn json_has_the_same_figures() {
    let json = serde_json::to_value(report(BTreeMap::new())).expect("is JSON");
    assert_eq!(json["established"], 9_998);
    assert_eq!(json["phases"][0]["phase"], "connect");
    assert_eq!(json["phases"][0]["p999_us"], 1_500);
    assert_eq!(json["phases"][0]["server_cpu_us_each"], 20.04);
    assert_eq!(json["phases"][0]["client_cpu_us_each"], 31.26);
    assert_eq!(json["kernel_events"]["tcp_syn_retrans"], 3);
    assert!(json["idle"].is_null());
}

#[test]
fn a_failure_or_a_connection_left_open_is_no_success() {
    assert!(report(BTreeMap::new()).is_success());
    assert!(!report(BTreeMap::from([("ETIMEDOUT".to_owned(), 1)])).is_success());
    let mut leaking = report(BTreeMap::new());
    leaking.closed.left_open = 1;
    assert!(!leaking.is_success());
}

#[test]
fn growth_is_shared_among_the_connections() {
    let usage = |resident_bytes| Usage {
        cpu: Duration::ZERO,
        resident_bytes,
        open: 0,
    };
    assert_eq!(growth(&usage(1_000), &usage(5_500), 10), 450.0);
    assert_eq!(growth(&usage(1_000), &usage(900), 10), -10.0);
    assert_eq!(growth(&usage(0), &usage(1), 0), 0.0);
}
