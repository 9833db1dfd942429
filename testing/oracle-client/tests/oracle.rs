//! The client against the smallest oracle.
#![allow(clippy::disallowed_methods, reason = "tests read the environment")]

use oracle_client::{Oracle, data};

#[test]
fn answers_come_in_the_order_of_the_questions() {
    let mut oracle = match Oracle::start("yaml") {
        Ok(oracle) => oracle,
        Err(skip) => return skip.announce(),
    };
    assert_eq!(oracle.ask("YTogMQo="), r#"{"docs":[{"json":"{\"a\":1}","format":"yaml"}]}"#);
    let answers = oracle.ask_all((0..1000).map(|i| if i % 2 == 0 { "WzFd" } else { "" }));
    assert_eq!(answers.len(), 1000);
    assert_eq!(answers[998], r#"{"docs":[{"json":"[1]","format":"yaml"}]}"#);
    assert_eq!(answers[999], r#"{"docs":[]}"#);
}

#[test]
#[should_panic(expected = "ended instead of giving answer")]
fn a_dead_oracle_is_noticed() {
    let Ok(mut oracle) = Oracle::start("yaml") else {
        panic!("ended instead of giving answer (skipped: no Go)");
    };
    oracle.ask("not base64!");
}

#[test]
fn data_that_is_absent_is_a_reason_to_skip() {
    if std::env::var_os("SEAWORTHY_DATA").is_none() {
        let reason = data("no such folder").unwrap_err().to_string();
        assert!(reason.contains("no such folder"), "{reason}");
    }
}
