//! `detection/metrics-alerts`; prose and cases in `metrics_alerts.md`.

use seaworthy_document::{Value, decode_base64};
use seaworthy_evidence::{Object, Place};

use super::alert_routes::{self, Routes};
use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::{ObjectScope, Surroundings};
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Judged, Verdict};

const OPERATOR: &str = "monitoring.coreos.com";

/// What alerts should be about: the words for people, and texts of which one stands in the expression of such an alert.
const TOPICS: &[(&str, &[&str])] = &[
    ("targets that are down", &["up == 0", "up{", "absent(up", "up)"]),
    ("the API server", &["apiserver_", "kube-apiserver", "apiserver"]),
    ("pods that fail or hang", &["kube_pod_status_phase", "kube_pod_container_status", "kube_pod_"]),
    ("the CPU of nodes", &["node_cpu", "node_load", "instance:node_cpu"]),
    ("volumes that fill up", &["kubelet_volume_stats", "node_filesystem"]),
];

pub(super) static CONTROL: Control = Control {
    id: "detection/metrics-alerts",
    title: "Metrics are collected and alerts cover control plane and storage",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::OBSERVABILITY,
    page: include_str!("metrics_alerts.md"),
    mappings: Mappings {
        nsa: &["alerting"],
        attack: &["MS-TA9039", "T1496", "MS-TA9038", "T1485"],
        kube_linter: &["dangling-servicemonitor"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(judge_servers),
        Check::Reads(closed_world::PROMETHEUS),
        Check::Object { kinds: &[("", "ConfigMap"), ("", "Secret")], check: judge_file },
        Check::Object { kinds: &[(OPERATOR, "AlertmanagerConfig")], check: judge_config },
    ]),
    guard: None,
    probes: &[],
};

fn judge_servers<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let of_kind = |kind| around.evidence.of_kind(kind).filter(|object| object.group() == OPERATOR);
    let servers: Vec<&Object<'a>> = of_kind("Prometheus").collect();
    if servers.is_empty() {
        return Vec::new();
    }
    let mut covered = [false; TOPICS.len()];
    for rules in of_kind("PrometheusRule") {
        for expression in alerts(rules) {
            for (seen, (_, signs)) in covered.iter_mut().zip(TOPICS) {
                *seen |= signs.iter().any(|sign| expression.contains(sign));
            }
        }
    }
    let missing: Vec<&str> =
        covered.iter().zip(TOPICS).filter(|(seen, _)| !**seen).map(|(_, (topic, _))| *topic).collect();
    let judge = |object| Judged { object, verdict: judge_server(around, object, &missing) };
    servers.into_iter().map(judge).collect()
}

/// The expressions of alerts, not those of recorded series.
fn alerts<'a>(rules: &Object<'a>) -> impl Iterator<Item = &'a str> {
    let groups = rules.value.at(&["spec", "groups"]).into_iter().flat_map(|groups| groups.items());
    let rules = groups.filter_map(|group| group.get("rules")).flat_map(|rules| rules.items());
    rules.filter(|rule| rule.get("alert").is_some()).filter_map(|rule| Some(rule.get("expr")?.text()))
}

fn judge_server<'a>(around: &Surroundings<'_, '_>, server: &Object<'a>, missing: &[&str]) -> Verdict<'a> {
    let Some(spec) = server.value.get("spec") else { return Verdict::NotApplicable };
    let receivers = spec.at(&["alerting", "alertmanagers"]);
    let any = receivers.is_some_and(|list| list.items().next().is_some());
    // Given past the field, in a Secret or by Thanos, alerts may still arrive.
    let elsewhere = ["additionalAlertManagerConfigs", "additionalArgs", "thanos"]
        .iter()
        .any(|key| spec.get(key).is_some());
    if !any && !elsewhere {
        let place = match receivers {
            Some(list) => Place::at(list),
            None => Place::missing(spec, "alerting.alertmanagers"),
        };
        return Verdict::fail(Fault::new(
            place,
            "no Alertmanager is named: alerts are computed and reach nobody",
        ));
    }
    match missing.is_empty() {
        true => Verdict::Pass,
        false => Verdict::unknown(
            format!("no alert {} is about {}", around.among(), missing.join(", ")),
            "the rules that Prometheus has loaded, at `/api/v1/rules`",
        ),
    }
}

/// The configuration of Alertmanager or Prometheus as a file in a Secret or ConfigMap, by the name of the file.
fn judge_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let object = scope.object;
    let mut verdict = Verdict::NotApplicable;
    for field in ["data", "stringData"] {
        for (key, value) in object.value.get(field).into_iter().flat_map(|map: Value<'a>| map.entries()) {
            if !matches!(key.text(), "alertmanager.yaml" | "alertmanager.yml") {
                continue;
            }
            let decoded = match (object.kind, field) {
                ("Secret", "data") => {
                    decode_base64(value.text()).and_then(|bytes| String::from_utf8(bytes).ok())
                }
                _ => Some(value.text().to_owned()),
            };
            let routes = decoded.map_or(Routes::Unread, |text| alert_routes::read(&text));
            verdict = judge_routes(routes, Place::at(value));
        }
    }
    verdict
}

fn judge_config<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let spec = scope.object.value.get("spec");
    match spec.and_then(|spec| Some((spec.get("route")?, spec.get("receivers")?))) {
        Some((route, receivers)) if !is_placeholder(route.get("receiver").map_or("", |name| name.text())) => {
            judge_routes(alert_routes::of(&route, &receivers), Place::at(receivers))
        }
        _ => Verdict::NotApplicable,
    }
}

fn judge_routes<'a>(routes: Routes, place: Place<'a>) -> Verdict<'a> {
    /// How many receivers a message names.
    const SHOWN: usize = 5;
    match routes {
        Routes::Delivered => Verdict::Pass,
        Routes::Unread => Verdict::unknown(
            "the configuration of Alertmanager cannot be read",
            "the configuration that Alertmanager has loaded, at `/api/v2/status`",
        ),
        Routes::Silent(names) => {
            let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
            let more = if names.len() > SHOWN { ", …" } else { "" };
            let noun = if names.len() == 1 { "receiver" } else { "receivers" };
            let verb = if names.len() == 1 { "has" } else { "have" };
            Verdict::fail(Fault::new(
                place,
                format!(
                    "{noun} {}{more} {verb} no destination: alerts that are routed there reach nobody",
                    shown.join(", ")
                ),
            ))
        }
    }
}
