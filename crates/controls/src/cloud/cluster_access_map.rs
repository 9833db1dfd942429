//! `cloud/cluster-access-map`; prose and cases in `cluster_access_map.md`.

use seaworthy_document::{Stream, Value};
use seaworthy_evidence::Place;

use super::access_entries::{self, weaknesses};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

const NEEDS: &str = "the text with its placeholders filled in";

pub(super) static CONTROL: Control = Control {
    id: "cloud/cluster-access-map",
    title: "Cloud identities mapped into the cluster are few and narrow",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::CLOUD_SETTINGS,
    page: include_str!("cluster_access_map.md"),
    mappings: Mappings {
        nsa: &["auth"],
        attack: &["MS-TA9001", "T1078.004"],
        kubescape: &["C-0232"],
        trivy: &["KSV-0115"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("", "ConfigMap")], check: judge_config_map },
        Check::Object { kinds: &[("eksctl.io", "ClusterConfig")], check: judge_eksctl },
        Check::Object {
            kinds: &[("controlplane.cluster.x-k8s.io", "AWSManagedControlPlane")],
            check: judge_cluster_api,
        },
        Check::Object { kinds: &[("eks.services.k8s.aws", "AccessEntry")], check: judge_access_entry },
        Check::Object {
            kinds: &[("eks.aws.upbound.io", "AccessPolicyAssociation")],
            check: judge_association,
        },
        Check::Object { kinds: &[("seaworthy.dev", "Collection")], check: judge_cluster },
    ]),
    guard: None,
    probes: &[],
};

/// A live cluster of EKS: entries that stand at AWS alone let people in past every ConfigMap.
fn judge_cluster<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let is_eks = scope.around.evidence.distribution().is_some_and(|made_by| made_by.name == "eks");
    match is_eks {
        false => Verdict::NotApplicable,
        true => Verdict::unknown(
            "access entries of EKS stand at AWS, and the API server shows none of them",
            "`aws eks list-access-entries` for the cluster, and the policies associated with each entry",
        ),
    }
}

/// The ConfigMap that the authenticator of EKS reads.
fn judge_config_map<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let map = scope.object;
    if map.name != "aws-auth" || map.namespace.is_some_and(|namespace| namespace != "kube-system") {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let mut unread = false;
    for (key, identity) in [("mapRoles", "rolearn"), ("mapUsers", "userarn")] {
        let Some(value) = map.value.at(&["data", key]) else { continue };
        // The entries are a text inside the text, so they have no places of their own.
        let stream = Stream::read(value.text());
        let root = stream.documents().next().map(|document| document.root());
        match root {
            Some(list) if list.is_sequence() && stream.diagnostics().is_empty() => {
                for entry in list.items() {
                    faults.extend(of_entry(Place::at(value), &entry, identity));
                }
            }
            Some(root) if !root.is_null() => unread = true,
            _ => {}
        }
    }
    if let Some(value) = map.value.at(&["data", "mapAccounts"]) {
        let stream = Stream::read(value.text());
        let accounts = stream.documents().next().map_or(0, |document| document.root().items().count());
        if accounts > 0 {
            let noun = if accounts == 1 { "account" } else { "accounts" };
            let message = format!(
                "`mapAccounts` lets in every identity of {accounts} {noun}: whoever can make a user there can log in"
            );
            faults.push(Fault::new(Place::at(value), message).graded(Severity::High));
        }
    }
    if faults.is_empty() && unread {
        return Verdict::unknown("the entries of `aws-auth` cannot be read", NEEDS);
    }
    Verdict::of(faults)
}

/// The faults of an entry, all at one place.
fn of_entry<'a>(place: Place<'a>, entry: &Value<'_>, identity: &str) -> Vec<Fault<'a>> {
    let mut faults: Vec<Fault<'a>> = weaknesses(entry, identity)
        .into_iter()
        .map(|weakness| Fault::new(place, weakness.message).graded(weakness.severity))
        .collect();
    if faults.is_empty() && identity == "userarn" {
        let who = access_entries::name(entry.get("userarn").map_or("", |arn| arn.text()));
        let message =
            format!("{who} is a user of the cloud, with keys that do not expire: map a role instead");
        faults.push(Fault::new(place, message).graded(Severity::Low));
    }
    faults
}

fn judge_eksctl<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let config = scope.object.value;
    let mappings = config.get("iamIdentityMappings");
    let entries = config.at(&["accessConfig", "accessEntries"]);
    if mappings.is_none() && entries.is_none() {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    for entry in mappings.into_iter().flat_map(|list| list.items()) {
        if let Some(account) = entry.get("account") {
            let message =
                "every identity of this account is let in: whoever can make a user there can log in";
            faults.push(Fault::new(Place::at(account), message).graded(Severity::High));
        }
        faults.extend(of_entry(Place::at(entry), &entry, "arn"));
    }
    for entry in entries.into_iter().flat_map(|list| list.items()) {
        faults.extend(of_policies(&entry, "principalARN", "policyARN"));
    }
    Verdict::of(faults)
}

fn judge_cluster_api<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(config) = scope.object.value.at(&["spec", "iamAuthenticatorConfig"]) else {
        return Verdict::NotApplicable;
    };
    let mut faults = Vec::new();
    for (key, identity) in [("mapRoles", "rolearn"), ("mapUsers", "userarn")] {
        for entry in config.get(key).into_iter().flat_map(|list| list.items()) {
            faults.extend(of_entry(Place::at(entry), &entry, identity));
        }
    }
    Verdict::of(faults)
}

fn judge_access_entry<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    match scope.object.value.get("spec") {
        Some(spec) => Verdict::of(of_policies(&spec, "principalARN", "policyARN")),
        None => Verdict::NotApplicable,
    }
}

/// Access policies of EKS that give every right in the whole cluster.
fn of_policies<'a>(entry: &Value<'a>, principal: &str, policy: &str) -> Vec<Fault<'a>> {
    let who = access_entries::name(entry.get(principal).map_or("", |arn| arn.text()));
    let policies = entry.get("accessPolicies").into_iter().flat_map(|list| list.items());
    let wide = policies.filter_map(|item| {
        let arn = item.get(policy)?;
        let scope = item.at(&["accessScope", "type"]).map_or("cluster", |scope| scope.text());
        gives_everything(arn.text(), scope).then(|| everything(Place::at(arn), &who))
    });
    wide.collect()
}

fn judge_association<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(settings) = scope.object.value.at(&["spec", "forProvider"]) else {
        return Verdict::NotApplicable;
    };
    let Some(policy) = settings.get("policyArn") else { return Verdict::NotApplicable };
    let who = access_entries::name(settings.get("principalArn").map_or("", |arn| arn.text()));
    let scope = settings.get("accessScope");
    // A list with one item in v1beta1, a map from v1beta2 on.
    let kind =
        scope.and_then(|scope| scope.items().next().or(Some(scope))).and_then(|scope| scope.get("type"));
    match gives_everything(policy.text(), kind.map_or("cluster", |kind| kind.text())) {
        true => Verdict::fail(everything(Place::at(policy), &who)),
        false => Verdict::Pass,
    }
}

fn gives_everything(policy: &str, scope: &str) -> bool {
    policy.ends_with("/AmazonEKSClusterAdminPolicy") && scope == "cluster"
}

fn everything<'a>(place: Place<'a>, who: &str) -> Fault<'a> {
    Fault::new(
        place,
        format!(
            "{who} may do everything in the cluster: keep this for an emergency, and narrow it otherwise"
        ),
    )
    .graded(Severity::High)
}
