//! Which accounts have been given rights.

use seaworthy_document::Value;

use crate::scope::PodScope;

const RBAC: &str = "rbac.authorization.k8s.io";

/// Whether a binding names an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Bound {
    /// No binding among the evidence does.
    No,
    /// One names an account like it, but the namespace of one of the two is left open.
    Perhaps,
    Yes,
}

/// Whether the account of a pod is given a role by a binding among the evidence. Groups do not count: what all
/// accounts may do shows nothing about one of them.
pub(super) fn of_account(scope: &PodScope<'_, '_>) -> Bound {
    let account = scope.service_account_name();
    let namespace = scope.owner().namespace;
    let evidence = scope.around.evidence;
    let bindings = evidence.of_kind("RoleBinding").chain(evidence.of_kind("ClusterRoleBinding"));
    let subjects = bindings
        .filter(|binding| binding.group() == RBAC)
        .filter_map(|binding| binding.value.get("subjects"))
        .flat_map(|subjects| subjects.items());
    subjects.map(|subject| names(&subject, account, namespace)).max().unwrap_or(Bound::No)
}

fn names(subject: &Value<'_>, account: &str, namespace: Option<&str>) -> Bound {
    let text = |key| subject.get(key).map(|value| value.text()).filter(|text| !text.is_empty());
    if text("kind") == Some("User") {
        let user = text("name").and_then(|name| name.strip_prefix("system:serviceaccount:")?.split_once(':'));
        return match user {
            Some((_, name)) if name != account => Bound::No,
            Some((of, _)) => same(Some(of), namespace),
            None => Bound::No,
        };
    }
    if text("kind") != Some("ServiceAccount") || text("name") != Some(account) {
        return Bound::No;
    }
    same(text("namespace"), namespace)
}

/// Two namespaces, one of which may be left open. When both are, the same tool fills in the same one.
fn same(subject: Option<&str>, pod: Option<&str>) -> Bound {
    match (subject, pod) {
        (Some(subject), Some(pod)) if subject != pod => Bound::No,
        (Some(_), Some(_)) | (None, None) => Bound::Yes,
        _ => Bound::Perhaps,
    }
}
