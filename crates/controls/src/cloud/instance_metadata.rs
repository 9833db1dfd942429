//! `cloud/instance-metadata`; prose and cases in `instance_metadata.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

const NEEDS: &str = "the launch template or node pool, as the cloud holds it";
const UNSTATED: &str =
    "the files do not say how nodes reach the metadata service, and the default depends on versions";

pub(super) static CONTROL: Control = Control {
    id: "cloud/instance-metadata",
    title: "Instance metadata demands session tokens and one hop",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::CLOUD_SETTINGS,
    page: include_str!("instance_metadata.md"),
    mappings: Mappings {
        nsa: &["metadata"],
        attack: &["MS-TA9033", "MS-TA9028", "T1552.005"],
        kubescape: &["C-0052"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("karpenter.k8s.aws", "EC2NodeClass")], check: judge_karpenter },
        Check::Object {
            kinds: &[("infrastructure.cluster.x-k8s.io", "AWSMachineTemplate")],
            check: judge_cluster_api,
        },
        Check::Object { kinds: &[("eksctl.io", "ClusterConfig")], check: judge_eksctl },
        Check::Object {
            kinds: &[("container.cnrm.cloud.google.com", "ContainerNodePool")],
            check: judge_pool,
        },
    ]),
    guard: None,
    probes: &[],
};

/// Whether a value of the options is filled in later.
fn is_open(options: Option<Value<'_>>) -> bool {
    options.into_iter().flat_map(|options| options.entries()).any(|(_, value)| is_placeholder(value.text()))
}

/// Tokens are required and one hop is allowed when nothing is stated, since version v1; before, two hops.
fn judge_karpenter<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let class = scope.object;
    let Some(spec) = class.value.get("spec") else { return Verdict::NotApplicable };
    let options = spec.get("metadataOptions");
    if is(options, "httpEndpoint", "disabled") {
        return Verdict::Pass;
    }
    let mut faults = Vec::new();
    faults.extend(optional_tokens(options));
    faults.extend(hops(options));
    let stated = options.is_some_and(|options| options.get("httpPutResponseHopLimit").is_some());
    let undecided = is_open(options) || (!stated && class.api_version.ends_with("/v1beta1"));
    match faults.is_empty() && undecided {
        true => Verdict::unknown(UNSTATED, NEEDS),
        false => Verdict::of(faults),
    }
}

fn judge_cluster_api<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.at(&["spec", "template", "spec"]) else {
        return Verdict::NotApplicable;
    };
    let options = spec.get("instanceMetadataOptions");
    if is(options, "httpEndpoint", "disabled") {
        return Verdict::Pass;
    }
    let mut faults = Vec::new();
    faults.extend(optional_tokens(options));
    faults.extend(hops(options));
    match faults.is_empty() && (is_open(options) || !is(options, "httpTokens", "required")) {
        true => Verdict::unknown(UNSTATED, NEEDS),
        false => Verdict::of(faults),
    }
}

fn judge_eksctl<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let lists = ["managedNodeGroups", "nodeGroups"].iter().filter_map(|key| scope.object.value.get(key));
    let groups: Vec<Value<'a>> = lists.flat_map(|list| list.items()).collect();
    if groups.is_empty() {
        return Verdict::NotApplicable;
    }
    let switch = |group: &Value<'a>, key| group.get(key).and_then(|value: Value<'a>| value.as_bool());
    let mut unstated = false;
    let mut faults = Vec::new();
    for group in groups {
        if switch(&group, "disablePodIMDS") == Some(true) {
            continue;
        }
        match group.get("disableIMDSv1").filter(|value| value.as_bool() == Some(false)) {
            Some(value) => faults.push(Fault::new(
                Place::at(value),
                "`disableIMDSv1: false`: a pod that can be made to fetch an address hands out the credentials of its node",
            )),
            None => unstated = true,
        }
    }
    match faults.is_empty() && unstated {
        true => Verdict::unknown(UNSTATED, NEEDS),
        false => Verdict::of(faults),
    }
}

fn judge_pool<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let mode = scope.object.value.at(&["spec", "nodeConfig", "workloadMetadataConfig", "mode"]);
    match mode.map(|mode| (mode, mode.text())) {
        Some((_, "GKE_METADATA")) => Verdict::Pass,
        Some((mode, "GCE_METADATA")) => Verdict::fail(Fault::new(
            Place::at(mode),
            "`mode: GCE_METADATA`: every pod gets the token of the service account of its node",
        )),
        _ => Verdict::unknown(UNSTATED, NEEDS),
    }
}

fn is(options: Option<Value<'_>>, key: &str, wanted: &str) -> bool {
    options.and_then(|options| options.get(key)).is_some_and(|value| value.text() == wanted)
}

fn optional_tokens<'a>(options: Option<Value<'a>>) -> Option<Fault<'a>> {
    let tokens = options?.get("httpTokens").filter(|tokens| tokens.text() == "optional")?;
    Some(Fault::new(
        Place::at(tokens),
        "`httpTokens: optional`: a pod that can be made to fetch an address hands out the credentials of its node",
    ))
}

fn hops<'a>(options: Option<Value<'a>>) -> Option<Fault<'a>> {
    let limit = options?
        .get("httpPutResponseHopLimit")
        .filter(|limit| limit.as_i64().is_some_and(|hops| hops > 1))?;
    let message = format!(
        "`httpPutResponseHopLimit: {}`: answers reach into pods, and with them the credentials of the node",
        limit.text()
    );
    Some(Fault::new(Place::at(limit), message).graded(Severity::Medium))
}
