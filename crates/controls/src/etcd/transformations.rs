//! What an API server counts of the values that it encrypts before it writes them: seen at its `/metrics`, without etcd.

use seaworthy_probe::{Answers, Attempt, Outcome, Step, Subject, expect};

use crate::probe::Ground;
use crate::probe::counters::{self, metrics, samples};
use crate::probe::etcd::Canary;

/// Names of the Secrets that are made. One could be hidden by what others write; some are not.
const CANARIES: [(&str, &str); 3] =
    [("create-1", "counted-1"), ("create-2", "counted-2"), ("create-3", "counted-3")];

/// The numbers that move.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Counted {
    /// When the process began: another one has other counters.
    began: f64,
    /// Secrets that this process was asked to make, and made.
    made: f64,
    /// Values of Secrets that were encrypted for storage.
    encrypted: f64,
    /// Values of Secrets that passed the provider `identity`.
    plain: f64,
    /// Values of whatever whose labels somebody keeps from being told.
    unclear: f64,
    /// Metrics that somebody has turned off: what is not told may have been counted all the same.
    silenced: f64,
}

/// Secrets are made, and the counters read before and after.
pub(super) fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    if ground.evidence.is_managed() {
        return Vec::new();
    }
    let mut steps = vec![Step::control("before", counters::request(ground, "encryption-before"), expect::ok)];
    steps.extend(CANARIES.iter().map(|(step, name)| {
        let canary = Canary { name, resource: "secrets", kind: "Secret", field: "stringData" };
        canary.step(step, ground)
    }));
    steps.push(Step::ask("after", counters::request(ground, "encryption-after")));
    let attempt = Attempt::new(Subject::cluster("API server"), steps, judge);
    vec![attempt.in_canary_namespace().otherwise_needs("the right to `get` `/metrics` and to create Secrets")]
}

fn counted(answers: &Answers, step: &'static str) -> Result<Counted, Outcome> {
    let undecided = |why: &str| Outcome::inconclusive(step, why);
    let text = metrics(answers, step).ok_or_else(|| answers.inconclusive(step))?;
    let began = samples(&text, "process_start_time_seconds").next();
    let began = began.ok_or_else(|| undecided("the metrics do not tell when the process began"))?.value;
    let made = samples(&text, "apiserver_request_total").filter(|sample| {
        sample.has("resource", "secrets")
            && sample.has("group", "")
            && sample.has("verb", "POST")
            && sample.has("code", "201")
            && sample.has("subresource", "")
            && sample.has("dry_run", "")
    });
    let made = made.map(|sample| sample.value).sum();
    let silenced = samples(&text, "disabled_metrics_total").map(|sample| sample.value).sum();
    let (mut encrypted, mut plain, mut unclear) = (0.0, 0.0, 0.0);
    for sample in samples(&text, "apiserver_storage_transformation_operations_total") {
        let Some(resource) = sample.label("resource") else {
            let needs = "`--etcd URL`, with `--etcd-cert` and `--etcd-key`";
            return Err(undecided("this version does not tell of which resource a value was").needs(needs));
        };
        let is_written = sample.has("transformation_type", "to_storage") && sample.has("status", "OK");
        // What `--allow-metric-labels` leaves out becomes this word.
        if ["resource", "transformer_prefix", "transformation_type", "status"]
            .iter()
            .any(|label| sample.has(label, "unexpected"))
        {
            unclear += sample.value;
            continue;
        }
        if resource != "secrets" || !is_written {
            continue;
        }
        // Behind the prefix of a provider that of its key is counted once more, without this beginning.
        match sample.label("transformer_prefix").as_deref() {
            Some(prefix) if prefix.starts_with("k8s:enc:") => encrypted += sample.value,
            Some("" | "identity") => plain += sample.value,
            _ => {}
        }
    }
    Ok(Counted { began, made, encrypted, plain, unclear, silenced })
}

fn judge(answers: &Answers) -> Outcome {
    match (counted(answers, "before"), counted(answers, "after")) {
        (Ok(before), Ok(after)) => moved(&before, &after),
        (Err(outcome), _) | (_, Err(outcome)) => outcome,
    }
}

