use super::*;
use crate::tail::Scene;

fn parse_line(line: &str) -> Result<Command, String> {
    parse(line.split_whitespace().map(OsString::from))
}

fn options(line: &str) -> Options {
    match parse_line(line) {
        Ok(Command::Run(options)) => options,
        other => panic!("{line:?} gives {other:?}"),
    }
}

#[test]
fn a_name_alone_gets_the_defaults() {
    let expected = Options {
        workloads: vec![Workload::SpawnJoin],
        contestants: vec![
            Rival::Gmp,
            Rival::Tokio,
            Rival::TokioBlocking,
            Rival::TokioTwo,
            Rival::Smol,
            Rival::Go,
            Rival::Flume,
            Rival::Kanal,
            Rival::Crossbeam,
            Rival::Std,
        ],
        procs: None,
        rounds: 5,
        count_allocations: false,
        json: false,
    };
    assert_eq!(options("spawn_join"), expected);
}

#[test]
fn every_option_is_taken() {
    let line = "overlap yield_many --rivals smol,go --procs 2,1 --reps 9 --count-allocs --json";
    let expected = Options {
        workloads: vec![Workload::Overlap, Workload::YieldMany],
        contestants: vec![Rival::Gmp, Rival::Smol, Rival::Go],
        procs: Some(vec![2, 1]),
        rounds: 9,
        count_allocations: true,
        json: true,
    };
    assert_eq!(options(line), expected);
}

#[test]
fn the_name_of_a_file_stands_for_its_workloads_and_all_for_each() {
    assert_eq!(
        options("timer_drop").workloads,
        [Workload::TimerDropAlone, Workload::TimerDropBeside]
    );
    assert_eq!(
        options("timer_drop/beside").workloads,
        [Workload::TimerDropBeside]
    );
    assert_eq!(options("fork_join").workloads, [Workload::ForkJoin]);
    let all = options("all").workloads;
    assert!(all.contains(&Workload::Once));
    assert!(!all.contains(&Workload::ServiceFew));
    assert!(!all.contains(&Workload::Tail(Scene::Idle)));
    assert_eq!(all.len(), Workload::ALL.len() - 13);
}

#[test]
fn scenes_are_what_stands_behind_the_slash() {
    assert_eq!(
        options("tail --scenes burn_4,idle").workloads,
        [Workload::Tail(Scene::Idle), Workload::Tail(Scene::Burn4)]
    );
    let refused = parse_line("tail --scenes idle,burn").unwrap_err();
    assert!(refused.contains("\"burn\""), "{refused}");
    assert!(parse_line("once --scenes idle").is_err());
}

#[test]
fn what_is_named_twice_is_measured_once() {
    assert_eq!(options("all overlap").workloads, options("all").workloads);
    assert_eq!(options("overlap --procs 2,2,1").procs, Some(vec![2, 1]));
    assert_eq!(
        options("overlap --rivals gmp,go,go").contestants,
        [Rival::Gmp, Rival::Go]
    );
}

#[test]
fn without_rivals_gmp_is_measured_alone() {
    assert_eq!(options("overlap --rivals none").contestants, [Rival::Gmp]);
}

#[test]
fn help_and_list_need_no_name() {
    assert_eq!(parse_line("--help"), Ok(Command::Help));
    assert_eq!(parse_line("--list"), Ok(Command::List));
}

#[test]
fn each_workload_has_a_name_of_its_own() {
    for workload in Workload::ALL {
        assert_eq!(
            Workload::named(workload.name()).collect::<Vec<_>>(),
            [workload]
        );
        assert_ne!(workload.name(), "all");
    }
}

#[test]
fn mistakes_are_answered_with_the_value_and_what_to_write_instead() {
    let answers = [
        (
            "",
            "no workload is named: name some, or all (--list shows them)",
        ),
        (
            "spawn",
            "there is no workload \"spawn\": --list shows them, all means each",
        ),
        (
            "all --procs 0",
            "--procs \"0\": needs whole numbers from 1 to 4096, separated by commas",
        ),
        (
            "all --procs 1,x",
            "--procs \"1,x\": needs whole numbers from 1 to 4096, separated by commas",
        ),
        (
            "all --procs",
            "--procs needs whole numbers from 1 to 4096, separated by commas",
        ),
        (
            "all --reps -1",
            "--reps \"-1\": needs a whole number from 1 to 10000",
        ),
        (
            "all --rivals may",
            "--rivals \"may\": needs names from tokio, tokio-current, tokio-blocking, tokio-two, smol, go, flume, kanal, crossbeam, std, separated by commas, or none",
        ),
        (
            "all --fast",
            "invalid option '--fast' (--help lists the options)",
        ),
    ];
    for (line, answer) in answers {
        assert_eq!(parse_line(line), Err(answer.to_owned()));
    }
}
