//! `admission/policy-engine`; prose and cases in `policy_engine.md`.

use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};
use seaworthy_probe::{Attempt, Consent, SideEffect};

use super::tried;
use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right, pod_security};
use crate::scope::{ObjectScope, Surroundings};
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Judged, Verdict};

const BUILT_IN: &str = "admissionregistration.k8s.io";
const KYVERNO: &str = "kyverno.io";
const KYVERNO_CEL: &str = "policies.kyverno.io";
const KUBEWARDEN: &str = "policies.kubewarden.io";
const GATEKEEPER: &str = "constraints.gatekeeper.sh";

pub(super) static CONTROL: Control = Control {
    id: "admission/policy-engine",
    title: "A policy mechanism covers what Pod Security does not",
    phase: Phase::NextStep,
    step: 6,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ADMISSION,
    page: include_str!("policy_engine.md"),
    mappings: Mappings {
        cis: &["5.2.1"],
        nsa: &["psa"],
        attack: &["MS-TA9018", "T1562"],
        kubescape: &["C-0192"],
        kube_linter: &["scc-deny-privileged-container"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(judge_policies),
        Check::Reads(closed_world::ADMISSION),
        Check::Object { kinds: &[(BUILT_IN, "ValidatingAdmissionPolicyBinding")], check: judge_binding },
        Check::Object { kinds: &[(KYVERNO, "ClusterPolicy"), (KYVERNO, "Policy")], check: judge_kyverno },
        Check::Object {
            kinds: &[
                (KYVERNO_CEL, "ImageValidatingPolicy"),
                (KYVERNO_CEL, "NamespacedImageValidatingPolicy"),
                (KYVERNO_CEL, "NamespacedValidatingPolicy"),
                (KYVERNO_CEL, "ValidatingPolicy"),
            ],
            check: judge_actions,
        },
        Check::Object {
            kinds: &[(KUBEWARDEN, "AdmissionPolicy"), (KUBEWARDEN, "ClusterAdmissionPolicy")],
            check: judge_kubewarden,
        },
        Check::Evidence(judge_constraints),
    ]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller reads each ValidatingAdmissionPolicy and its bindings, and dry-runs pods, a Deployment, a Service and a \
           Namespace of which most policies refuse something",
    proved_by: "a refusal that names the policy",
    refuted_by: "a warning that names it beside 201; no binding, or none that denies",
    not_fooled_by: "refusals by Pod Security, webhooks and other policies, which bear other names. A policy that refuses none of \
                    these objects may be about something else, or exempt the caller: that proves nothing",
    positive_control: "the caller reads the policy",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: BUILT_IN, resource: "validatingadmissionpolicies", verbs: &["get"] },
        Right { group: BUILT_IN, resource: "validatingadmissionpolicybindings", verbs: &["get"] },
        pod_security::PODS,
        Right { group: "apps", resource: "deployments", verbs: &["create"] },
        Right { group: "", resource: "services", verbs: &["create"] },
        Right { group: "", resource: "namespaces", verbs: &["create"] },
    ],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    tried::policies(ground)
}

/// What bindings say of the policy that they name.
#[derive(Default)]
struct Bound<'a> {
    without_parameters: Option<&'a str>,
}

fn judge_policies<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let of_kind = |kind| around.evidence.of_kind(kind).filter(|object| object.group() == BUILT_IN);
    let mut bound: FxHashMap<&'a str, Bound<'a>> = FxHashMap::default();
    for binding in of_kind("ValidatingAdmissionPolicyBinding") {
        let Some(name) = binding.value.at(&["spec", "policyName"]).and_then(|name| name.as_str()) else {
            continue;
        };
        let entry = bound.entry(name).or_default();
        if binding.value.at(&["spec", "paramRef"]).is_none() {
            entry.without_parameters = Some(binding.name);
        }
    }
    of_kind("ValidatingAdmissionPolicy")
        .map(|object| Judged { object, verdict: judge_policy(around, object, bound.get(object.name)) })
        .collect()
}

