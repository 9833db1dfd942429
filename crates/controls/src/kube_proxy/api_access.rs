//! `kube-proxy/api-access`; prose and cases in `api_access.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Subject};

use crate::addresses;
use crate::change;
use crate::clients::kubeconfigs;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::may_not::{self, Wanted, wanted};
use crate::probe::{Ground, Probe};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kube-proxy/api-access",
    title: "The access of kube-proxy to the API server is verified and narrow",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBE_PROXY_CONFIGURATION,
    page: include_str!("api_access.md"),
    mappings: Mappings { nsa: &["encryption"], attack: &["T1557", "MS-TA9016", "T1078"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Component { programs: &[Program::KubeProxy], check: of_flags },
        Check::Object { kinds: &[(RBAC, "ClusterRoleBinding"), (RBAC, "RoleBinding")], check: of_binding },
        Check::Object { kinds: &[("", "Config")], check: of_kubeconfig },
    ]),
    guard: None,
    probes: &[RIGHTS],
};

const RIGHTS: Probe = may_not::probe(
    "The caller asks by SubjectAccessReview whether kube-proxy, by its account or its user, may get Secrets, create pods, or do \
           anything at all",
    plan_rights,
);

fn plan_rights(_: &Ground<'_, '_>) -> Vec<Attempt> {
    const WANTED: &[Wanted] = &[
        wanted("get-secrets", "get", "", "secrets"),
        wanted("create-pods", "create", "", "pods"),
        wanted("everything", "*", "*", "*"),
    ];
    let accounts = ["system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"];
    let known: [(&str, &[&str]); 2] = [
        ("system:serviceaccount:kube-system:kube-proxy", &accounts),
        ("system:kube-proxy", &["system:authenticated"]),
    ];
    let attempts = known
        .map(|(user, groups)| may_not::attempt(Subject::new("User", None, user), user, groups, None, WANTED));
    attempts.into()
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// The role that Kubernetes brings for kube-proxy.
const ROLE: &str = "system:node-proxier";

fn of_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let flag = scope.component.flags().iter().rev().find(|flag| flag.is("master"));
    match flag.filter(|flag| addresses::is_plain_http(flag.value)) {
        Some(master) => {
            let message = "`--master` is a plain `http` address: the API server is not verified";
            Verdict::fail(Fault::new(Place::at(master.at), message))
        }
        // How it speaks to the API server, its kubeconfig says.
        None => Verdict::NotApplicable,
    }
}

fn of_binding<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let binding = scope.object;
    let subjects = binding.value.get("subjects").into_iter().flat_map(|subjects| subjects.items());
    let Some(subject) = subjects.into_iter().find(is_kube_proxy) else { return Verdict::NotApplicable };
    let role = binding.value.at(&["roleRef", "name"]).map_or("", |name| name.text());
    // kubeadm lets it read its own ConfigMap by a Role of the same name.
    if role == ROLE || (binding.kind == "RoleBinding" && role == "kube-proxy") {
        return Verdict::Pass;
    }
    let message = format!("kube-proxy may do what `{role}` allows, beside `{ROLE}`, which is all it needs");
    Verdict::fail(Fault::new(Place::at(subject.get("name").unwrap_or(subject)), message))
}

fn is_kube_proxy(subject: &Value<'_>) -> bool {
    let text = |key| subject.get(key).map_or("", |value| value.text());
    match text("kind") {
        "ServiceAccount" => text("name") == "kube-proxy" && text("namespace") == "kube-system",
        "User" => {
            matches!(text("name"), "system:kube-proxy" | "system:serviceaccount:kube-system:kube-proxy")
        }
        _ => false,
    }
}

fn of_kubeconfig<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let file = scope.around.evidence.files().get(scope.object.file as usize);
    // kubeadm keeps the kubeconfig of kube-proxy, and of no other program, in a ConfigMap.
    let is_own = file.is_some_and(|file| {
        file.embedded || file.name.rsplit('/').next().is_some_and(|name| name.contains("kube-proxy"))
    });
    if !is_own {
        return Verdict::NotApplicable;
    }
    let mut faults = kubeconfigs::tls_faults(scope.object.value);
    let users = scope.object.value.get("users").into_iter().flat_map(|users| users.items());
    for user in users {
        if let Some(certificate) = user.at(&["user", "client-certificate-data"])
            && kubeconfigs::Certificate::read(certificate.text())
                .is_some_and(|certificate| certificate.is_admin)
        {
            let message = "kube-proxy uses a certificate of the group `system:masters`";
            faults.push(Fault::new(Place::at(certificate), message).graded(Severity::High));
        }
    }
    Verdict::of(faults)
}
