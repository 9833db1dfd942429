//! Whether EventRateLimit holds events back: by real ones, since it lets dry runs pass.

use std::time::Duration;

use seaworthy_document::Value;
use seaworthy_evidence::Evidence;
use seaworthy_probe::{Answers, Attempt, Identity, Outcome, Request, Step, expect};
use serde_json::json;

use crate::probe::{Ground, counters, plugins};

/// Events that are made where no limit is known.
const UNKNOWN: u32 = 1000;

/// Most events, whatever the limits are.
const MOST: u32 = 2000;

/// Seconds that making them is taken to last when a number is chosen: meanwhile buckets fill again.
const SECONDS: u32 = 6;

/// Events in a second, below which limits that people set are not reached by going on.
const SLOW: f64 = 100.0;

/// A limit as the plugin's file says it: so many in a second, and so many at once.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Limit {
    qps: u32,
    burst: u32,
}

impl Limit {
    /// How many pass at most in a time.
    fn passes(self, time: Duration) -> f64 {
        f64::from(self.burst) + f64::from(self.qps) * time.as_secs_f64()
    }
}

/// The limits in files that declare a cluster: the API tells none.
pub fn event_limits(declared: &Evidence<'_>) -> Vec<(u32, u32)> {
    let files = declared.of_kind("Configuration");
    let files = files.filter(|object| object.is("eventratelimit.admission.k8s.io", "Configuration"));
    let limits = files.filter_map(|file| file.value.get("limits")).flat_map(|limits| limits.items());
    let number = |limit: &Value<'_>, key| u32::try_from(limit.get(key)?.as_i64()?).ok();
    limits.filter_map(|limit| Some((number(&limit, "qps")?, number(&limit, "burst")?))).collect()
}

/// The lowest one. All types meet the events of one user in one namespace from one source.
fn lowest(limits: &[(u32, u32)]) -> Option<Limit> {
    let limits = limits.iter().map(|&(qps, burst)| Limit { qps, burst });
    limits.min_by_key(|limit| needed(*limit))
}

/// How many events pass a limit surely.
fn needed(limit: Limit) -> u32 {
    limit.burst.saturating_add(limit.qps.saturating_mul(SECONDS)).saturating_add(50)
}

/// Makes events until one is refused.
pub(super) fn attempt(ground: &Ground<'_, '_>) -> Attempt {
    let known = lowest(&ground.given.event_limits);
    let times = known.map_or(UNKNOWN, needed).min(MOST);
    let namespace = ground.canary_namespace();
    let collection = format!("/api/v1/namespaces/{namespace}/events");
    let first = "seaworthy-probe-first";
    let make = Request::create(collection.as_str(), first, &event(&namespace, json!({"name": first})));
    // They are not written down one by one: they go with the namespace, which is.
    let more = Request::post(collection, &event(&namespace, json!({"generateName": "seaworthy-probe-"})));
    let steps = vec![
        Step::control("first", make.by(Identity::Caller), expect::ok),
        Step::ask("events", more.by(Identity::Caller)).times(times),
        Step::ask("metrics", counters::request(ground, "events")),
    ];
    let judged =
        Attempt::new(plugins::subject("EventRateLimit"), steps, move |answers| judge(answers, times, known));
    judged.in_canary_namespace().otherwise_needs("the right to create events")
}

fn event(namespace: &str, mut metadata: serde_json::Value) -> serde_json::Value {
    metadata["namespace"] = namespace.into();
    json!({
        "apiVersion": "v1", "kind": "Event", "metadata": metadata,
        "involvedObject": {"apiVersion": "v1", "kind": "Namespace", "name": namespace, "namespace": namespace},
        "type": "Normal", "reason": "Probe", "message": "made by `seaworthy prove`, which removes it",
        "source": {"component": "seaworthy-probe"},
    })
}

/// `plugin/pkg/admission/eventratelimit` of Kubernetes words it so; whoever else refuses words it otherwise.
const HELD_BACK: &str = "Too many requests: limit reached on type ";

