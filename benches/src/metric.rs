//! What a child process measured: figures by name.

use std::{collections::BTreeMap, fmt};

use serde_json::{Map, Value};

/// The name of a figure, which is also its label and unit in the table. The list below is all there are; the Go twin
/// prints the same names.
pub(crate) type Metric = &'static str;

pub(crate) const WALL: Metric = "wall ns/op";
pub(crate) const CPU: Metric = "cpu ns/op";
pub(crate) const SPEED_UP: Metric = "speed-up";
pub(crate) const ALLOCATIONS: Metric = "allocations/op";
pub(crate) const ALLOCATED: Metric = "allocated B/op";
pub(crate) const LATENESS_MEDIAN: Metric = "lateness p50 us";
pub(crate) const LATENESS_P99: Metric = "lateness p99 us";
/// A task that sleeps for 1 ms over and over.
pub(crate) const SLEEPER_MEDIAN: Metric = "sleeper p50 us";
pub(crate) const SLEEPER_P99: Metric = "sleeper p99 us";
pub(crate) const SLEEPER_MOST: Metric = "sleeper max us";
pub(crate) const SLEEPERS: Metric = "sleeps";
/// The same in the body of `main`.
pub(crate) const MAIN_MEDIAN: Metric = "main p50 us";
pub(crate) const MAIN_P99: Metric = "main p99 us";
pub(crate) const ECHO_MEDIAN: Metric = "echo p50 us";
pub(crate) const ECHO_P99: Metric = "echo p99 us";
/// Of all processors' time.
pub(crate) const WORK_SHARE: Metric = "work %";
pub(crate) const CPU_SHARE: Metric = "cpu %";
/// Sleeps of tasks that block, of what there would be if none waited for another.
pub(crate) const SLEEPS_SHARE: Metric = "blocked sleeps %";
pub(crate) const THREADS: Metric = "threads";
/// A small request beside large ones.
pub(crate) const HEALTH_MEDIAN: Metric = "health p50 ms";
pub(crate) const HEALTH_P99: Metric = "health p99 ms";
pub(crate) const HEALTH_MOST: Metric = "health max ms";
pub(crate) const HEALTHS: Metric = "health answers";
/// The same, as wrk sees it.
pub(crate) const WRK_MEDIAN: Metric = "wrk p50 ms";
pub(crate) const WRK_P99: Metric = "wrk p99 ms";
pub(crate) const WRK_ANSWERS: Metric = "wrk answers";
pub(crate) const REPORTS: Metric = "reports/s";
pub(crate) const RESIDENT: Metric = "resident B/task";
pub(crate) const SERVER_CPU: Metric = "server cpu us/req";
pub(crate) const REQUESTS: Metric = "requests/s";

/// One line of a child's output.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sample(BTreeMap<String, f64>);

impl Sample {
    pub(crate) fn with(mut self, metric: Metric, value: f64) -> Self {
        self.0.insert(metric.to_owned(), value);
        self
    }

    pub(crate) fn get(&self, metric: Metric) -> Option<f64> {
        self.0.get(metric).copied()
    }

    /// Without times, which counting has changed.
    pub(crate) fn allocations_only(mut self) -> Self {
        self.0
            .retain(|metric, _| [ALLOCATIONS, ALLOCATED].contains(&metric.as_str()));
        self
    }

    /// # Errors
    /// A sentence with the line, if it is not a JSON object of numbers.
    pub(crate) fn parse(line: &str) -> Result<Self, String> {
        let object: Map<String, Value> = serde_json::from_str(line)
            .map_err(|error| format!("the child printed {line:?}: {error}"))?;
        let number = |(name, value): (String, Value)| value.as_f64().map(|value| (name, value));
        let numbers: Option<_> = object.into_iter().map(number).collect();
        numbers.map(Self).ok_or_else(|| {
            format!("the child printed {line:?}, which has something besides numbers")
        })
    }
}

/// JSON on one line.
impl fmt::Display for Sample {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let object: Map<String, Value> = self
            .0
            .iter()
            .map(|(name, value)| (name.clone(), (*value).into()))
            .collect();
        Value::Object(object).fmt(formatter)
    }
}
