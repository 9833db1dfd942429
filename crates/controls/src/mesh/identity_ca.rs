//! `mesh/identity-ca`; prose and cases in `identity_ca.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::clients::kubeconfigs::Certificate;
use crate::clock::{self, DAY};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Where meshes publish their trust anchors: the ConfigMap and its key.
const ANCHORS: &[(&str, &str)] =
    &[("istio-ca-root-cert", "root-cert.pem"), ("linkerd-identity-trust-roots", "ca-bundle.crt")];

/// Days before the end at which to act: every workload has to learn the new anchor before.
const NOTICE: i64 = 60;

/// Anchors in one bundle that are looked at.
const MANY: usize = 32;

pub(super) static CONTROL: Control = Control {
    id: "mesh/identity-ca",
    title: "Mesh trust anchors and issuers are valid and rotated",
    phase: Phase::Research,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Cluster],
    change: &change::MESH,
    page: include_str!("identity_ca.md"),
    mappings: Mappings { nsa: &["mesh"], attack: &["T1649", "T1557"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "ConfigMap")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let map = scope.object;
    let Some((name, key)) = ANCHORS.iter().find(|(name, _)| *name == map.name) else {
        return Verdict::NotApplicable;
    };
    // Istio copies its anchor into every namespace.
    let root = scope.around.settings.parameters.mesh_root_namespace.as_str();
    if *name == "istio-ca-root-cert" && map.namespace.is_some_and(|namespace| namespace != root) {
        return Verdict::NotApplicable;
    }
    let Some(bundle) = map.value.at(&["data", key]) else { return Verdict::NotApplicable };
    const NEEDS: &str = "the certificates, and the day on which the cluster was asked";
    // A file does not tell on which day it is in force.
    let Some(now) = clock::now(&scope.around) else {
        return match scope.around.is_live() {
            true => Verdict::unknown("the record of the cluster does not tell when it was made", NEEDS),
            false => Verdict::NotApplicable,
        };
    };
    let parts = bundle
        .text()
        .split_inclusive("-----END CERTIFICATE-----")
        .filter(|part| part.contains("BEGIN CERTIFICATE"));
    let ends: Vec<_> = parts.take(MANY).map(|part| Certificate::first_of(part)?.end).collect();
    if ends.is_empty() || ends.iter().any(Option::is_none) {
        return Verdict::unknown("a trust anchor of the mesh cannot be read, or ends after 2049", NEEDS);
    }
    // While an anchor is replaced there are two; the last to end counts.
    let Some(end) = ends.into_iter().flatten().max() else { return Verdict::NotApplicable };
    let left = end.unix_days() - now.div_euclid(DAY);
    let fault =
        |message: String, severity| Verdict::fail(Fault::new(Place::at(bundle), message).graded(severity));
    match left {
        ..0 => {
            fault(format!("the trust anchor ended on {end}: no workload can prove who it is"), Severity::High)
        }
        0..NOTICE => fault(format!("the trust anchor ends on {end}, in {left} days"), Severity::Medium),
        _ => Verdict::Pass,
    }
}
