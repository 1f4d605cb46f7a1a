use super::*;

const OUTPUT: &str = "\
Running 5s test @ http://127.0.0.1:40000/health
  1 threads and 8 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.52ms    1.10ms  20.00ms   99.00%
    Req/Sec     2.10k     1.20k    3.00k    70.00%
  Latency Distribution
     50%  512.00us
     75%    1.00ms
     90%    2.00ms
     99%    1.25s 
  10411 requests in 5.00s, 1.00MB read
Requests/sec:   2082.20
";

#[test]
fn wrk_says_how_late_its_answers_were() {
    let sample = figures(Sample::default(), OUTPUT).expect("figures");
    assert_eq!(sample.get(WRK_MEDIAN), Some(0.512));
    assert_eq!(sample.get(WRK_P99), Some(1250.0));
    assert_eq!(sample.get(WRK_ANSWERS), Some(10_411.0));
}

#[test]
fn without_answers_there_are_no_percentiles() {
    let output = "     50%    0.00us\n     99%    0.00us\n  0 requests in 5.01s, 0.00B read\n";
    let sample = figures(Sample::default(), output).expect("figures");
    assert_eq!(
        (sample.get(WRK_P99), sample.get(WRK_ANSWERS)),
        (None, Some(0.0))
    );
    assert!(figures(Sample::default(), "").is_err());
}

#[test]
fn all_units_are_read() {
    assert_eq!(milliseconds("2.00m"), Some(120_000.0));
    assert_eq!(milliseconds("20.5ms"), Some(20.5));
    assert_eq!(milliseconds("7"), None);
}