fn judge(answers: &Answers, times: u32, known: Option<Limit>) -> Outcome {
    let Some(answer) = answers.get("events") else { return answers.inconclusive("events") };
    let message = answers.message("events");
    match answer.status() {
        Some(429) if message.starts_with(HELD_BACK) => {
            let reason =
                format!("events are held back after fewer than {}: {message}", times.saturating_add(1));
            return Outcome::proved("events", reason);
        }
        Some(201) => {}
        _ => return answers.inconclusive("events"),
    }
    let seconds = answer.took.as_secs_f64();
    let made = format!("{times} events within {seconds:.1} s were all let in");
    if let Some(limit) = known {
        return match f64::from(times) > limit.passes(answer.took) {
            true => {
                let Limit { qps, burst } = limit;
                let reason = format!("{made}, more than the files allow: {burst}, and {qps} in a second");
                Outcome::refuted("events", reason)
            }
            false => {
                Outcome::inconclusive("events", format!("{made}: the limits that files name are higher"))
                    .needs("lower limits, or a run nearer to the API server")
            }
        };
    }
    let faster = "a run nearer to the API server, or a higher `--probe-qps`";
    if f64::from(times) / seconds.max(0.001) < SLOW {
        return Outcome::inconclusive("events", format!("{made}, too slowly to reach a limit")).needs(faster);
    }
    match plugins::has_judged(answers, "metrics", "EventRateLimit") {
        Some(true) => {
            Outcome::inconclusive("events", format!("{made}, and the plugin is on: its limits are higher"))
                .needs("`--manifests` with the configuration of the plugin")
        }
        Some(false) => Outcome::refuted("events", format!("{made}, and the plugin has judged none")),
        None => Outcome::refuted("events", format!("{made}: no limit below that is in force")),
    }
}

#[cfg(test)]
mod tests {
    use seaworthy_probe::{Answer, Reply, Verdict};

    use super::*;

    fn verdict(status: u16, message: &str, seconds: u64, known: Option<Limit>, metrics: &str) -> Verdict {
        let http = |status, body: String| Reply::Http {
            status,
            headers: Vec::new(),
            body: body.into_bytes(),
            cut: false,
            tls: None,
        };
        let answer = |took, reply| Answer { at: String::new(), took: Duration::from_secs(took), reply };
        let body = json!({"kind": "Status", "message": message}).to_string();
        let events = answer(seconds, http(status, body));
        let metrics = answer(0, http(200, metrics.to_owned()));
        judge(&Answers(vec![("events", events), ("metrics", metrics)]), 1000, known).verdict
    }

    const OTHERS: &str = "\napiserver_request_total 1\n\
        apiserver_admission_controller_admission_duration_seconds_count{name=\"NodeRestriction\",operation=\"CREATE\"} 1\n\
        apiserver_admission_controller_admission_duration_seconds_count{name=\"NodeRestriction\",operation=\"UPDATE\"} 1\n";

    #[test]
    fn only_the_words_of_the_plugin_are_a_proof() {
        let of = |status, message| verdict(status, message, 4, None, OTHERS);
        assert_eq!(of(429, "Too many requests: limit reached on type Namespace for key a"), Verdict::Proved);
        assert_eq!(of(429, "too many requests, please try again later."), Verdict::Inconclusive);
        assert_eq!(of(403, "events is forbidden: exceeded quota: q"), Verdict::Inconclusive);
        assert_eq!(of(201, ""), Verdict::Refuted);
    }

    #[test]
    fn what_came_too_slowly_refutes_nothing() {
        assert_eq!(verdict(201, "", 40, None, OTHERS), Verdict::Inconclusive);
        let limit = |qps, burst| Some(Limit { qps, burst });
        assert_eq!(verdict(201, "", 4, limit(10, 50), OTHERS), Verdict::Refuted);
        assert_eq!(verdict(201, "", 4, limit(5000, 20_000), OTHERS), Verdict::Inconclusive);
        assert_eq!(verdict(201, "", 100, limit(10, 50), OTHERS), Verdict::Inconclusive);
    }

    #[test]
    fn limits_that_are_not_reached_are_no_refutation_of_a_plugin_that_is_on() {
        let on = format!(
            "{OTHERS}apiserver_admission_controller_admission_duration_seconds_count{{name=\"EventRateLimit\",operation=\"CREATE\"}} 1\n"
        );
        assert_eq!(verdict(201, "", 4, None, &on), Verdict::Inconclusive);
        assert_eq!(verdict(201, "", 4, None, "<html>"), Verdict::Refuted);
    }
}
