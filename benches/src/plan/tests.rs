use super::*;
use crate::metric::HEALTH_P99;

fn options(procs: Option<Vec<usize>>, contestants: Vec<Rival>) -> Options {
    Options {
        workloads: Vec::new(),
        contestants,
        procs,
        rounds: 1,
        count_allocations: false,
        json: false,
    }
}

fn who(workload: Workload, options: &Options) -> Vec<(Rival, usize)> {
    rows(workload, options)
        .into_iter()
        .map(|row| (row.rival, row.procs))
        .collect()
}

#[test]
fn everybody_takes_part_with_each_number_of_processors() {
    let options = options(Some(vec![1, 2]), vec![Rival::Gmp, Rival::Go]);
    let expected = [
        (Rival::Gmp, 1),
        (Rival::Go, 1),
        (Rival::Gmp, 2),
        (Rival::Go, 2),
    ];
    assert_eq!(who(Workload::SpawnJoin, &options), expected);
}

#[test]
fn the_scheduler_of_one_thread_is_compared_with_one_processor_only() {
    let options = options(Some(vec![1, 2]), vec![Rival::TokioCurrent, Rival::Smol]);
    let expected = [(Rival::TokioCurrent, 1), (Rival::Smol, 1), (Rival::Smol, 2)];
    assert_eq!(who(Workload::SpawnJoin, &options), expected);
}

#[test]
fn a_crate_of_channels_is_compared_where_there_are_channels_only() {
    let options = options(Some(vec![1]), vec![Rival::Gmp, Rival::Flume, Rival::Kanal]);
    let all = [(Rival::Gmp, 1), (Rival::Flume, 1), (Rival::Kanal, 1)];
    assert_eq!(who(Workload::PingPong, &options), all);
    assert_eq!(who(Workload::FourToFour100, &options), all);
    assert_eq!(who(Workload::Select, &options), all[..2]);
    assert_eq!(who(Workload::SpawnJoin, &options), all[..1]);
    assert_eq!(who(Workload::Once, &options), all[..1]);
}

#[test]
fn a_runtime_that_lacks_something_has_a_row_that_says_so() {
    let unsupported = |workload| {
        let options = options(
            Some(vec![1]),
            vec![
                Rival::Gmp,
                Rival::Tokio,
                Rival::TokioCurrent,
                Rival::Smol,
                Rival::Go,
            ],
        );
        let rows = rows(workload, &options).into_iter();
        rows.filter(|row| row.trouble == Some(Trouble::Unsupported))
            .map(|row| row.rival)
            .collect::<Vec<_>>()
    };
    let tokio = [Rival::Tokio, Rival::TokioCurrent];
    assert_eq!(unsupported(Workload::FourToFour0), tokio);
    assert_eq!(unsupported(Workload::FourToFour100), tokio);
    assert_eq!(unsupported(Workload::WaitGroup), [Rival::Smol]);
    for workload in [
        Workload::PingPong,
        Workload::MutexAlone,
        Workload::EchoShort,
    ] {
        assert_eq!(unsupported(workload), []);
    }
}

#[test]
fn gmp_has_all_workloads() {
    let lacked = Workload::ALL
        .into_iter()
        .filter(|workload| workload.by(Rival::Gmp).is_none());
    assert_eq!(lacked.collect::<Vec<_>>(), []);
}

#[test]
fn a_server_on_tokio_is_measured_with_both_schedulers() {
    let expected = [
        (Rival::Gmp, 1),
        (Rival::Tokio, 1),
        (Rival::TokioCurrent, 1),
        (Rival::Go, 1),
    ];
    let tokio = options(None, vec![Rival::Gmp, Rival::Tokio, Rival::Go]);
    assert_eq!(who(Workload::HyperFew, &tokio), expected);
    let both = options(
        None,
        vec![Rival::Gmp, Rival::Tokio, Rival::TokioCurrent, Rival::Go],
    );
    assert_eq!(who(Workload::HyperFew, &both), expected);
}

#[test]
fn a_speed_up_is_measured_from_one_processor_on() {
    let two = options(Some(vec![2]), vec![Rival::Gmp]);
    assert_eq!(
        who(Workload::ForkJoinWork, &two),
        [(Rival::Gmp, 1), (Rival::Gmp, 2)]
    );
    assert_eq!(who(Workload::ForkJoin, &two), [(Rival::Gmp, 2)]);
}

#[test]
fn the_speed_up_is_that_of_the_same_rival_in_the_same_round() {
    let walls = |rival, procs, walls: &[f64]| Row {
        rival,
        procs,
        samples: walls
            .iter()
            .map(|wall| Sample::default().with(WALL, *wall))
            .collect(),
        trouble: None,
    };
    let mut rows = [
        walls(Rival::Gmp, 1, &[5.0, 10.0]),
        walls(Rival::Go, 1, &[7.0, 30.0]),
        walls(Rival::Gmp, 2, &[1.0, 5.0]),
        walls(Rival::Go, 2, &[1.0, 20.0]),
    ];
    add_speed_up(Workload::ForkJoinWork, &mut rows);
    let speed_ups = rows.map(|row| row.samples.last().and_then(|sample| sample.get(SPEED_UP)));
    assert_eq!(speed_ups, [None, None, Some(2.0), Some(1.5)]);
}

#[test]
fn who_is_measured_without_wrk_says_so_and_keeps_its_figures() {
    let row = |sample| Row {
        rival: Rival::Gmp,
        procs: 2,
        samples: vec![sample],
        trouble: None,
    };
    let without = Sample::default().with(HEALTH_P99, 1.0);
    let with = without.clone().with(WRK_ANSWERS, 0.0);
    let mut rows = [row(without.clone()), row(with)];
    tell_of_wrk(Workload::ServiceFew, &mut rows);
    let missing = Trouble::Missing("wrk is not on PATH: install it".to_owned());
    assert_eq!(rows[0].trouble, Some(missing));
    assert_eq!(rows[0].samples.len(), 1);
    assert_eq!(rows[1].trouble, None);
    let mut rows = [row(without)];
    tell_of_wrk(Workload::SpawnJoin, &mut rows);
    assert_eq!(rows[0].trouble, None);
}