fn judge_policy<'a>(
    around: &Surroundings<'_, 'a>,
    policy: &Object<'a>,
    bound: Option<&Bound<'a>>,
) -> Verdict<'a> {
    let mut faults: Vec<Fault<'a>> = ignores_failures(policy).into_iter().collect();
    if let Some(kind) = policy.value.at(&["spec", "paramKind"])
        && let Some(binding) = bound.and_then(|bound| bound.without_parameters)
    {
        faults.push(Fault::new(
            Place::at(kind),
            format!(
                "it takes parameters, but binding `{binding}` gives none (`paramRef`): it fails or is skipped"
            ),
        ));
    }
    match bound {
        _ if !faults.is_empty() => Verdict::Fail(faults),
        Some(_) => Verdict::Pass,
        None if around.has_all(BUILT_IN, "ValidatingAdmissionPolicyBinding", None) => {
            let place = Place::at(policy.value.at(&["metadata", "name"]).unwrap_or(policy.value));
            Verdict::fail(Fault::new(place, "no binding puts this policy into effect").graded(Severity::Low))
        }
        None => Verdict::unknown(
            "no binding among the files puts this policy into effect",
            "its ValidatingAdmissionPolicyBinding, from the files that create it or from the cluster",
        ),
    }
}

fn ignores_failures<'a>(policy: &Object<'a>) -> Option<Fault<'a>> {
    let value = policy.value.at(&["spec", "failurePolicy"]).filter(|value| value.text() == "Ignore")?;
    let message = "`failurePolicy: Ignore`: what the policy cannot judge is let in";
    Some(Fault::new(Place::at(value), message))
}

fn judge_binding<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let binding = scope.object.value;
    let actions = binding.at(&["spec", "validationActions"]);
    let mut faults: Vec<Fault<'a>> = never_denies(actions).into_iter().collect();
    let missing = binding.at(&["spec", "paramRef", "parameterNotFoundAction"]);
    if let Some(action) = missing.filter(|action| action.text() == "Allow") {
        let message =
            "`parameterNotFoundAction: Allow`: without its parameters the policy lets everything in";
        faults.push(Fault::new(Place::at(action), message).graded(Severity::Low));
    }
    decided(faults, is_open(actions))
}

/// Policies that state their actions as bindings do; `Deny` is what holds when they state none.
fn judge_actions<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let policy = scope.object;
    let actions = policy.value.at(&["spec", "validationActions"]);
    let mut faults: Vec<Fault<'a>> = ignores_failures(policy).into_iter().collect();
    faults.extend(never_denies(actions.filter(|actions| actions.items().next().is_some())));
    faults.extend(not_at_admission(policy, &["spec", "evaluation", "admission", "enabled"]));
    decided(faults, is_open(actions))
}

/// Actions of which none refuses.
fn never_denies<'a>(actions: Option<Value<'a>>) -> Option<Fault<'a>> {
    let actions = actions.filter(|_| !is_open(actions))?;
    let denies = actions.items().any(|action| action.text() == "Deny");
    (!denies).then(|| Fault::new(Place::at(actions), "no `Deny` among the actions: violations are let in"))
}

/// Whether it depends on something that is filled in later whether a list of actions refuses.
fn is_open(actions: Option<Value<'_>>) -> bool {
    actions.is_some_and(|actions| {
        let denies = actions.items().any(|action| action.text() == "Deny");
        !denies && actions.descendants().any(|action| is_placeholder(action.text()))
    })
}

/// The verdict about faults, or unknown when there are none yet.
fn decided(faults: Vec<Fault<'_>>, open: bool) -> Verdict<'_> {
    match faults.is_empty() && open {
        true => Verdict::unknown("the actions are filled in later", "the rendered object"),
        false => Verdict::of(faults),
    }
}

fn not_at_admission<'a>(policy: &Object<'a>, path: &[&str]) -> Option<Fault<'a>> {
    let value = policy.value.at(path).filter(|value| value.as_bool() == Some(false))?;
    let key = path.last().copied().unwrap_or_default();
    Some(Fault::new(
        Place::at(value),
        format!("`{key}: false`: requests are let in, violations are reported later"),
    ))
}

