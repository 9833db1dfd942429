//! What the account of a pod may do in the whole cluster, by the bindings among the evidence.

use seaworthy_document::Value;
use seaworthy_evidence::Object;

use crate::nearby::Locality;
use crate::scope::PodScope;

/// Bindings and roles of one name that are looked at.
const MANY: usize = 64;

/// Rights that a console or controller should not have, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Rights {
    /// Reads Secrets of every namespace.
    ReadsSecrets,
    /// May do everything.
    Everything,
}

/// A right and the objects that give it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Granted<'a> {
    pub(super) rights: Rights,
    pub(super) binding: &'a str,
    pub(super) role: &'a str,
}

/// The widest of these rights that a ClusterRoleBinding gives to the account of a pod.
pub(super) fn of_pod<'a>(scope: &PodScope<'_, 'a>) -> Option<Granted<'a>> {
    let evidence = scope.around.evidence;
    let pod = Locality::of(evidence, scope.owner());
    let bindings = evidence.bindings_of(scope.service_account_name()).take(MANY);
    let granted = bindings.filter(|(binding, _)| binding.kind == "ClusterRoleBinding").filter_map(
        |(binding, subject)| {
            let at = Locality::of(evidence, binding);
            let at = match namespace_of(&subject) {
                Some(namespace) => at.in_namespace(namespace),
                None => at,
            };
            let role = binding.value.at(&["roleRef", "name"])?.as_str()?;
            let rights = at.meets(pod).then(|| of_role(scope, binding, role)).flatten()?;
            Some(Granted { rights, binding: binding.name, role })
        },
    );
    granted.max_by_key(|granted| granted.rights)
}

fn namespace_of<'a>(subject: &Value<'a>) -> Option<&'a str> {
    let user = subject.get("name")?.text().strip_prefix("system:serviceaccount:");
    match user {
        Some(user) => user.split_once(':').map(|(namespace, _)| namespace),
        None => subject.get("namespace")?.as_str(),
    }
}

fn of_role<'a>(scope: &PodScope<'_, 'a>, binding: &Object<'a>, name: &str) -> Option<Rights> {
    if name == "cluster-admin" {
        return Some(Rights::Everything);
    }
    let evidence = scope.around.evidence;
    // Of several roles of the name, in files of several applications, the one beside the binding is meant.
    let role = match evidence.named("ClusterRole", name, binding) {
        seaworthy_evidence::Found::One(role) => role,
        _ => return None,
    };
    let rules = role.value.get("rules");
    rules.iter().flat_map(Value::items).filter_map(|rule| of_rule(&rule)).max()
}

fn of_rule(rule: &Value<'_>) -> Option<Rights> {
    let has = |field: &str, wanted: &[&str]| {
        let list = rule.get(field);
        list.iter().flat_map(Value::items).any(|item| item.text() == "*" || wanted.contains(&item.text()))
    };
    if has("verbs", &[]) && has("resources", &[]) && has("apiGroups", &[]) {
        return Some(Rights::Everything);
    }
    let named = rule.get("resourceNames").is_some_and(|names| names.items().next().is_some());
    (!named
        && has("apiGroups", &[""])
        && has("resources", &["secrets"])
        && has("verbs", &["get", "list", "watch"]))
    .then_some(Rights::ReadsSecrets)
}
