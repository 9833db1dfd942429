//! `network/default-deny-ingress`; prose and cases in `default_deny_ingress.md`.

use seaworthy_probe::Consent;
use seaworthy_reachability::Direction;

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::network::{default_deny, zones};
use crate::probe::{Probe, crossings, pods};
use crate::scope::Surroundings;
use crate::verdict::Judged;

pub(super) static CONTROL: Control = Control {
    id: "network/default-deny-ingress",
    title: "Each namespace denies ingress by default",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::DEFAULT_DENY,
    page: include_str!("default_deny_ingress.md"),
    mappings: Mappings {
        cis: &["5.3.2"],
        nsa: &["netpol"],
        attack: &["MS-TA9034", "T1210"],
        kubescape: &["C-0030", "C-0049", "C-0054", "C-0206", "C-0260"],
        trivy: &["KSV-0038"],
        checkov: &["CKV2_K8S_6"],
        kube_linter: &["non-isolated-pod"],
        polaris: &["missingNetworkPolicy"],
        kube_score: &["pod-networkpolicy"],
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::POLICIES),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[PODS],
};

const PODS: Probe = Probe {
    name: "pods",
    asks: "the caller starts a pod that listens in each namespace of `--job`, and a pod in a new namespace that connects to it",
    proved_by: "it does not connect",
    refuted_by: "it connects",
    not_fooled_by: "a network that is dead, and a node that is cut off: all pods are on one node, where two others that no policy concerns connect; a network that knows new pods late: it is tried for a while",
    positive_control: "the listener is ready before and after, the pod that connects is reached by its kubelet, and the pair beside them connects",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT_THERE,
    rights: pods::RIGHTS,
    plan: crossings::ingress,
};

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    zones::each(around, |scope| default_deny::check(scope, Direction::Ingress))
}
