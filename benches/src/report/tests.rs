use super::*;
use crate::metric::{Sample, WALL};

fn row(rival: Rival, walls: &[f64]) -> Row {
    let samples = walls
        .iter()
        .map(|wall| Sample::default().with(WALL, *wall).with(CPU, wall * 2.0))
        .collect();
    Row {
        rival,
        procs: 1,
        samples,
        trouble: None,
    }
}

#[test]
fn the_table_has_medians_ranges_and_ratios() {
    let mut go = row(Rival::Go, &[]);
    go.trouble = Some(Trouble::Missing("go not found: install it".to_owned()));
    let rows = [
        row(Rival::Gmp, &[50.0, 40.0, 60.0]),
        row(Rival::Smol, &[100.0]),
        go,
    ];
    let expected = [
        "  procs  runtime  figure      median    min-max  x gmp  cpu ns/op  x gmp",
        "      1  gmp      wall ns/op    50.0  40.0-60.0   1.00        100   1.00",
        "      1  smol     wall ns/op     100    100-100   2.00        200   2.00",
        "      1  go       go not found: install it",
    ];
    let table = aligned(&table(Workload::SpawnJoin, &rows));
    assert_eq!(table.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn without_gmp_there_are_figures_but_no_ratios() {
    let rows = [row(Rival::Smol, &[100.0])];
    let line = &lines(Workload::SpawnJoin, &rows)[0];
    assert_eq!(line["median"], 100.0);
    assert_eq!(line["to_gmp"], Value::Null);
}

#[test]
fn json_has_a_line_for_each_figure_and_each_trouble() {
    let mut failed = row(Rival::Smol, &[1.0]);
    failed.trouble = Some(Trouble::Failed("it has hung".to_owned()));
    let lines = lines(Workload::SpawnJoin, &[row(Rival::Gmp, &[2.0]), failed]);
    let said: Vec<_> = lines
        .iter()
        .map(|line| (line["runtime"].as_str(), line["metric"].as_str()))
        .collect();
    let expected = [
        (Some("gmp"), Some(WALL)),
        (Some("gmp"), Some(CPU)),
        (Some("smol"), Some(WALL)),
        (Some("smol"), Some(CPU)),
        (Some("smol"), None),
    ];
    assert_eq!(said, expected);
    assert_eq!(lines[2]["to_gmp"], 0.5);
    assert_eq!(lines[4]["trouble"], "it has hung");
}

#[test]
fn a_figure_of_which_gmp_has_nothing_has_no_ratio() {
    let rows = [row(Rival::Gmp, &[0.0]), row(Rival::Go, &[3.0])];
    assert_eq!(to_gmp(&rows, &rows[1], WALL), None);
}
