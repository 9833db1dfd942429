//! Admission plugins: by the requests that they have judged, as the API server counts them.

use seaworthy_probe::{Answer, Attempt, Outcome, Step, Subject, expect};
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
        let Some(text) = answers.get("metrics").and_then(whole) else {
            return answers.inconclusive("metrics");
        };
        if text.contains(&format!("{COUNTER}{plugin}\"")) {
            return Outcome::proved("metrics", "the plugin is on: it has judged requests");
        }
        // Where neither creating nor changing was counted, the names are others than these.
        let counts = |operation: &str| {
            let operation = format!("operation=\"{operation}\"");
            text.split(COUNTER)
                .skip(1)
                .any(|entry| entry.lines().next().is_some_and(|line| line.contains(&operation)))
        };
        match counts("CREATE") && counts("UPDATE") {
            true => {
                Outcome::refuted("metrics", "the plugin is off: others have judged requests, and it has not")
            }
            false => Outcome::inconclusive("metrics", "the API server does not count what its plugins judge"),
        }
    })
}

/// Metrics of an API server, when all of them came.
fn whole(answer: &Answer) -> Option<String> {
    let text = answer.text();
    (text.contains("\napiserver_request_total") && text.ends_with('\n')).then_some(text)
}
