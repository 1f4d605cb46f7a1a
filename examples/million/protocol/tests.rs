use super::*;

#[test]
fn each_message_is_one_line_that_reads_back() {
    let usage = Usage {
        cpu: Duration::from_micros(1_234_567),
        resident_bytes: 1 << 30,
        open: 3,
    };
    let addresses = Addresses {
        echo: vec![([127, 0, 0, 2], 7).into()],
        http: Vec::new(),
    };
    for answer in [
        Answer::Usage(usage),
        Answer::Refused("two\nlines".to_owned()),
        Answer::Ready(addresses),
    ] {
        let mut line = Vec::new();
        send(&mut line, &answer).expect("a Vec takes everything");
        assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
        assert_eq!(
            serde_json::from_slice::<Answer>(&line).expect("reads back"),
            answer
        );
    }
}
