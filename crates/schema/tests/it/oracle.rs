//! What `testing/oracle/schema` answers, and the tally of a comparison with it.

use oracle_client::Oracle;
use serde_json::{Value as Json, json};

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) invalid: Option<String>,
    pub(crate) known: bool,
    pub(crate) error: Option<String>,
    pub(crate) offset: Option<u64>,
    pub(crate) unknown: Vec<String>,
}

impl Answer {
    pub(crate) fn refused(&self) -> bool {
        self.error.is_some() || !self.unknown.is_empty()
    }
}

/// The question what the decoder says of JSON as it arrives at the API server.
pub(crate) fn object(api_version: &str, kind: &str, object: &Json) -> String {
    json!({ "apiVersion": api_version, "kind": kind, "object": object }).to_string()
}

/// The question what the decoder says of what kubectl makes of YAML.
pub(crate) fn manifest(api_version: &str, kind: &str, manifest: &str) -> String {
    json!({ "apiVersion": api_version, "kind": kind, "manifest": manifest }).to_string()
}

pub(crate) fn ask(oracle: &mut Oracle, questions: &[String]) -> Vec<Answer> {
    let read = |line: String| {
        let answer: Json = serde_json::from_str(&line).expect("the oracle answers in JSON");
        let text = |name: &str| answer[name].as_str().map(str::to_owned);
        let unknown = answer["unknown"].as_array().into_iter().flatten();
        Answer {
            invalid: text("invalid"),
            known: answer["known"] == true,
            error: text("error"),
            offset: answer["offset"].as_u64(),
            unknown: unknown.filter_map(Json::as_str).map(str::to_owned).collect(),
        }
    };
    oracle.ask_all(questions).into_iter().map(read).collect()
}

/// What a comparison found.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cases: usize,
    pub(crate) refused: usize,
    pub(crate) agree: usize,
    pub(crate) unsupported: usize,
    /// We accept and the decoder refuses.
    pub(crate) false_pass: Vec<String>,
    /// We refuse and the decoder accepts, or we name other values.
    pub(crate) otherwise_wrong: Vec<String>,
}

impl Tally {
    #[expect(clippy::print_stdout, reason = "the tally is part of the result of a test")]
    pub(crate) fn report(&self, what: &str) {
        println!(
            "{what}: cases {}, of them refused {}, agree {}, disagree {}, false pass {}, unsupported {}, crashed 0",
            self.cases,
            self.refused,
            self.agree,
            self.otherwise_wrong.len() + self.false_pass.len(),
            self.false_pass.len(),
            self.unsupported
        );
        let wrong = self.false_pass.iter().chain(&self.otherwise_wrong).take(20);
        let wrong: Vec<&str> = wrong.map(String::as_str).collect();
        assert!(wrong.is_empty(), "{what}:\n{}", wrong.join("\n"));
        assert!(self.agree > 0, "{what}: nothing was compared");
    }
}
