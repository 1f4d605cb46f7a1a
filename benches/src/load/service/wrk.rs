//! The same small requests by wrk, beside the reports that are in flight.
//!
//! Eight connections ask again as soon as they have their answers, so a server that stalls for a second is asked eight times less
//! instead of being told of by two hundred late answers (coordinated omission), and many quick answers before hide them in the
//! percentile. It stands beside our own client since it is what people run: `wrk -t1 -c8 -d5s --latency`.

use std::{net::SocketAddr, process::Command};

use crate::{
    metric::{Sample, WRK_ANSWERS, WRK_MEDIAN, WRK_P99},
    process::{Process, Trouble},
};

#[cfg(test)]
mod tests;

/// The sample with wrk's figures, or as it is where there is no wrk: [`plan`](crate::plan) tells of that.
pub(crate) fn add(sample: Sample, server: SocketAddr) -> Result<Sample, Trouble> {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c8", "-d5s", "--latency"]);
    command.arg(format!("http://{server}/health"));
    match Process::start(&mut command).and_then(Process::output) {
        Ok(output) => Ok(figures(sample, &output)?),
        Err(Trouble::Missing(_)) => Ok(sample),
        Err(trouble) => Err(trouble),
    }
}

/// Where nothing was answered there are no percentiles, which wrk prints as 0.
fn figures(sample: Sample, output: &str) -> Result<Sample, String> {
    let wrong = || format!("wrk printed no latencies: {output:?}");
    let answers: f64 = output
        .lines()
        .find_map(|line| line.trim().split_once(" requests in ")?.0.parse().ok())
        .ok_or_else(wrong)?;
    let sample = sample.with(WRK_ANSWERS, answers);
    if answers == 0.0 {
        return Ok(sample);
    }
    let percentile = |name: &str| {
        let after = |line: &str| milliseconds(line.trim().strip_prefix(name)?.trim());
        output.lines().find_map(after).ok_or_else(wrong)
    };
    Ok(sample
        .with(WRK_MEDIAN, percentile("50%")?)
        .with(WRK_P99, percentile("99%")?))
}

/// From `512.00us`, `1.20ms`, `1.50s` or `2.00m`.
fn milliseconds(text: &str) -> Option<f64> {
    const UNITS: [(&str, f64); 4] = [("us", 1e-3), ("ms", 1.0), ("s", 1e3), ("m", 6e4)];
    let number = |(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor);
    UNITS.into_iter().find_map(number)
}
