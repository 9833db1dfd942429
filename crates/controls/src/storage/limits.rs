//! `storage/limits`; prose and cases in `limits.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};
use serde_json::json;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, Right};
use crate::scope::NamespaceScope;
use crate::verdict::{Fault, Verdict};

const NEEDS: &str =
    "the Namespace object with its ResourceQuota and LimitRange, from files or from the cluster";

pub(super) static CONTROL: Control = Control {
    id: "storage/limits",
    title: "Storage size, count and IOPS are bounded",
    phase: Phase::NextStep,
    step: 12,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::NAMESPACE_KIT,
    page: include_str!("limits.md"),
    mappings: Mappings {
        nsa: &["resources"],
        attack: &["MS-TA9040", "T1499"],
        kube_score: &["container-ephemeral-storage-request-and-limit"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Namespace(check), Check::Reads(closed_world::BOUNDS)]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs a claim for an exbibyte in each namespace that makes claims, beside one for a mebibyte",
    proved_by: "403 `exceeded quota` that names storage, or by a LimitRange that bounds each claim, a policy or a webhook",
    refuted_by: "201",
    not_fooled_by: "a quota of something else that is used up, told by its words",
    positive_control: "the claim for a mebibyte is let in by the same caller in the same namespace, or stopped by nothing but a quota",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "persistentvolumeclaims", verbs: &["create"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut attempts = admission::each_namespace(ground, false, |namespace| {
        let claim = |size: &str| {
            let claim = json!({
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "metadata": {"generateName": "seaworthy-probe-"},
                "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}},
            });
            admission::dry_run(namespace, "/api/v1", "persistentvolumeclaims", &claim)
        };
        let steps =
            vec![Step::control("small", claim("1Mi"), admission::admitted), Step::ask("huge", claim("1Ei"))];
        Attempt::new(admission::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "huge") {
                Said::Quota(message) if message.contains("requests.storage=") => {
                    Outcome::proved("huge", "a quota refuses a claim for too much")
                }
                Said::Policy(who) => {
                    Outcome::proved("huge", format!("a claim for too much is refused by {who}"))
                }
                Said::Admitted(_) => Outcome::refuted("huge", "a claim for an exbibyte is let in"),
                Said::Quota(_) => Outcome::inconclusive("huge", "a quota of something else refuses it")
                    .needs("room in the ResourceQuota of the namespace"),
                _ if answers.message("huge").contains("maximum storage usage per PersistentVolumeClaim") => {
                    Outcome::proved("huge", "a LimitRange refuses a claim for too much")
                }
                _ => answers.inconclusive("huge"),
            }
        })
    });
    let claims = |namespace: &str| {
        ground.evidence.of_kind("PersistentVolumeClaim").any(|claim| claim.namespace == Some(namespace))
            || ground.evidence.of_kind("StatefulSet").any(|set| {
                set.namespace == Some(namespace) && set.value.at(&["spec", "volumeClaimTemplates"]).is_some()
            })
    };
    attempts.retain(|attempt| attempt.subject().kind != "Namespace" || claims(&attempt.subject().name));
    attempts
}

