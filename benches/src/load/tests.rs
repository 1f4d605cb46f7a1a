use super::*;

const WRK: &str = "\
Running 3s test @ http://127.0.0.1:40000/
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency   512.00us  100.00us   3.00ms   90.00%
    Req/Sec    80.10k     1.20k   82.00k    70.00%
  240411 requests in 3.00s, 20.00MB read
Requests/sec:  80137.00
Transfer/sec:      6.67MB
";

#[test]
fn wrk_says_how_many_requests_were_answered() {
    assert_eq!(wrk_requests(WRK), Ok(240_411.0));
}

#[test]
fn wrk_with_bad_answers_or_broken_connections_is_no_measurement() {
    for errors in [
        "  Non-2xx or 3xx responses: 7",
        "  Socket errors: connect 0, read 3, write 0, timeout 0",
    ] {
        let output = format!("{WRK}{errors}\n");
        assert_eq!(
            wrk_requests(&output),
            Err(format!("wrk saw errors: {}", errors.trim()))
        );
    }
}

#[test]
fn slow_answers_are_answers() {
    let output = format!("{WRK}  Socket errors: connect 0, read 0, write 0, timeout 12\n");
    assert_eq!(wrk_requests(&output), Ok(240_411.0));
}

#[test]
fn wrk_without_requests_is_no_measurement() {
    assert!(wrk_requests("").is_err());
    assert!(wrk_requests("  0 requests in 3.00s, 0.00B read\n").is_err());
}

#[test]
fn h2load_says_how_many_requests_succeeded() {
    let line = "requests: 0 total, 9000 started, 8950 done, 8900 succeeded, 0 failed, 0 errored, 0 timeout\n";
    assert_eq!(h2load_requests(line), Ok(8900.0));
}

#[test]
fn h2load_with_failures_or_without_figures_is_no_measurement() {
    let line = "requests: 0 total, 9000 started, 8950 done, 8900 succeeded, 50 failed, 50 errored, 0 timeout\n";
    assert!(h2load_requests(line).is_err());
    assert!(h2load_requests("").is_err());
}

#[test]
fn a_server_that_prints_something_else_is_told_from_one_that_serves() {
    assert_eq!(number("{\"port\":4711}", "port"), Ok(4711.0));
    assert!(matches!(
        number("panicked", "port"),
        Err(Trouble::Failed(_))
    ));
}
