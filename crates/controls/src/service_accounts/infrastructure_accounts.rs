//! `service-accounts/infrastructure-accounts`; prose and cases in `infrastructure_accounts.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::PodScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "service-accounts/infrastructure-accounts",
    title: "Machines and controllers have their own accounts",
    phase: Phase::QuickWin,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::SERVICE_ACCOUNT,
    page: include_str!("infrastructure_accounts.md"),
    mappings: Mappings {
        cis: &["3.1.2"],
        nsa: &["auth"],
        attack: &["T1078"],
        kubescape: &["C-0272", "C-0267", "C-0287"],
        ..Mappings::NONE
    },
    check: Check::Pod(check),
    guard: None,
    probes: &[],
};

/// Kubeconfigs of administrators where installers put them: kubeadm, k3s, RKE2, MicroK8s, and root's own.
const ADMINISTRATORS: &[&str] = &[
    "/etc/kubernetes/admin.conf",
    "/etc/kubernetes/super-admin.conf",
    "/etc/rancher/k3s/k3s.yaml",
    "/etc/rancher/rke2/rke2.yaml",
    "/root/.kube/config",
    "/var/snap/microk8s/current/credentials/client.config",
];

fn check<'a>(scope: &PodScope<'_, 'a>) -> Verdict<'a> {
    let mut faults = Vec::new();
    let mut named = false;
    let volumes = scope.pod().spec().get("volumes").into_iter().flat_map(|volumes| volumes.items());
    for path in volumes.filter_map(|volume| volume.at(&["hostPath", "path"])) {
        if is_administrators(path.text()) {
            let message = format!("the pod mounts `{}`, an administrator's credentials", path.text());
            faults.push(Fault::new(Place::at(path), message));
        }
    }
    for container in scope.pod().containers() {
        let value = container.value();
        let words =
            ["command", "args"].into_iter().filter_map(|key| value.get(key)).flat_map(|list| list.items());
        let variables = value.get("env").into_iter().flat_map(|env| env.items());
        let variables =
            variables.filter(|variable| variable.get("name").is_some_and(|name| name.text() == "KUBECONFIG"));
        for text in words.chain(variables.filter_map(|variable| variable.get("value"))) {
            named |= text.text().contains("kubeconfig") || text.text().ends_with(".conf");
            let path = text.text().rsplit('=').next().unwrap_or_default();
            if is_administrators(path) {
                let message = format!("the container signs in with `{path}`, an administrator's credentials");
                faults.push(Fault::new(Place::at(text), message).in_container(container.name()));
            }
        }
    }
    if faults.is_empty() && !named { Verdict::NotApplicable } else { Verdict::of(faults) }
}

fn is_administrators(path: &str) -> bool {
    ADMINISTRATORS.contains(&path.trim_end_matches('/'))
}
