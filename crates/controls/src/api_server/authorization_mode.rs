//! `api-server/authorization-mode`; prose and cases in `authorization_mode.md`.

use seaworthy_evidence::{Place, Program, Setting};
use seaworthy_probe::{Attempt, Consent, Outcome, Request, SideEffect, Step, Subject};
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, Reading, is_placeholder};
use crate::probe::{Ground, Probe, Right, access_review};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/authorization-mode",
    title: "Authorizer chain holds Node and RBAC and never AlwaysAllow",
    phase: Phase::QuickWin,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("authorization_mode.md"),
    mappings: Mappings {
        cis: &["1.2.6", "1.2.7", "1.2.8"],
        nsa: &["authz"],
        attack: &["MS-TA9029", "T1078"],
        kubescape: &["C-0118", "C-0119", "C-0120", "C-0088"],
        trivy: &["KCV-0007", "KCV-0008", "KCV-0009"],
        checkov: &["CKV_K8S_74", "CKV_K8S_75", "CKV_K8S_77"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AuthorizationConfiguration")],
            check: check_file,
        },
    ]),
    guard: None,
    probes: &[EVERYTHING, NODE, RBAC],
};

const EVERYTHING: Probe = Probe {
    name: "everything",
    asks: "The caller asks by SubjectAccessReview whether a made-up user may use a verb on a resource that does not exist",
    proved_by: "`allowed: false`",
    refuted_by: "`allowed: true`: something grants whatever is asked",
    not_fooled_by: "the caller's own rights: the user is nobody's. AlwaysAllow turns anonymous requests off, so that they look \
                    refused; this asks no anonymous request",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan: plan_everything,
};

fn plan_everything(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let attributes = json!({"resourceAttributes": {
        "verb": "seaworthy-probe", "group": "seaworthy.dev", "resource": "nothing",
    }});
    let request = Request::access_review("seaworthy:nobody", &["system:authenticated"], &attributes);
    let steps = vec![access_review::control(), Step::ask("made-up", request)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| match answers.allowed("made-up") {
        Some((false, _)) => Outcome::proved("made-up", "what nobody was granted is refused"),
        Some((true, why)) => Outcome::refuted(
            "made-up",
            format!("a user without rights may do what does not exist, and so everything: {why}"),
        ),
        None => answers.inconclusive("made-up"),
    })]
}

const NODE: Probe = Probe {
    name: "node",
    asks: "The caller asks by SubjectAccessReview whether a made-up node may get a Secret that does not exist",
    proved_by: "`allowed: false`, with a reason that only the Node authorizer gives",
    refuted_by: "`allowed: true`; or a refusal without that reason, which the Node authorizer would have given",
    not_fooled_by: "RBAC, which refuses nodes as well: it gives other reasons",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan: plan_node,
};

fn plan_node(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let attributes = json!({"resourceAttributes": {
        "verb": "get", "resource": "secrets", "namespace": "kube-system", "name": "seaworthy-probe",
    }});
    let node = "system:node:seaworthy-probe";
    let request = Request::access_review(node, &["system:nodes", "system:authenticated"], &attributes);
    let steps = vec![access_review::control(), Step::ask("secret", request)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let denied = answers.get("secret").and_then(|answer| answer.json());
        let denied = denied.is_some_and(|review| review["status"]["denied"] == true);
        match answers.allowed("secret") {
            // As Kubernetes words it, for each of its kinds of relations.
            Some((false, why)) if why.contains("no relationship found between node") => {
                Outcome::proved("secret", "the Node authorizer refuses a node what no pod of it needs")
            }
            Some((false, why)) if denied => Outcome::inconclusive(
                "secret",
                format!("an authorizer before the Node authorizer refuses: {why}"),
            ),
            Some((false, _)) => Outcome::refuted(
                "secret",
                "no Node authorizer was asked: what nodes may do, bindings must grant",
            ),
            Some((true, why)) => Outcome::refuted(
                "secret",
                format!("a node without pods may read Secrets of `kube-system`: {why}"),
            ),
            None => answers.inconclusive("secret"),
        }
    })]
}

