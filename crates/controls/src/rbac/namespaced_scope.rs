//! `rbac/namespaced-scope`; prose and cases in `namespaced_scope.md`.

use seaworthy_authorization::{Policy, Role};
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::Bound;
use crate::rbac::risky::RBAC;
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Built-in roles that are made for one namespace, with the severity of binding them everywhere.
const MADE_FOR_NAMESPACES: &[(&str, Severity)] =
    &[("admin", Severity::Medium), ("edit", Severity::Medium), ("view", Severity::Low)];

/// Resources that stand in namespaces, of the groups of Kubernetes itself. Of others it is not known.
const NAMESPACED: &[(&str, &[&str])] = &[
    (
        "",
        &[
            "bindings",
            "configmaps",
            "endpoints",
            "events",
            "limitranges",
            "persistentvolumeclaims",
            "pods",
            "podtemplates",
            "replicationcontrollers",
            "resourcequotas",
            "secrets",
            "serviceaccounts",
            "services",
        ],
    ),
    ("apps", &["controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"]),
    ("autoscaling", &["horizontalpodautoscalers"]),
    ("batch", &["cronjobs", "jobs"]),
    ("coordination.k8s.io", &["leases"]),
    ("discovery.k8s.io", &["endpointslices"]),
    ("networking.k8s.io", &["ingresses", "networkpolicies"]),
    ("policy", &["poddisruptionbudgets"]),
    ("rbac.authorization.k8s.io", &["rolebindings", "roles"]),
];

pub(super) static CONTROL: Control = Control {
    id: "rbac/namespaced-scope",
    title: "Rights are granted per namespace, not cluster-wide",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::GRANTS,
    page: include_str!("namespaced_scope.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["MS-TA9019", "T1078"], ..Mappings::NONE },
    check: Check::Object { kinds: &[(RBAC, "ClusterRoleBinding")], check },
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let Some(role) = bound.role else { return bound.unknown_role() };
    if bound.policy.is_full(role) || bound.holders().next().is_none() {
        return Verdict::NotApplicable;
    }
    if let Some((name, severity)) = MADE_FOR_NAMESPACES.iter().find(|(name, _)| *name == role.name) {
        let place = Place::at(scope.object.value.at(&["roleRef", "name"]).unwrap_or(scope.object.value));
        let message =
            format!("`{name}` is made for one namespace and is bound in all of them, `kube-system` too");
        return Verdict::fail(Fault::new(place, message).graded(*severity));
    }
    match needs_the_cluster(bound.policy, role) {
        true => undecided::pass_of_binding(scope.object.value),
        false => Verdict::unknown(
            "grants in every namespace what may be in use in a few",
            "the namespaces in which its rights are used, as the audit log records them",
        ),
    }
}

/// Whether a role grants anything but resources that surely stand in namespaces.
fn needs_the_cluster<'a>(policy: &Policy<'a>, role: &Role<'a>) -> bool {
    policy.rules(role).any(|(_, rule)| {
        let in_namespaces = |resource: &str| {
            rule.groups().all(|group| {
                let known = NAMESPACED.iter().find(|(name, _)| *name == group.text);
                known.is_some_and(|(_, resources)| resources.contains(&resource))
            })
        };
        let resource = |text: &'a str| text.split_once('/').map_or(text, |(resource, _)| resource);
        rule.urls().next().is_some() || rule.resources().any(|entry| !in_namespaces(resource(entry.text)))
    })
}
