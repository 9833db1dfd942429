//! `rbac/builtin-roles`; prose and cases in `builtin_roles.md`.

use seaworthy_authorization::{Covering, Descent, Role, RoleKind, Rule, bootstrap, covers};
use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings;
use crate::rbac::risky::{self, RBAC};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// With the value `false` the API server does not restore what is missing in a built-in object.
const AUTO_UPDATE: &str = "rbac.authorization.kubernetes.io/autoupdate";

/// Labels by which rules flow into built-in roles, with the role of upstream that bears the label.
const AGGREGATE_TO: &[(&str, &str)] = &[
    ("rbac.authorization.k8s.io/aggregate-to-admin", "system:aggregate-to-admin"),
    ("rbac.authorization.k8s.io/aggregate-to-edit", "system:aggregate-to-edit"),
    ("rbac.authorization.k8s.io/aggregate-to-view", "system:aggregate-to-view"),
];

pub(super) static CONTROL: Control = Control {
    id: "rbac/builtin-roles",
    title: "Built-in roles are unchanged and not widened by aggregation",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("builtin_roles.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["MS-TA9019", "T1098"], ..Mappings::NONE },
    check: Check::Several(&[risky::roles(check_role), bindings::bindings(check_binding)]),
    guard: None,
    probes: &[],
};

fn check_role<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(role) = scope.around.evidence.access().role(scope.object) else { return Verdict::NotApplicable };
    let name = Place::at(role.value.at(&["metadata", "name"]).unwrap_or(role.value));
    let mut faults = Vec::new();
    match role.descent {
        Descent::Widened(Some(single)) => faults.push(Fault::new(
            name,
            format!("`{}` is a built-in role and grants {single} here, which Kubernetes does not", role.name),
        )),
        Descent::Widened(None) => faults.push(Fault::new(
            name,
            format!(
                "`{}` is a built-in role and takes rules from other roles than Kubernetes' own here",
                role.name
            ),
        )),
        Descent::Custom => faults.extend(flows(role)),
        Descent::BuiltIn | Descent::Rebound => {}
    }
    if role.descent != Descent::Custom {
        faults.extend(without_update(scope));
    }
    match (faults.is_empty(), role.descent) {
        (false, _) => Verdict::Fail(faults),
        (true, Descent::Custom) if labels(role).next().is_none() => Verdict::NotApplicable,
        (true, _) => undecided::pass_of_rules(role.value),
    }
}

fn check_binding<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(binding) = scope.around.evidence.access().binding(scope.object) else {
        return Verdict::NotApplicable;
    };
    if binding.descent == Descent::Custom {
        return Verdict::NotApplicable;
    }
    let mut faults: Vec<Fault<'a>> = without_update(scope).into_iter().collect();
    if binding.descent == Descent::Rebound {
        let place = Place::at(binding.value.at(&["metadata", "name"]).unwrap_or(binding.value));
        let message =
            format!("`{}` is a built-in binding and binds another role or other subjects here", binding.name);
        faults.push(Fault::new(place, message));
    }
    if faults.is_empty() { undecided::pass_of_binding(binding.value) } else { Verdict::Fail(faults) }
}

fn without_update<'a>(scope: &ObjectScope<'_, 'a>) -> Option<Fault<'a>> {
    let annotation = scope.object.value.at(&["metadata", "annotations", AUTO_UPDATE])?;
    let message = "`autoupdate: false`: the API server does not restore or extend it";
    (annotation.as_str() == Some("false"))
        .then(|| Fault::new(Place::at(annotation), message).graded(Severity::Low))
}

/// The labels of a role by which its rules flow into built-in ones, with upstream's role of that label.
fn labels<'a>(role: &Role<'a>) -> impl Iterator<Item = (Value<'a>, &'static str)> + use<'a> {
    let labels = role.value.at(&["metadata", "labels"]).filter(|_| role.kind == RoleKind::ClusterRole);
    AGGREGATE_TO.iter().filter_map(move |(label, part)| {
        let value = labels?.get(label)?;
        (value.as_str() == Some("true")).then_some((value, *part))
    })
}

/// Rules of a custom role that flow where they do not belong.
fn flows<'a>(role: &Role<'a>) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    for (label, part) in labels(role) {
        let upstream = bootstrap::named("ClusterRole", None, part).and_then(|part| part.get("rules"));
        let upstream: Vec<Rule<'_>> =
            upstream.into_iter().flat_map(|rules| rules.items()).map(Rule::new).collect();
        let target = part.trim_start_matches("system:aggregate-to-");
        let foreign = role.own_rules().find_map(|rule| {
            let why = foreign(&rule, target)?;
            (covers(&upstream, &[rule]) != Covering::Yes).then_some(why)
        });
        if let Some(why) = foreign {
            let message = format!("its rules flow into `{target}`, for whoever holds that: {why}");
            faults.push(Fault::new(Place::at(label), message));
        }
    }
    let selectors = role.value.at(&["aggregationRule", "clusterRoleSelectors"]);
    let mut selectors = selectors.into_iter().flat_map(|list| list.items());
    if let Some(selector) = selectors.find(|selector| selector.is_mapping() && is_empty(*selector)) {
        let message = "an empty selector: the rules of every ClusterRole flow into this one";
        faults.push(Fault::new(Place::at(selector), message).graded(Severity::High));
    }
    faults
}

fn is_empty(selector: Value<'_>) -> bool {
    selector.entries().all(|(_, value)| value.entries().next().is_none() && value.items().next().is_none())
}

/// Why a rule does not belong into `admin`, `edit` or `view`. The resources of an operator's own group do.
fn foreign(rule: &Rule<'_>, target: &str) -> Option<&'static str> {
    let only_reads = rule.verbs().all(|verb| matches!(verb.text, "get" | "list" | "watch"));
    if rule.groups().any(|group| group.text == "*") {
        return Some("it grants resources of every group");
    }
    if target == "view" {
        let secrets = ["get", "list", "watch"].iter().any(|verb| rule.allows(verb, "", "secrets").is_some());
        return match (only_reads, secrets) {
            (false, _) => Some("it grants more than reading"),
            (true, true) => Some("it reads Secrets, which `view` leaves out on purpose"),
            (true, false) => None,
        };
    }
    if !only_reads && rule.groups().any(|group| group.text == RBAC) {
        return Some("it changes roles or bindings");
    }
    if rule.groups().any(|group| group.text.is_empty()) && rule.resources().any(|entry| entry.text == "*") {
        return Some("it grants every resource of the core group");
    }
    let leads = |verb: &str| matches!(verb, "escalate" | "bind" | "impersonate");
    rule.verbs().any(|verb| leads(verb.text)).then_some("it leads to rights of others")
}
