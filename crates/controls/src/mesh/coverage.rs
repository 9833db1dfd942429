//! `mesh/coverage`; prose and cases in `coverage.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::mesh::membership::{self, Membership};
use crate::scope::{ObjectScope, PodScope};
use crate::verdict::{Fault, Verdict};

/// Annotations by which traffic goes past the proxy: the mesh, the key, and whether it is incoming.
const BYPASSES: &[(bool, &str, bool)] = &[
    (true, "traffic.sidecar.istio.io/excludeInboundPorts", true),
    (true, "traffic.sidecar.istio.io/excludeOutboundPorts", false),
    (true, "traffic.sidecar.istio.io/excludeOutboundIPRanges", false),
    (true, "traffic.sidecar.istio.io/includeInboundPorts", true),
    (false, SKIP_INBOUND, true),
    (false, SKIP_OUTBOUND, false),
];

/// Ports of the proxies themselves, which injectors exclude: Istio's and Linkerd's for health, metrics and control.
const OWN_PORTS: &[&str] = &["15020", "15021", "15090", "4190", "4191"];

const SKIP_INBOUND: &str = "config.linkerd.io/skip-inbound-ports";
const SKIP_OUTBOUND: &str = "config.linkerd.io/skip-outbound-ports";

pub(super) static CONTROL: Control = Control {
    id: "mesh/coverage",
    title: "Every workload of a meshed namespace is in the mesh, with no bypass",
    phase: Phase::Research,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::MESH,
    page: include_str!("coverage.md"),
    mappings: Mappings { nsa: &["mesh"], attack: &["MS-TA9034", "T1557"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Pod(pod),
        Check::Reads(closed_world::MESH),
        Check::Object { kinds: &[("", "Namespace")], check: namespace },
        Check::Object { kinds: &[("networking.istio.io", "DestinationRule")], check: destination_rule },
    ]),
    guard: None,
    probes: &[],
};

fn pod<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let mesh = match membership::of_pod(scope) {
        Membership::Outside => return Verdict::NotApplicable,
        Membership::KeptOut(by) => return Verdict::fail(kept_out(scope, by)),
        Membership::In(mesh) => mesh,
    };
    let mut faults = Vec::new();
    let mut undecided = false;
    for (istio, key, inbound) in BYPASSES {
        let annotation = membership::mark(scope, "annotations", key).filter(|_| *istio == mesh.is_istio());
        match annotation.filter(|value| bypasses(key, value.text())) {
            Some(value) if is_placeholder(value.text()) => undecided = true,
            Some(value) => faults.push(bypass(value, *inbound)),
            None => {}
        }
    }
    match undecided {
        true if faults.is_empty() => {
            Verdict::unknown("what goes past the proxy is filled in later", "the manifest as it is applied")
        }
        _ => Verdict::of(faults),
    }
}

fn kept_out<'a>(scope: &PodScope<'_, 'a>, by: Value<'a>) -> Fault<'a> {
    let key = by.key().map_or("", |key| key.text());
    let what = format!("`{key}: {}` keeps this workload out of the mesh of its namespace", by.text());
    // A side car used to keep Jobs from ending, and a Job seldom takes callers.
    match matches!(scope.owner().kind, "Job" | "CronJob") {
        true => Fault::new(Place::at(by), format!("{what}; a Job takes no callers")).graded(Severity::Low),
        false => Fault::new(Place::at(by), what),
    }
}

fn bypasses(key: &str, value: &str) -> bool {
    match key {
        "traffic.sidecar.istio.io/includeInboundPorts" => value != "*",
        _ => value.split(',').map(str::trim).any(|part| !part.is_empty() && !OWN_PORTS.contains(&part)),
    }
}

fn bypass(value: Value<'_>, inbound: bool) -> Fault<'_> {
    let key = value.key().map_or("", |key| key.text());
    let (what, severity) = match inbound {
        true => ("callers reach these ports past the proxy, without identity", Severity::Medium),
        false => ("what goes there is not encrypted by the mesh", Severity::Low),
    };
    Fault::new(Place::at(value), format!("`{key}: {}`: {what}", value.text())).graded(severity)
}

/// Linkerd takes these annotations from the namespace as well.
fn namespace<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let annotation = |key| scope.object.value.at(&["metadata", "annotations", key]);
    let found = [(SKIP_INBOUND, true), (SKIP_OUTBOUND, false)].into_iter().filter_map(|(key, inbound)| {
        let value =
            annotation(key).filter(|value| bypasses(key, value.text()) && !is_placeholder(value.text()))?;
        Some(bypass(value, inbound))
    });
    let faults: Vec<Fault<'a>> = found.collect();
    if faults.is_empty() { Verdict::NotApplicable } else { Verdict::Fail(faults) }
}

/// A DestinationRule can make callers speak plaintext to a service of the mesh.
fn destination_rule<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    let host = spec.get("host").map_or("", |host| host.text());
    // Other names may lie outside of the mesh, where plaintext is a matter of the service there.
    let inside = host.ends_with(".local") || host.ends_with(".svc") || !host.contains('.');
    if host.is_empty() || !inside {
        return Verdict::NotApplicable;
    }
    let subsets = spec.get("subsets").into_iter().flat_map(|subsets| subsets.items());
    let policies =
        spec.get("trafficPolicy").into_iter().chain(subsets.filter_map(|subset| subset.get("trafficPolicy")));
    let modes = policies.flat_map(|policy| {
        let ports = policy.get("portLevelSettings").into_iter().flat_map(|ports| ports.items());
        std::iter::once(policy).chain(ports).filter_map(|policy| policy.at(&["tls", "mode"]))
    });
    let faults = modes.filter(|mode| mode.text() == "DISABLE").map(|mode| {
        Fault::new(Place::at(mode), format!("`mode: DISABLE`: callers speak plaintext to `{host}`"))
    });
    Verdict::of(faults.collect())
}