fn check<'a>(scope: &NamespaceScope<'_, 'a>) -> Verdict<'a> {
    let Some(name) = scope.name else {
        return Verdict::unknown("the files do not say in which namespace this is applied", NEEDS);
    };
    if scope.around.settings.parameters.is_system_namespace(name) || scope.workloads.is_empty() {
        return Verdict::NotApplicable;
    }
    let quotas: Vec<Value<'a>> = scope.objects_of_kind("ResourceQuota").map(|quota| quota.value).collect();
    let limits: Vec<Value<'a>> = scope.objects_of_kind("LimitRange").map(|limits| limits.value).collect();
    if scope.object.is_none() && quotas.is_empty() && limits.is_empty() {
        return Verdict::unknown("the Namespace object is not among the files", NEEDS);
    }
    let Some(anchor) = scope.anchor() else { return Verdict::NotApplicable };
    let place = Place::at(anchor.value.at(&["metadata", "name"]).unwrap_or(anchor.value));
    let mut faults = Vec::new();
    if takes_volumes(scope) && !quotas.iter().any(bounds_volumes) && !limits.iter().any(bounds_claims) {
        faults.push(Fault::new(
            place,
            "its workloads take volumes, and neither a ResourceQuota nor a LimitRange bounds their size",
        ));
    }
    let open = scope.workloads.iter().filter(|workload| {
        workload
            .pod
            .containers()
            .any(|container| container.value().at(&["resources", "limits", "ephemeral-storage"]).is_none())
    });
    let open = open.count();
    if open > 0 && !quotas.iter().any(bounds_ephemeral) && !limits.iter().any(limits_ephemeral) {
        let noun = if open == 1 { "workload" } else { "workloads" };
        faults.push(Fault::new(
            place,
            format!("{open} {noun} may fill the disk of a node: nothing bounds `ephemeral-storage`"),
        ));
    }
    Verdict::of(faults)
}

/// Whether claims are made in the namespace: by themselves, or by templates of stateful sets and pods.
fn takes_volumes(scope: &NamespaceScope<'_, '_>) -> bool {
    let templates = |value: &Value<'_>| value.at(&["spec", "volumeClaimTemplates"]).is_some();
    scope.objects_of_kind("PersistentVolumeClaim").next().is_some()
        || scope.objects_of_kind("StatefulSet").any(|set| templates(&set.value))
        || scope.workloads.iter().any(|workload| {
            workload.pod.volumes().any(|volume| {
                volume.get("persistentVolumeClaim").is_some() || volume.get("ephemeral").is_some()
            })
        })
}

/// Whether a quota bounds the size or number of all volumes, or the size in one class at least.
fn bounds_volumes(quota: &Value<'_>) -> bool {
    hard(quota).any(|key| {
        matches!(key, "requests.storage" | "persistentvolumeclaims" | "count/persistentvolumeclaims")
            || key.ends_with(".storageclass.storage.k8s.io/requests.storage")
            || key.ends_with(".storageclass.storage.k8s.io/persistentvolumeclaims")
    })
}

fn bounds_ephemeral(quota: &Value<'_>) -> bool {
    hard(quota).any(|key| {
        matches!(key, "ephemeral-storage" | "requests.ephemeral-storage" | "limits.ephemeral-storage")
    })
}

/// What a quota for all pods bounds: one with scopes counts only some of them.
fn hard<'a>(quota: &Value<'a>) -> impl Iterator<Item = &'a str> {
    let all = ["scopes", "scopeSelector"].iter().all(|field| quota.at(&["spec", field]).is_none());
    let hard = quota.at(&["spec", "hard"]).filter(|_| all);
    hard.into_iter()
        .flat_map(|hard| hard.entries())
        .filter(|(_, value)| !value.is_null())
        .map(|(key, _)| key.text())
}

/// Whether a LimitRange bounds the size of each claim.
fn bounds_claims(range: &Value<'_>) -> bool {
    items(range, "PersistentVolumeClaim").any(|item| item.at(&["max", "storage"]).is_some())
}

/// Whether a LimitRange bounds the ephemeral storage of containers or pods.
fn limits_ephemeral(range: &Value<'_>) -> bool {
    items(range, "Container")
        .any(|item| ["default", "max"].iter().any(|field| item.at(&[field, "ephemeral-storage"]).is_some()))
        || items(range, "Pod").any(|item| item.at(&["max", "ephemeral-storage"]).is_some())
}

fn items<'a>(range: &Value<'a>, kind: &'static str) -> impl Iterator<Item = Value<'a>> {
    let items = range.at(&["spec", "limits"]).into_iter().flat_map(|limits| limits.items());
    items.filter(move |item| item.get("type").is_some_and(|value| value.text() == kind))
}
