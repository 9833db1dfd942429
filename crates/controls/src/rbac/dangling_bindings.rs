//! `rbac/dangling-bindings`; prose and cases in `dangling_bindings.md`.

use seaworthy_authorization::{Holder, RoleKind, Target};
use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::bindings::{self, Bound};
use crate::rbac::risky::RBAC;
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// Accounts or roles of one name that are looked at.
const MOST: usize = 64;

pub(super) static CONTROL: Control = Control {
    id: "rbac/dangling-bindings",
    title: "Bindings point at roles and subjects that exist",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::Low,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::GRANTS,
    page: include_str!("dangling_bindings.md"),
    mappings: Mappings { nsa: &["rbac"], attack: &["T1098"], ..Mappings::NONE },
    check: bindings::bindings(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(bound) = Bound::of(scope) else { return Verdict::NotApplicable };
    if bound.binding.descent.is_built_in() {
        return Verdict::Pass;
    }
    let mut faults: Vec<Fault<'a>> = Vec::new();
    let reference = scope.object.value.get("roleRef");
    faults.extend(reference.and_then(|reference| impossible_role(&bound, reference)));
    faults.extend(reference.and_then(|reference| role_elsewhere(scope, &bound, reference)));
    if let Some(name) = reference.and_then(|reference| reference.get("name"))
        && faults.is_empty()
        && bound.role_is_missing()
    {
        let message = format!(
            "there is no role `{}`: whoever makes one of that name decides what is granted {}",
            name.text(),
            bound.place()
        );
        faults.push(Fault::new(Place::at(name), message));
    }
    let mut absent = false;
    for subject in bound.binding.subjects() {
        if let Some((value, message)) = impossible_subject(subject) {
            faults.push(Fault::new(Place::at(value), message));
            continue;
        }
        match account(scope, &bound, subject) {
            Account::Elsewhere(other) => {
                let message = format!("the ServiceAccount of this name is in `{other}`, in the same file");
                let place = Place::at(subject.get("namespace").or(subject.get("name")).unwrap_or(subject));
                faults.push(Fault::new(place, message));
            }
            Account::Missing(namespace) => {
                let place = Place::at(subject.get("name").unwrap_or(subject));
                let message = format!(
                    "there is no such ServiceAccount in `{namespace}`: whoever makes one gets what is granted here"
                );
                faults.push(Fault::new(place, message));
            }
            Account::NotHere => absent = true,
            Account::Known => {}
        }
    }
    match (faults.is_empty(), bound.role.is_some(), absent) {
        (false, ..) => Verdict::Fail(faults),
        (true, false, _) => bound.unknown_role(),
        (true, true, true) => {
            Verdict::unknown("an account that is bound is not among the files", "the ServiceAccount")
        }
        (true, true, false) => undecided::pass_of_binding(scope.object.value),
    }
}

fn text<'a>(map: Value<'a>, key: &str) -> &'a str {
    map.get(key).map_or("", |value| value.text())
}

/// A `roleRef` that the API server refuses (`ValidateRoleBinding` in Kubernetes `pkg/apis/rbac/validation`).
fn impossible_role<'a>(bound: &Bound<'_, 'a>, reference: Value<'a>) -> Option<Fault<'a>> {
    let (kind, group) = (text(reference, "kind"), text(reference, "apiGroup"));
    let at = |key| Place::at(reference.get(key).unwrap_or(reference));
    if undecided::is_open(kind) || undecided::is_open(group) || !reference.is_mapping() {
        return None;
    }
    if bound.binding.cluster_wide && kind == "Role" {
        return Some(Fault::new(
            at("kind"),
            "a ClusterRoleBinding cannot bind a Role: the API server refuses it",
        ));
    }
    if !matches!(kind, "Role" | "ClusterRole") {
        let message = format!("`kind: {kind}` is no kind of role: the API server refuses it");
        return Some(Fault::new(at("kind"), message));
    }
    let message = format!("`apiGroup: {group}` holds no roles: the API server refuses it");
    (!group.is_empty() && group != RBAC).then(|| Fault::new(at("apiGroup"), message))
}

/// A Role of the name that is bound stands in the same file, in another namespace: a RoleBinding does not reach it.
fn role_elsewhere<'a>(
    scope: &ObjectScope<'_, 'a>,
    bound: &Bound<'_, 'a>,
    reference: Value<'a>,
) -> Option<Fault<'a>> {
    let own = bound.binding.namespace?;
    if bound.binding.target != Target::Missing || text(reference, "kind") != "Role" {
        return None;
    }
    let name = reference.get("name")?;
    let evidence = scope.around.evidence;
    let other = bound.policy.roles_called(RoleKind::Role, name.text()).take(MOST).find_map(|role| {
        let position = evidence.access().position(role.source?)?;
        let object = evidence.objects().get(position as usize)?;
        (object.file == scope.object.file).then_some(role.namespace?)
    })?;
    let message =
        format!("the Role of this name is in `{other}`: a RoleBinding in `{own}` does not reach it");
    Some(Fault::new(Place::at(name), message))
}

/// What the API server refuses in a subject (`ValidateRoleBindingSubject`).
fn impossible_subject<'a>(subject: Value<'a>) -> Option<(Value<'a>, String)> {
    let at = |key| subject.get(key).unwrap_or(subject);
    let (kind, group) = (text(subject, "kind"), text(subject, "apiGroup"));
    if undecided::is_open(kind) || undecided::is_open(group) || !subject.is_mapping() {
        return None;
    }
    match kind {
        "ServiceAccount" if !group.is_empty() => Some((
            at("apiGroup"),
            format!("`apiGroup: {group}`: accounts are of the core group, leave it out"),
        )),
        "User" | "Group" if !group.is_empty() && group != RBAC => {
            Some((at("apiGroup"), format!("`apiGroup: {group}` holds no users and groups")))
        }
        "ServiceAccount" | "User" | "Group" => None,
        _ => Some((at("kind"), format!("`kind: {kind}` is no kind of subject: the API server refuses it"))),
    }
}

enum Account<'a> {
    /// It is among the files, or needs not be.
    Known,
    /// It is not among the files, which shows nothing.
    NotHere,
    /// The cluster has none of that name in this namespace.
    Missing(&'a str),
    /// The file of the binding holds an account of that name in this other namespace only.
    Elsewhere(&'a str),
}

fn account<'a>(scope: &ObjectScope<'_, 'a>, bound: &Bound<'_, 'a>, subject: Value<'a>) -> Account<'a> {
    let Some(Holder::ServiceAccount { namespace, name }) = Holder::of(subject, bound.binding.namespace)
    else {
        return Account::Known;
    };
    // Kubernetes makes the account `default` of every namespace.
    if name == "default" {
        return Account::Known;
    }
    let evidence = scope.around.evidence;
    let found = evidence.access().accounts_called(name);
    if found.len() > MOST {
        return Account::Known;
    }
    let object = |position: &u32| evidence.objects().get(*position as usize);
    let accounts: Vec<&Object<'a>> = found.iter().filter_map(object).collect();
    // Where one of the two leaves its namespace open, a tool may give both the same.
    let reached = |account: &&Object<'a>| {
        account.namespace.is_none() || namespace.is_none_or(|own| account.namespace == Some(own))
    };
    if accounts.iter().any(reached) {
        return Account::Known;
    }
    if let Some(namespace) = namespace
        && scope.around.has_all("", "ServiceAccount", Some(namespace))
    {
        return Account::Missing(namespace);
    }
    let beside = accounts.iter().find(|account| account.file == scope.object.file);
    beside.and_then(|account| account.namespace).map_or(Account::NotHere, Account::Elsewhere)
}
