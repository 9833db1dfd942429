//! `rbac/wildcards`; prose and cases in `wildcards.md`.

use seaworthy_authorization::{Entry, Place as Where, Policy, Role, RoleKind, Rule};
use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::rbac::holders::{self, Held};
use crate::rbac::risky;
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "rbac/wildcards",
    title: "Roles contain no wildcards",
    phase: Phase::QuickWin,
    step: 5,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("wildcards.md"),
    mappings: Mappings {
        cis: &["5.1.3"],
        nsa: &["rbac"],
        attack: &["MS-TA9019", "T1078"],
        kubescape: &["C-0187"],
        trivy: &["KSV-0044", "KSV-0045", "KSV-0046", "KSV-0112"],
        checkov: &["CKV_K8S_49"],
        kube_linter: &["wildcard-in-rules"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[],
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let access = scope.around.evidence.access();
    let Some(role) = access.role(scope.object) else { return Verdict::NotApplicable };
    if role.descent.is_built_in() {
        return Verdict::Pass;
    }
    let mut reach = None;
    let faults: Vec<_> = role
        .own_rules()
        .filter_map(|rule| {
            let stars = Stars::of(&rule)?;
            let reach = *reach.get_or_insert_with(|| Reach::of(access.policy(), role));
            let (severity, because) = reach.grade(stars.severity(&rule));
            let message = format!("{}{because}", stars.says(&rule));
            Some(Fault::new(Place::at(stars.first.value), message).graded(severity))
        })
        .collect();
    if faults.is_empty() { undecided::pass_of_rules(role.value) } else { Verdict::Fail(faults) }
}

/// How far the rules of a role reach.
#[derive(Clone, Copy)]
enum Reach {
    Cluster,
    Namespace,
    Nobody,
}

impl Reach {
    fn of<'a>(policy: &Policy<'a>, role: &Role<'a>) -> Reach {
        let limited =
            |place| matches!(place, Where::Namespace(namespace) if namespace != Some("kube-system"));
        match holders::of(policy, role) {
            Held::Nobody => Reach::Nobody,
            Held::By(holdings) if holdings.iter().all(|holding| limited(holding.place)) => Reach::Namespace,
            _ if role.kind == RoleKind::Role && role.namespace != Some("kube-system") => Reach::Namespace,
            _ => Reach::Cluster,
        }
    }

    fn grade(self, severity: Severity) -> (Severity, &'static str) {
        match self {
            Reach::Cluster => (severity, ""),
            Reach::Namespace => (risky::lower(severity, 1), "; it is bound in single namespaces only"),
            Reach::Nobody => (Severity::Low, "; nobody is bound to it here"),
        }
    }
}

/// The wildcards of a rule.
struct Stars<'a> {
    first: Entry<'a>,
    resources: bool,
    verbs: bool,
    groups: bool,
    /// `*/scale`: one subresource of everything.
    subresource: bool,
    urls: bool,
}

impl<'a> Stars<'a> {
    fn of(rule: &Rule<'a>) -> Option<Stars<'a>> {
        let star = |entry: &Entry<'a>| entry.text == "*";
        let (resources, verbs) = (rule.resources().find(star), rule.verbs().find(star));
        let (groups, urls) = (rule.groups().find(star), rule.urls().find(star));
        // There the resources are the names of metrics: they cannot be listed.
        let metrics = |group: &str| matches!(group, "custom.metrics.k8s.io" | "external.metrics.k8s.io");
        let resources = resources.filter(|_| !rule.groups().all(|group| metrics(group.text)));
        let subresource = rule.resources().find(|entry| entry.text.starts_with("*/"));
        Some(Stars {
            first: resources.or(verbs).or(groups).or(subresource).or(urls)?,
            resources: resources.is_some(),
            verbs: verbs.is_some(),
            groups: groups.is_some(),
            subresource: subresource.is_some(),
            urls: urls.is_some(),
        })
    }

    fn severity(&self, rule: &Rule<'a>) -> Severity {
        let only_reads = rule.verbs().all(|verb| matches!(verb.text, "get" | "list" | "watch" | "head"));
        // A group of its own is what an operator brings along; those of Kubernetes hold Secrets, pods and roles.
        let built_in =
            rule.groups().any(|group| !group.text.contains('.') || group.text.ends_with(".k8s.io"));
        let has_secrets = rule.groups().any(|group| matches!(group.text, "" | "*"));
        match *self {
            Stars { resources: true, .. } if has_secrets || built_in && !only_reads => Severity::High,
            Stars { resources: true, .. } if only_reads => Severity::Low,
            Stars { resources: true, .. } | Stars { groups: true, .. } => Severity::Medium,
            Stars { verbs: true, .. } if built_in => Severity::Medium,
            Stars { urls: true, .. } if !only_reads => Severity::Medium,
            _ => Severity::Low,
        }
    }

    /// What stands there, and what it means.
    fn says(&self, rule: &Rule<'a>) -> String {
        let fields = [
            ("verbs", self.verbs),
            ("apiGroups", self.groups),
            ("resources", self.resources),
            ("nonResourceURLs", self.urls),
        ];
        let stand: Vec<String> =
            fields.iter().filter(|(_, star)| *star).map(|(field, _)| format!("`{field}: [\"*\"]`")).collect();
        let of = |entries: Vec<Entry<'a>>| {
            let named = |entry: Entry<'a>| if entry.text.is_empty() { "core" } else { entry.text };
            risky::quoted(entries.into_iter().map(named))
        };
        let (groups, resources) = (of(rule.groups().collect()), of(rule.resources().collect()));
        match *self {
            Stars { resources: true, groups: true, .. } => {
                format!("{}: every resource of every group, also of those to come", stand.join(", "))
            }
            Stars { resources: true, .. } => {
                format!("{}: every resource of {groups}, with its subresources", stand.join(", "))
            }
            Stars { verbs: true, .. } => {
                format!("{} on {resources}: every verb, also those that no list shows", stand.join(", "))
            }
            Stars { groups: true, .. } => {
                format!("{}: resources of that name in every group", stand.join(", "))
            }
            Stars { subresource: true, .. } => {
                format!("`{}`: that subresource of every resource", self.first.text)
            }
            _ => format!("{}: every path of the API server", stand.join(", ")),
        }
    }
}
