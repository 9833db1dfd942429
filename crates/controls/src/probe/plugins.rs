//! Admission plugins: by the requests that they have judged, as the API server counts them.

use seaworthy_probe::{Answer, Answers, Attempt, Outcome, Step, Subject, expect};
use serde_json::json;

use super::{Ground, Right, admission, counters};

/// The counter, one for each plugin that is on and has been asked.
const COUNTER: &str = "\napiserver_admission_controller_admission_duration_seconds_count{name=\"";

/// The rights to make the API server ask its plugins, and to read what it counts.
pub(crate) const RIGHTS: [Right; 2] =
    [Right { group: "", resource: "configmaps", verbs: &["create"] }, Right::path("/metrics")];

/// What a verdict about a plugin names.
pub(crate) fn subject(plugin: &str) -> Subject {
    Subject::new("AdmissionPlugin", None, plugin)
}

/// Whether a plugin has judged requests. Each is asked about creating, or about changing, whatever the kind of object.
pub(crate) fn counted(ground: &Ground<'_, '_>, plugin: &'static str) -> Attempt {
    let object = json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "seaworthy-probe-"},
    });
    let create = admission::dry_run("default", "/api/v1", "configmaps", &object);
    let steps = vec![
        Step::control("create", create, admission::admitted),
        Step::control("metrics", counters::request(ground, "plugins"), expect::ok),
    ];
    Attempt::new(subject(plugin), steps, move |answers| {
        if answers.get("metrics").and_then(whole).is_none() {
            return answers.inconclusive("metrics");
        }
        match has_judged(answers, "metrics", plugin) {
            Some(true) => Outcome::proved("metrics", "the plugin is on: it has judged requests"),
            Some(false) => {
                Outcome::refuted("metrics", "the plugin is off: others have judged requests, and it has not")
            }
            None => Outcome::inconclusive("metrics", "the API server does not count what its plugins judge"),
        }
    })
}

/// Whether metrics name a plugin among those that have judged requests; `None` when they do not tell.
pub(crate) fn has_judged(answers: &Answers, step: &str, plugin: &str) -> Option<bool> {
    let text = answers.get(step).and_then(whole)?;
    if text.contains(&format!("{COUNTER}{plugin}\"")) {
        return Some(true);
    }
    // Where neither creating nor changing was counted, the names are others than these.
    let counts = |operation: &str| {
        let operation = format!("operation=\"{operation}\"");
        let mut entries = text.split(COUNTER).skip(1);
        entries.any(|entry| entry.lines().next().is_some_and(|line| line.contains(&operation)))
    };
    (counts("CREATE") && counts("UPDATE")).then_some(false)
}

/// Metrics of an API server, when all of them came.
fn whole(answer: &Answer) -> Option<String> {
    let text = answer.text();
    (text.contains("\napiserver_request_total") && text.ends_with('\n')).then_some(text)
}
