//! Prints comparisons: a table for people, or a line of JSON for each figure.

use serde_json::{Value, json};

use crate::{
    arguments::Options,
    metric::{ALLOCATED, ALLOCATIONS, CPU, Metric},
    plan::Row,
    process::Trouble,
    rival::Rival,
    statistics::{Summary, figure},
    workload::Workload,
};

#[cfg(test)]
mod tests;

pub(crate) fn machine(machine: &str, options: &Options) {
    let rounds = options.rounds;
    if options.json {
        println!("{}", json!({ "machine": machine, "rounds": rounds }));
    } else {
        println!(
            "{machine}; medians of {rounds} rounds, the range, and how many times gmp's figure that is"
        );
    }
}

pub(crate) fn comparison(workload: Workload, rows: &[Row], as_json: bool) {
    if as_json {
        lines(workload, rows)
            .iter()
            .for_each(|line| println!("{line}"));
    } else {
        print!(
            "\n{}: {}\n{}",
            workload.name(),
            workload.about().question,
            aligned(&table(workload, rows))
        );
    }
}

fn lines(workload: Workload, rows: &[Row]) -> Vec<Value> {
    let mut lines = Vec::new();
    for row in rows {
        let who = |more: Value| {
            let mut line = json!({ "workload": workload.name(), "procs": row.procs, "runtime": row.rival.name() });
            line.as_object_mut()
                .expect("it is one")
                .extend(more.as_object().cloned().unwrap_or_default());
            line
        };
        for metric in metrics(workload) {
            let samples = samples(row, metric);
            if let Some(summary) = Summary::of(&samples) {
                lines.push(who(json!({
                    "metric": metric, "median": summary.median, "min": summary.least, "max": summary.most,
                    "to_gmp": to_gmp(rows, row, metric), "samples": samples,
                })));
            }
        }
        if let Some(trouble) = &row.trouble {
            lines.push(who(json!({ "trouble": in_words(trouble) })));
        }
    }
    lines
}

/// The cells of each line. CPU time stands beside a workload's first figure, not in a line of its own.
fn table(workload: Workload, rows: &[Row]) -> Vec<Vec<String>> {
    let head = [
        "procs",
        "runtime",
        "figure",
        "median",
        "min-max",
        "x gmp",
        "cpu ns/op",
        "x gmp",
    ];
    let mut table = Vec::new();
    for row in rows {
        let who = [row.procs.to_string(), row.rival.name().to_owned()];
        let mut cpu = cpu_cells(rows, row);
        for metric in metrics(workload).filter(|metric| *metric != CPU) {
            let Some(summary) = Summary::of(&samples(row, metric)) else {
                continue;
            };
            let range = format!("{}-{}", figure(summary.least), figure(summary.most));
            let mut line = who.to_vec();
            line.extend([
                metric.to_owned(),
                figure(summary.median),
                range,
                ratio(rows, row, metric),
            ]);
            line.append(&mut cpu);
            table.push(line);
        }
        if let Some(trouble) = &row.trouble {
            let mut line = who.to_vec();
            line.push(in_words(trouble).to_owned());
            table.push(line);
        }
    }
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    table.insert(
        0,
        head[..columns]
            .iter()
            .map(|&name| name.to_owned())
            .collect(),
    );
    table
}

fn cpu_cells(rows: &[Row], row: &Row) -> Vec<String> {
    match Summary::of(&samples(row, CPU)) {
        Some(cpu) => vec![figure(cpu.median), ratio(rows, row, CPU)],
        None => Vec::new(),
    }
}

fn metrics(workload: Workload) -> impl Iterator<Item = Metric> {
    workload
        .about()
        .metrics
        .iter()
        .copied()
        .chain([ALLOCATIONS, ALLOCATED])
}

fn samples(row: &Row, metric: Metric) -> Vec<f64> {
    row.samples
        .iter()
        .filter_map(|sample| sample.get(metric))
        .collect()
}

fn ratio(rows: &[Row], row: &Row, metric: Metric) -> String {
    to_gmp(rows, row, metric).map_or_else(String::new, figure)
}

/// `None` where gmp has no figure, or one of nothing.
fn to_gmp(rows: &[Row], row: &Row, metric: Metric) -> Option<f64> {
    let gmp = rows
        .iter()
        .find(|other| other.rival == Rival::Gmp && other.procs == row.procs)?;
    let gmp = Summary::of(&samples(gmp, metric))?.median;
    let ratio = Summary::of(&samples(row, metric))?.median / gmp;
    ratio.is_finite().then_some(ratio)
}

fn in_words(trouble: &Trouble) -> &str {
    match trouble {
        Trouble::Missing(why) | Trouble::Failed(why) => why,
        Trouble::Unsupported => "not supported",
    }
}

/// Names to the left, figures to the right. A cell that ends its line has the space that is left.
fn aligned(table: &[Vec<String>]) -> String {
    const NAMES: std::ops::Range<usize> = 1..3;
    let columns = table.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = table
            .iter()
            .filter(|line| line.len() > column + 1 || line.len() == columns);
        cells
            .filter_map(|line| line.get(column))
            .map(|cell| cell.chars().count())
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<_> = (0..columns).map(width).collect();
    let mut text = String::new();
    for line in table {
        let cells = line
            .iter()
            .zip(&widths)
            .enumerate()
            .map(|(column, (cell, &width))| {
                if NAMES.contains(&column) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
        let line = cells.collect::<Vec<_>>().join("  ");
        text.push_str("  ");
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}