fn moved(before: &Counted, after: &Counted) -> Outcome {
    let wanted = 3.0;
    let (made, encrypted, plain) =
        (after.made - before.made, after.encrypted - before.encrypted, after.plain - before.plain);
    if (before.began - after.began).abs() > 0.5 || made < wanted {
        let reason = "the metrics are not those of the API server that made the Secrets of this run";
        return Outcome::inconclusive("after", reason).needs("a kubeconfig that names one API server");
    }
    if after.unclear > before.unclear {
        let reason = "what the API server counts is told without its labels";
        return Outcome::inconclusive("after", reason).needs("an API server without `allow-metric-labels`");
    }
    if plain >= wanted && encrypted < 1.0 {
        return Outcome::refuted(
            "after",
            "the API server counts new Secrets that pass the provider `identity`",
        );
    }
    if plain < 1.0 && encrypted < 1.0 && after.silenced < 1.0 {
        return Outcome::refuted("after", "the API server made Secrets, and counts none that it encrypted");
    }
    if plain < 1.0 && encrypted >= wanted {
        let reason =
            format!("{made} Secrets were made, and {encrypted} values of Secrets encrypted meanwhile");
        return Outcome::proved("after", reason);
    }
    let reason = format!("{made} Secrets were made, {encrypted} values of Secrets encrypted and {plain} not");
    Outcome::inconclusive("after", reason).needs("another run, when its configuration does not change")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Answer, Answers, Reply, Verdict};

    use super::{Counted, judge, moved};

    fn verdict(began: f64, made: f64, encrypted: f64, plain: f64) -> Verdict {
        let (unclear, silenced) = (0.0, 0.0);
        let before = Counted { began: 100.0, made: 10.0, encrypted: 20.0, plain: 30.0, unclear, silenced };
        let (made, encrypted, plain) = (10.0 + made, 20.0 + encrypted, 30.0 + plain);
        let after = Counted { began, made, encrypted, plain, unclear, silenced };
        moved(&before, &after).verdict
    }

    #[test]
    fn only_the_server_that_made_them_is_judged() {
        assert_eq!(verdict(100.0, 3.0, 3.0, 0.0), Verdict::Proved);
        // Others write as well.
        assert_eq!(verdict(100.0, 5.0, 9.0, 0.0), Verdict::Proved);
        assert_eq!(verdict(100.0, 3.0, 0.0, 0.0), Verdict::Refuted);
        assert_eq!(verdict(100.0, 4.0, 0.0, 3.0), Verdict::Refuted);
        // Another process, or requests that went elsewhere.
        assert_eq!(verdict(200.0, 3.0, 3.0, 0.0), Verdict::Inconclusive);
        assert_eq!(verdict(100.0, 0.0, 9.0, 0.0), Verdict::Inconclusive);
        assert_eq!(verdict(100.0, 2.0, 0.0, 2.0), Verdict::Inconclusive);
        // The configuration changes in between, or fewer were encrypted than were made.
        assert_eq!(verdict(100.0, 3.0, 2.0, 1.0), Verdict::Inconclusive);
        assert_eq!(verdict(100.0, 3.0, 2.0, 0.0), Verdict::Inconclusive);
    }

    fn metrics(made: u32, transformations: &str) -> String {
        format!(
            "process_start_time_seconds 1.7e+09
apiserver_request_total{{code=\"201\",component=\"apiserver\",dry_run=\"\",group=\"\",resource=\"secrets\",scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\"}} {made}
apiserver_request_total{{code=\"201\",component=\"apiserver\",dry_run=\"All\",group=\"\",resource=\"secrets\",scope=\"resource\",subresource=\"\",verb=\"POST\",version=\"v1\"}} 70
{transformations}"
        )
    }

    fn judged(before: &str, after: &str) -> Verdict {
        let answer = |text: &str| {
            let text = format!("# TYPE x counter\n{text}");
            let reply = Reply::Http {
                status: 200,
                headers: Vec::new(),
                body: text.into_bytes(),
                cut: false,
                tls: None,
            };
            Answer { at: String::new(), took: Duration::ZERO, reply }
        };
        judge(&Answers(vec![("before", answer(before)), ("after", answer(after))])).verdict
    }

    fn operations(resource: &str, kind: &str, prefix: &str, number: u32) -> String {
        format!(
            "apiserver_storage_transformation_operations_total{{{resource}status=\"OK\",transformation_type=\"{kind}\",transformer_prefix=\"{prefix}\"}} {number}\n"
        )
    }

    #[test]
    fn only_what_is_counted_of_secrets_on_their_way_to_storage_counts() {
        let none = metrics(1, "");
        let secrets = "resource=\"secrets\",";
        let after =
            |resource: &str, kind: &str, prefix: &str| metrics(4, &operations(resource, kind, prefix, 3));
        assert_eq!(judged(&none, &after(secrets, "to_storage", "k8s:enc:secretbox:v1:")), Verdict::Proved);
        assert_eq!(judged(&none, &after(secrets, "to_storage", "")), Verdict::Refuted);
        assert_eq!(judged(&none, &metrics(4, "")), Verdict::Refuted);
        for other in [
            after("resource=\"configmaps\",", "to_storage", "k8s:enc:secretbox:v1:"),
            after(secrets, "from_storage", "k8s:enc:secretbox:v1:"),
        ] {
            assert_eq!(judged(&none, &other), Verdict::Refuted);
        }
        // Older versions do not say of which resource.
        assert_eq!(judged(&none, &after("", "to_storage", "k8s:enc:secretbox:v1:")), Verdict::Inconclusive);
        assert_eq!(judged(&none, "<html>"), Verdict::Inconclusive);
        // Somebody keeps labels from being told.
        for unclear in [
            after(secrets, "to_storage", "unexpected"),
            after("resource=\"unexpected\",", "to_storage", "k8s:enc:secretbox:v1:"),
        ] {
            assert_eq!(judged(&none, &unclear), Verdict::Inconclusive);
        }
        // Somebody has turned metrics off: that there is none says nothing.
        let silenced = metrics(4, "disabled_metrics_total 1\n");
        assert_eq!(judged(&none, &silenced), Verdict::Inconclusive);
    }
}
