use super::*;

#[test]
fn an_answer_is_whole_when_its_body_is() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nserver: x\r\n\r\n";
    assert!(!is_whole(&head.as_bytes()[..20]));
    assert!(!is_whole(head.as_bytes()));
    assert!(!is_whole(format!("{head}don").as_bytes()));
    assert!(is_whole(format!("{head}done").as_bytes()));
    assert!(is_whole(b"HTTP/1.1 204 No Content\r\n\r\n"));
}

#[test]
fn what_was_never_asked_is_late_from_when_it_should_have_been() {
    let due = Instant::now();
    let late: Vec<_> = unanswered(due, due + 4 * PERIOD).collect();
    assert_eq!(late, [20.0, 15.0, 10.0, 5.0]);
    assert_eq!(unanswered(due, due).count(), 0);
}
