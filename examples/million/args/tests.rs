use super::*;

fn options(line: &str) -> Options {
    match parse_line(line) {
        Ok(Command::Load(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

fn parse_line(line: &str) -> Result<Command, String> {
    parse(line.split_whitespace().map(OsString::from))
}

#[test]
fn no_argument_is_the_default_run() {
    let options = options("");
    assert_eq!(options.connections, None);
    assert_eq!(options.http_connections, None);
    assert_eq!(
        (options.requests, options.window, options.port),
        (10, 256, 0)
    );
    assert_eq!(options.hold, Duration::from_secs(5));
    assert_eq!(options.deadline, Duration::from_secs(125));
    assert!(!options.json);
}

#[test]
fn every_option_is_taken() {
    let options = options(
        "--connections 7 --http-connections=0 --requests 3 --hold 0.5 --window 2 \
         --port 8080 --max-procs 1 --json --deadline 9",
    );
    let expected = Options {
        connections: Some(7),
        http_connections: Some(0),
        requests: 3,
        hold: Duration::from_millis(500),
        window: 2,
        port: 8080,
        max_procs: Some(1),
        json: true,
        deadline: Duration::from_secs(9),
    };
    assert_eq!(options, expected);
}

#[test]
fn help_and_serve_are_other_commands() {
    assert_eq!(parse_line("--json --help"), Ok(Command::Help));
    assert_eq!(parse_line("-h"), Ok(Command::Help));
    assert_eq!(parse_line(SERVE), Ok(Command::Serve));
}

#[test]
fn a_refusal_names_option_value_and_remedy() {
    for (line, words) in [
        (
            "--connections 0",
            "--connections \"0\": needs a whole number of at least 1",
        ),
        ("--connections many", "\"many\""),
        ("--connections -5", "\"-5\""),
        ("--connections", "--connections needs a whole number"),
        (
            "--port 65536",
            "--port \"65536\": needs a port from 0 to 65535",
        ),
        ("--hold -1", "--hold \"-1\": needs a number of seconds"),
        ("--hold NaN", "\"NaN\""),
        ("--hold 1e300", "\"1e300\""),
        ("--window 0", "--window \"0\""),
        ("--max-procs 0", "--max-procs \"0\""),
        (
            "--hold 5 --deadline 5",
            "--deadline 5 leaves no time beside --hold 5",
        ),
        ("--million", "invalid option '--million'"),
        ("10000", "unexpected argument \"10000\""),
        ("--json=yes", "'--json'"),
    ] {
        let sentence = parse_line(line).expect_err(line);
        assert!(sentence.contains(words), "{line}: {sentence}");
    }
}
