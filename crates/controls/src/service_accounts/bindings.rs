//! Which accounts have been given rights.

use seaworthy_document::Value;

use crate::scope::PodScope;

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
    let subjects = scope.around.evidence.bindings_of(account);
    let bound = subjects.map(|(binding, subject)| names(&subject, binding.namespace, account, namespace));
    bound.max().unwrap_or(Bound::No)
}

/// Whether a subject of a binding is an account. A subject that names no namespace is in that of its RoleBinding
/// (`appliesToUser` in Kubernetes `plugin/pkg/auth/authorizer/rbac`).
fn names(subject: &Value<'_>, of_binding: Option<&str>, account: &str, namespace: Option<&str>) -> Bound {
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
    same(text("namespace").or(of_binding), namespace)
}

/// Two namespaces, one of which may be left open. When both are, the same tool fills in the same one.
fn same(subject: Option<&str>, pod: Option<&str>) -> Bound {
    match (subject, pod) {
        (Some(subject), Some(pod)) if subject != pod => Bound::No,
        (Some(_), Some(_)) | (None, None) => Bound::Yes,
        _ => Bound::Perhaps,
    }
}
