//! Whether consoles that are open to everybody ask who is there: they are asked something without a login.

use std::collections::BTreeMap;

use seaworthy_evidence::Object;
use seaworthy_probe::{
    Answer, Answers, Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, encode, expect,
};

use crate::exposure::consoles;
use crate::exposure::openings::Openings;
use crate::exposure::reached;
use crate::probe::{Ground, Probe, Right};

pub(super) const PROBE: Probe = Probe {
    name: "login",
    asks: "Nobody, without credentials, GETs something of the API of each console whose Service its type opens to everybody, by plain \
           http and by https, at a node or at its load balancer",
    proved_by: "401 or 403: somebody on the way asks who is there",
    refuted_by: "200 with what only the console itself tells",
    not_fooled_by: "a page for people that is shown before a login: the API behind it is asked. A console that does not answer from \
                    here, and one whose Service is not open: nothing is concluded. The rights of its account are not tried",
    positive_control: "the caller GETs the Service and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "services", verbs: &["get"] }],
    plan,
};

/// Of consoles: what is asked, and a part of the answer that nobody else gives.
const ASKED: &[(&str, &str, &str)] = &[
    ("Alertmanager", "/api/v2/status", "/cluster"),
    ("Argo CD", "/api/v1/applications", "/items"),
    ("Grafana", "/api/org", "/id"),
    ("Jupyter", "/api/contents", "/content"),
    ("Kubernetes Dashboard", "/api/v1/namespace", "/listMeta"),
    ("Ollama", "/api/tags", "/models"),
    ("Prometheus", "/api/v1/status/buildinfo", "/data/version"),
];

/// Most consoles that are asked.
const MOST: usize = 20;

/// Ports of a Service that are asked, each without TLS and with it.
const PORTS: [(&str, &str); 2] = [("plain-1", "tls-1"), ("plain-2", "tls-2")];

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let evidence = ground.evidence;
    let openings = Openings::new(evidence);
    let mut found: BTreeMap<(Option<&str>, &str), (&Object<'_>, &str)> = BTreeMap::new();
    for workload in evidence.workloads() {
        let Some(running) = consoles::of_pod(&workload.pod, &ground.settings.parameters) else { continue };
        for service in openings.services(workload) {
            found.entry((service.namespace, service.name)).or_insert((service, running.console.name));
        }
    }
    let attempts = found.values().filter_map(|(service, console)| attempt(ground, service, console));
    attempts.take(MOST).collect()
}

fn attempt(ground: &Ground<'_, '_>, service: &Object<'_>, console: &str) -> Option<Attempt> {
    let endpoints = reached::endpoints(ground, service)?;
    let subject = Subject::new("Service", service.namespace, service.name);
    let Some(&(name, path, told)) = ASKED.iter().find(|(name, ..)| *name == console) else {
        let reason = format!("what {console} tells without a login is not known here");
        return Some(Attempt::cannot(subject, reason, "a look at it without credentials"));
    };
    if endpoints.is_empty() {
        return Some(reached::nowhere(subject));
    }
    let namespace = service.namespace.unwrap_or("default");
    let own = format!("/api/v1/namespaces/{}/services/{}", encode(namespace), encode(service.name));
    let mut steps = vec![Step::control("service", Request::get(own).by(Identity::Caller), expect::ok)];
    let mut asked = Vec::new();
    for ((plain, tls), endpoint) in PORTS.into_iter().zip(&endpoints) {
        steps.push(Step::ask(plain, Request::get(path).plain().at(endpoint)));
        steps.push(Step::ask(tls, Request::get(path).at(endpoint)));
        asked.extend([plain, tls]);
    }
    Some(Attempt::new(subject, steps, move |answers| judge(answers, &asked, name, told)))
}

fn judge(answers: &Answers, asked: &[&'static str], console: &str, told: &str) -> Outcome {
    let tells = |answer: &Answer| {
        answer.status() == Some(200) && answer.json().is_some_and(|json| json.pointer(told).is_some())
    };
    if let Some(step) = asked.iter().find(|step| answers.get(step).is_some_and(tells)) {
        return Outcome::refuted(step, format!("{console} answers without a login"));
    }
    match asked.iter().find(|step| matches!(answers.status(step), Some(401 | 403))) {
        Some(step) => Outcome::proved(step, format!("who is nobody gets nothing of {console}")),
        None => Outcome::inconclusive(
            asked.first().copied().unwrap_or("service"),
            format!("nothing that answers from here is known to be {console}"),
        )
        .needs("a request without credentials from a machine outside"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use seaworthy_probe::{Reply, Verdict};

    use super::*;

    #[test]
    fn what_only_the_console_tells_is_told_from_pages() {
        let verdict = |status, body: &str| {
            let reply = Reply::Http {
                status,
                headers: Vec::new(),
                body: body.as_bytes().to_vec(),
                cut: false,
                tls: None,
            };
            let answer = |reply| Answer { at: String::new(), took: Duration::ZERO, reply };
            let closed = Reply::Refused("TLS".to_owned());
            let answers = Answers(vec![("plain-1", answer(reply)), ("tls-1", answer(closed))]);
            judge(&answers, &["plain-1", "tls-1"], "Kubernetes Dashboard", "/listMeta").verdict
        };
        assert_eq!(verdict(200, r#"{"listMeta": {"totalItems": 3}, "namespaces": []}"#), Verdict::Refuted);
        assert_eq!(verdict(401, r#"{"ErrStatus": {}}"#), Verdict::Proved);
        assert_eq!(verdict(200, "<html>"), Verdict::Inconclusive);
        assert_eq!(verdict(400, "Client sent an HTTP request to an HTTPS server."), Verdict::Inconclusive);
        assert_eq!(verdict(302, ""), Verdict::Inconclusive);
    }
}
