//! Requests that are found again in the audit log: their query bears the name of the run, and the answer the id of the event.

use std::path::Path;
use std::time::Duration;

use seaworthy_probe::{Answer, Answers, Ask, Attempt, Identity, Reply, Request, Step, Subject};
use serde_json::{Value, json};

use super::Ground;

/// Most bytes of the log's end that are read.
const TAIL: u64 = 16 << 20;

/// How long an event may take to be written. Where events are written in batches it may take longer, and nothing is concluded.
const WRITTEN: Duration = Duration::from_secs(4);

/// A path with a mark in its query. The mark holds nothing that JSON would write otherwise.
pub(crate) fn marked(ground: &Ground<'_, '_>, path: &str, mark: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}seaworthy-probe={}.{mark}", ground.run)
}

/// A marked POST whose body is no object at all: it is logged as what it is, and refused before anything else sees it. An
/// empty object would not do: the server takes it for one of the kind that the path tells, and issues a token for it.
pub(crate) fn nothing(ground: &Ground<'_, '_>, collection: &str, mark: &str) -> Request {
    let path = marked(ground, &format!("{collection}?dryRun=All"), mark);
    Request::post(path, &json!([])).by(Identity::Caller)
}

/// A marked request that any policy logs which logs anything: a binding of roles is made, but for its body.
pub(crate) fn sure(ground: &Ground<'_, '_>, mark: &str) -> Request {
    nothing(ground, "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings", mark)
}

/// What cannot be tried without the log.
pub(crate) fn missing(subject: Subject) -> Attempt {
    Attempt::cannot(
        subject,
        "nobody said where the audit log of the API server is on this machine",
        "--audit-log FILE",
    )
}

/// The lines of the log whose requests bear a mark.
fn lines(log: &Path, ground: &Ground<'_, '_>, mark: &str, wait: Duration) -> Request {
    let containing = format!("seaworthy-probe={}.{mark}", ground.run);
    Request::of_file(log, Ask::Lines { containing, tail: TAIL, wait })
}

/// The beginning of an attempt: requests that are alike. When all of them are in the log, one server answers, and not by
/// turns one of several. They are sent once in a run.
pub(crate) fn begin(log: &Path, ground: &Ground<'_, '_>) -> Vec<Step> {
    let mut steps: Vec<Step> = ALIKE.iter().map(|name| Step::ask(name, alike(ground, name))).collect();
    steps.push(Step::ask(ALIKE_LINES, lines(log, ground, "same.", WRITTEN)));
    steps
}

/// A review that changes nothing, so that one does for all attempts.
fn alike(ground: &Ground<'_, '_>, name: &str) -> Request {
    let reviews = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    nothing(ground, reviews, &format!("same.{name}"))
}

const ALIKE: [&str; 4] = ["alike-1", "alike-2", "alike-3", "alike-4"];
const ALIKE_LINES: &str = "log-of-alike";

/// The end of an attempt: a request that is logged in any case, and the wait for its event. What was asked before it is in
/// the log by then, if it ever comes. `mark` is of this attempt alone.
pub(crate) fn end(log: &Path, ground: &Ground<'_, '_>, mark: &str) -> [Step; 3] {
    [
        Step::ask(END, sure(ground, &format!("{mark}.end"))),
        Step::ask(END_LINES, lines(log, ground, &format!("{mark}.end"), WRITTEN)),
        Step::ask(LINES, lines(log, ground, &format!("{mark}.asked"), Duration::ZERO)),
    ]
}

const END: &str = "end";
const END_LINES: &str = "log-of-end";
/// The step that reads the events of everything that was asked with the mark `….asked`.
pub(crate) const LINES: &str = "log";

/// What the log says of a request.
#[derive(Debug)]
pub(crate) enum Logged {
    /// Its events, as JSON.
    Events(Vec<Value>),
    /// There is none, although events of earlier requests of ours and of a later one are there.
    Nowhere,
    /// This cannot be said, with why.
    Unknown(String),
}

/// The events of a step, in an attempt between [`begin`] and [`end`].
pub(crate) fn of_step(answers: &Answers, step: &str) -> Logged {
    let Some(id) = audit_id(answers, step) else {
        return Logged::Unknown(
            "the answer names no audit event: it is not one of the API server".to_owned(),
        );
    };
    let events = match events_of(answers.reply(LINES), id) {
        Ok(events) => events,
        Err(why) => return Logged::Unknown(why),
    };
    if !events.is_empty() {
        return Logged::Events(events);
    }
    let around = ALIKE.iter().map(|name| (*name, ALIKE_LINES)).chain([(END, END_LINES)]);
    for (step, read) in around {
        match audit_id(answers, step).map(|id| events_of(answers.reply(read), id)) {
            Some(Ok(events)) if !events.is_empty() => {}
            Some(Err(why)) => return Logged::Unknown(why),
            _ => {
                return Logged::Unknown(
                    "not all of our requests are in the file: several servers answer, or it is another server's log, or \
                     events are written late"
                        .to_owned(),
                );
            }
        }
    }
    Logged::Nowhere
}

/// The id of the event of a step, as the server told it.
pub(crate) fn audit_id<'a>(answers: &'a Answers, step: &str) -> Option<&'a str> {
    answers.get(step).and_then(|answer: &Answer| answer.header("audit-id")).filter(|id| id.len() >= 8)
}

/// The events of an id among lines; with why there is no saying.
fn events_of(reply: Option<&Reply>, id: &str) -> Result<Vec<Value>, String> {
    match reply {
        Some(Reply::Lines(lines)) => {
            let lines = lines.iter().filter(|line| line.contains(id));
            let events = lines.map(|line| serde_json::from_str::<Value>(line));
            let events: Result<Vec<Value>, _> = events.collect();
            let events = events.map_err(|_| "the log is not written as JSON".to_owned())?;
            Ok(events.into_iter().filter(|event| event["auditID"] == id).collect())
        }
        Some(Reply::Silent(why) | Reply::NotAsked(why)) => Err(format!("the log cannot be read: {why}")),
        _ => Err("the log was not read".to_owned()),
    }
}
