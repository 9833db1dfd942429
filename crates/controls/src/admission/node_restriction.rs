//! `admission/node-restriction`; prose and cases in `node_restriction.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};
use serde_json::json;

use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::Flags;
use crate::probe::{Ground, Probe, Right};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "admission/node-restriction",
    title: "NodeRestriction limits what each node may change",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("node_restriction.md"),
    mappings: Mappings {
        cis: &["1.2.14"],
        nsa: &["node"],
        attack: &["MS-TA9016", "T1078"],
        kubescape: &["C-0127"],
        trivy: &["KCV-0016"],
        checkov: &["CKV_K8S_85"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller acts as a made-up node and dry-runs another node, and its own with a label of `node-restriction.kubernetes.io`",
    proved_by: "403 `is not allowed to modify node`, and 403 `is not allowed to set the following labels`",
    refuted_by: "201 for one of them",
    not_fooled_by: "RBAC, which refuses nodes in other words; a caller who may not act as nodes, which is no answer at all",
    positive_control: "the same made-up node may dry-run its own object",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: "", resource: "users", verbs: &["impersonate"] },
        Right { group: "", resource: "groups", verbs: &["impersonate"] },
    ],
    plan,
};

fn plan(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let identity = Identity::Impersonated {
        user: "system:node:seaworthy-probe-a".to_owned(),
        groups: vec!["system:nodes".to_owned(), "system:authenticated".to_owned()],
    };
    let create = |name: &str, labels: serde_json::Value| {
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": labels}});
        Request::dry_run("/api/v1/nodes", &node).by(identity.clone())
    };
    let steps = vec![
        Step::control("own", create("seaworthy-probe-a", json!({})), expect::ok),
        Step::ask("other", create("seaworthy-probe-b", json!({}))),
        Step::ask("label", create("seaworthy-probe-a", json!({"node-restriction.kubernetes.io/probe": "x"}))),
    ];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let refused = [
            ("other", "is not allowed to modify node", "a node may make the object of another node"),
            (
                "label",
                "is not allowed to set the following labels",
                "a node may give itself labels by which pods are placed",
            ),
        ];
        for (step, words, loss) in refused {
            match answers.status(step) {
                Some(403) if answers.message(step).contains(words) => {}
                Some(201) => return Outcome::refuted(step, loss),
                _ => return answers.inconclusive(step),
            }
        }
        Outcome::proved(
            "other",
            "a node is refused the object of another node, and labels by which pods are placed",
        )
    })]
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    // The server refuses to start with a plugin that is both enabled and disabled, so that being enabled is enough.
    if flags
        .items("--enable-admission-plugins")
        .is_some_and(|plugins| plugins.iter().any(|plugin| plugin.text == "NodeRestriction"))
    {
        return Verdict::Pass;
    }
    let mut flags = Flags::of(scope);
    let Some(plugins) = Plugins::of(scope, &mut flags) else { return flags.verdict() };
    if !plugins.is_on("NodeRestriction") {
        flags.fault(Fault::new(
            plugins.place(),
            "`NodeRestriction` is not enabled: a kubelet may change the objects of other nodes, and the labels and \
             taints by which pods are placed",
        ));
    }
    flags.verdict()
}