const RBAC: Probe = Probe {
    name: "rbac",
    asks: "The caller asks by SubjectAccessReview whether a made-up user may do what `system:basic-user` grants to everybody",
    proved_by: "`allowed: true`, with a reason that names a binding of RBAC",
    refuted_by: "nothing: somebody may have changed the binding",
    not_fooled_by: "an authorizer that allows everything: its reason names no binding",
    positive_control: "a SelfSubjectAccessReview says that the caller may create SubjectAccessReviews",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::ACCESS_REVIEW],
    plan: plan_rbac,
};

fn plan_rbac(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let attributes = json!({"resourceAttributes": {
        "verb": "create", "group": "authorization.k8s.io", "resource": "selfsubjectaccessreviews",
    }});
    let request = Request::access_review("seaworthy:nobody", &["system:authenticated"], &attributes);
    let steps = vec![access_review::control(), Step::ask("basic", request)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| match answers.allowed("basic") {
        Some((true, why)) if why.starts_with("RBAC: allowed by") => {
            Outcome::proved("basic", "RBAC grants what bindings say")
        }
        Some((true, why)) => {
            let reason = format!("something else than RBAC grants what every user may do: {why}");
            Outcome::inconclusive("basic", reason).needs("`--authorization-mode` of the running server")
        }
        _ => answers.inconclusive("basic"),
    })]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    match flags.configuration("--authorization-config", "AuthorizationConfiguration") {
        // Judged where it stands.
        Configuration::Found(_) => return Verdict::NotApplicable,
        Configuration::Open if !states_modes(scope) => return flags.verdict(),
        Configuration::Open | Configuration::None => {}
    }
    let mut flags = Flags::of(scope);
    if let Reading::Absent(place) = flags.text("--authorization-mode") {
        let message = "`--authorization-mode` is not set: the server then allows every request";
        return Verdict::fail(Fault::new(place, message));
    }
    let Some(modes) = flags.items("--authorization-mode") else { return flags.verdict() };
    let place = modes.last().map_or_else(|| flags.missing("--authorization-mode"), |mode| mode.place);
    let modes: Vec<_> = modes.iter().map(|mode| (mode.text, mode.place)).collect();
    for fault in judge(&modes, place) {
        flags.fault(fault);
    }
    flags.verdict()
}

/// Whether the modes are certain. The server refuses them beside a file.
fn states_modes(scope: &ComponentScope<'_, '_>) -> bool {
    matches!(scope.component.flag("authorization-mode"), Setting::Stated(_) | Setting::Installed(_))
        && !matches!(scope.component.flag("authorization-config"), Setting::Stated(_))
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.object.value;
    let Some(list) = file.get("authorizers") else {
        return Verdict::fail(Fault::new(
            Place::missing(file, "authorizers"),
            "`authorizers` is not set: RBAC decides nothing, and the server does not start",
        ));
    };
    let types = list.items().filter_map(|authorizer| authorizer.get("type"));
    let types: Vec<_> = types.map(|kind| (kind.text(), Place::at(kind))).collect();
    if types.iter().any(|(kind, _)| is_placeholder(kind)) {
        return Verdict::unknown("the type of an authorizer is a placeholder", "the type that is filled in");
    }
    Verdict::of(judge(&types, Place::at(list)))
}

/// Judges the authorizers that are asked, each with its place; `whole` is the place of all.
fn judge<'a>(types: &[(&'a str, Place<'a>)], whole: Place<'a>) -> Vec<Fault<'a>> {
    let has = |wanted: &str| types.iter().any(|(kind, _)| *kind == wanted);
    let mut faults = Vec::new();
    if let Some((_, place)) = types.iter().find(|(kind, _)| *kind == "AlwaysAllow") {
        faults.push(Fault::new(
            *place,
            "`AlwaysAllow` is an authorizer: whatever the others do not decide is allowed",
        ));
        return faults;
    }
    if !has("RBAC") {
        let message = "`RBAC` is no authorizer: roles and bindings decide nothing";
        faults.push(Fault::new(whole, message).graded(Severity::High));
    }
    if !has("Node") {
        let message = "`Node` is no authorizer: kubelets need rights to the secrets of all nodes";
        faults.push(Fault::new(whole, message).graded(Severity::Medium));
    }
    if let Some((_, place)) = types.iter().find(|(kind, _)| *kind == "ABAC") {
        let message = "`ABAC` is an authorizer: it grants by a file that the API does not show";
        faults.push(Fault::new(*place, message).graded(Severity::Medium));
    }
    faults
}
