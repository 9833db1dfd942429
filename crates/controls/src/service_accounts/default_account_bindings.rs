//! `service-accounts/default-account-bindings`; prose and cases in `default_account_bindings.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::may_not::{self, Wanted, wanted};
use crate::probe::{Ground, Probe};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

const RBAC: &str = "rbac.authorization.k8s.io";

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/default-account-bindings",
    title: "Default service accounts hold no rights",
    phase: Phase::NextStep,
    step: 8,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::BINDINGS,
    page: include_str!("default_account_bindings.md"),
    mappings: Mappings {
        cis: &["5.1.5"],
        nsa: &["rbac"],
        attack: &["MS-TA9016", "T1078.001"],
        kubescape: &["C-0053"],
        checkov: &["CKV_K8S_42"],
        ..Mappings::NONE
    },
    check: Check::Object { kinds: &[(RBAC, "ClusterRoleBinding"), (RBAC, "RoleBinding")], check },
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = may_not::probe(
    "The caller asks by SubjectAccessReview whether the default account of each namespace may list Secrets, create pods, or \
           do anything at all there",
    plan_rights,
);

/// Most namespaces that are asked about.
const MOST: usize = 50;

const WANTED: &[Wanted] = &[
    wanted("list-secrets", "list", "", "secrets"),
    wanted("create-pods", "create", "", "pods"),
    wanted("everything", "*", "*", "*"),
];

fn plan_rights(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut attempts: Vec<Attempt> = Vec::new();
    for (index, namespace) in ground.namespaces().enumerate() {
        if index == MOST {
            let reason = format!("only {MOST} namespaces are asked about in one run");
            attempts.push(Attempt::cannot(Subject::cluster("further namespaces"), reason, "--namespace"));
            break;
        }
        let user = format!("system:serviceaccount:{namespace}:default");
        let group = format!("system:serviceaccounts:{namespace}");
        let groups = ["system:serviceaccounts", &group, "system:authenticated"];
        let subject = Subject::new("ServiceAccount", Some(namespace), "default");
        attempts.push(may_not::attempt(subject, &user, &groups, Some(namespace), WANTED));
    }
    attempts
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let binding = scope.object;
    // `system:service-account-issuer-discovery` lets all accounts read the issuer's keys.
    if scope.around.evidence.access().binding(binding).is_some_and(|binding| binding.descent.is_built_in()) {
        return Verdict::Pass;
    }
    let role = binding.value.at(&["roleRef", "name"]).map_or("", |name| name.text());
    let subjects = binding.value.get("subjects").into_iter().flat_map(|subjects| subjects.items());
    let faults = subjects.filter_map(|subject| {
        let who = shared_accounts(&subject)?;
        Some(Fault::new(Place::at(subject.get("name")?), format!("{who} may do what `{role}` allows")))
    });
    Verdict::of(faults.collect())
}

/// Whom a subject stands for, when that is the default account of a namespace or all accounts of one or of all.
fn shared_accounts(subject: &Value<'_>) -> Option<String> {
    let kind = subject.get("kind")?.text();
    let name = subject.get("name")?.text();
    match kind {
        "ServiceAccount" if name == "default" => Some(match subject.get("namespace") {
            Some(namespace) => format!("every pod of `{}` that names no account", namespace.text()),
            None => "every pod that names no account".to_owned(),
        }),
        "User" => {
            let (namespace, account) = name.strip_prefix("system:serviceaccount:")?.split_once(':')?;
            (account == "default").then(|| format!("every pod of `{namespace}` that names no account"))
        }
        "Group" if name == "system:serviceaccounts" => {
            Some("every service account of the cluster".to_owned())
        }
        "Group" => {
            let namespace = name.strip_prefix("system:serviceaccounts:")?;
            Some(format!("every service account of `{namespace}`"))
        }
        _ => None,
    }
}