/// Rules of Kyverno state their action themselves since 1.13, else the policy does; `Audit` is what holds when neither
/// does.
fn judge_kyverno<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let policy = scope.object;
    let Some(spec) = policy.value.get("spec") else { return Verdict::NotApplicable };
    let of_policy = spec.get("validationFailureAction");
    let mut judged = false;
    let mut placeholder = false;
    let mut faults = Vec::new();
    let mut blamed = false;
    for rule in spec.get("rules").into_iter().flat_map(|rules| rules.items()) {
        let Some(check) = rule.get("validate").or_else(|| rule.get("verifyImages")) else { continue };
        judged = true;
        let of_rule =
            check.get("failureAction").or_else(|| check.items().find_map(|entry| entry.get("failureAction")));
        match of_rule.or(of_policy) {
            Some(action) if action.text().eq_ignore_ascii_case("enforce") => {}
            Some(action) if is_placeholder(action.text()) => placeholder = true,
            Some(action) if of_rule.is_some() => faults.push(audits(Place::at(action), action)),
            // The policy's own action is to blame once, whatever the number of its rules.
            Some(action) if !blamed => {
                blamed = true;
                faults.push(audits(Place::at(action), action));
            }
            None if !blamed => {
                blamed = true;
                faults.push(Fault::new(
                    Place::missing(spec, "validationFailureAction"),
                    "`validationFailureAction` is not set, which means `Audit`: violations are let in and only reported",
                ));
            }
            _ => {}
        }
    }
    if !judged {
        return Verdict::NotApplicable;
    }
    faults.extend(ignores_failures(policy));
    faults.extend(not_at_admission(policy, &["spec", "admission"]));
    if faults.is_empty() && placeholder {
        return Verdict::unknown("the action is filled in later", "the rendered policy");
    }
    Verdict::of(faults)
}

fn audits<'a>(place: Place<'a>, action: Value<'a>) -> Fault<'a> {
    let key = action.key().map_or("failureAction", |key| key.text());
    Fault::new(place, format!("`{key}: {}`: violations are let in and only reported", action.text()))
}

fn judge_kubewarden<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    match scope.object.value.at(&["spec", "mode"]) {
        Some(mode) if mode.text() == "monitor" => Verdict::fail(Fault::new(
            Place::at(mode),
            "`mode: monitor`: violations are let in and only logged",
        )),
        Some(mode) if is_placeholder(mode.text()) => {
            Verdict::unknown("the mode is filled in later", "the rendered policy")
        }
        _ => Verdict::Pass,
    }
}

/// Every kind of the group is a constraint, made by a template.
fn judge_constraints<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let constraints = around.evidence.objects().iter().filter(|object| object.group() == GATEKEEPER);
    constraints.map(|object| Judged { object, verdict: judge_constraint(object) }).collect()
}

fn judge_constraint<'a>(constraint: &Object<'a>) -> Verdict<'a> {
    let Some(action) = constraint.value.at(&["spec", "enforcementAction"]) else { return Verdict::Pass };
    let fault = |action: Value<'a>| {
        Fault::new(
            Place::at(action),
            format!("`enforcementAction: {}`: violations are let in", action.text()),
        )
    };
    match action.text() {
        "deny" => Verdict::Pass,
        "scoped" => {
            let scoped = constraint.value.at(&["spec", "scopedEnforcementActions"]);
            let denies = scoped.is_some_and(|list| {
                list.items().any(|entry| entry.get("action").is_some_and(|action| action.text() == "deny"))
            });
            let place = scoped.map_or(Place::at(action), Place::at);
            match denies {
                true => Verdict::Pass,
                false => {
                    Verdict::fail(Fault::new(place, "no scope has the action `deny`: violations are let in"))
                }
            }
        }
        text if is_placeholder(text) => {
            Verdict::unknown("the action is filled in later", "the rendered constraint")
        }
        _ => Verdict::fail(fault(action)),
    }
}
