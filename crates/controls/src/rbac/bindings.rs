//! Bindings, as controls look at them: the role that is bound, and each subject with its place.

use seaworthy_authorization::{Binding, Holder, Policy, Role, Target};
use seaworthy_document::Value;
use seaworthy_evidence::Place;

use crate::control::{Check, ObjectCheck, Severity};
use crate::rbac::risky::RBAC;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

/// A check that looks at every binding.
pub(crate) const fn bindings(check: ObjectCheck) -> Check {
    Check::Object { kinds: &[(RBAC, "ClusterRoleBinding"), (RBAC, "RoleBinding")], check }
}

/// A binding and what it leads to.
pub(crate) struct Bound<'e, 'a> {
    pub(crate) policy: &'e Policy<'a>,
    pub(crate) binding: &'e Binding<'a>,
    /// The role, when it is known.
    pub(crate) role: Option<&'e Role<'a>>,
    /// Whether all roles that it may bind are known.
    pub(crate) all_roles: bool,
}

impl<'e, 'a> Bound<'e, 'a> {
    /// The binding that an object is.
    pub(crate) fn of(scope: &ObjectScope<'e, 'a>) -> Option<Bound<'e, 'a>> {
        let access = scope.around.evidence.access();
        let (policy, binding) = (access.policy(), access.binding(scope.object)?);
        let all = |kind, namespace| scope.around.has_all(RBAC, kind, namespace);
        let all_roles = all("ClusterRole", None) && (binding.cluster_wide || all("Role", binding.namespace));
        Some(Bound { policy, binding, role: policy.role_bound(binding), all_roles })
    }

    /// Whom it names, each with its subject.
    pub(crate) fn holders(&self) -> impl Iterator<Item = (Holder<'a>, Value<'a>)> + use<'a> {
        let namespace = self.binding.namespace;
        self.binding.subjects().filter_map(move |subject| Some((Holder::of(subject, namespace)?, subject)))
    }

    /// The name of the role, as it stands.
    pub(crate) fn role_name(&self) -> &'a str {
        self.binding.value.at(&["roleRef", "name"]).map_or("", |name| name.text())
    }

    /// Whether it grants in the whole cluster, or in the namespace from which the cluster is run.
    pub(crate) fn is_cluster_wide(&self) -> bool {
        self.binding.cluster_wide || self.binding.namespace == Some("kube-system")
    }

    /// "in the whole cluster", "in `shop`".
    pub(crate) fn place(&self) -> String {
        match (self.binding.cluster_wide, self.binding.namespace) {
            (true, _) => "in the whole cluster".to_owned(),
            (false, Some(namespace)) => format!("in `{namespace}`"),
            (false, None) => "in its namespace".to_owned(),
        }
    }

    /// Whether there surely is no such role: nothing is granted, until somebody makes one.
    pub(crate) fn role_is_missing(&self) -> bool {
        self.all_roles && self.binding.target == Target::Missing
    }

    /// The role is not known, so nothing can be said about what it grants.
    pub(crate) fn unknown_role(&self) -> Verdict<'a> {
        if self.role_is_missing() {
            return Verdict::NotApplicable;
        }
        let reason = match self.binding.target {
            Target::Several => "several roles bear the name of the one that is bound",
            _ => "the role that is bound is not among the files",
        };
        Verdict::unknown(reason, "the role")
    }
}

/// A fault at a subject.
pub(crate) fn fault<'a>(
    holder: Holder<'a>,
    subject: Value<'a>,
    message: String,
    severity: Severity,
) -> Fault<'a> {
    let place = Place::at(subject.get("name").unwrap_or(subject));
    Fault::new(place, message).held_by(holder).graded(severity)
}
