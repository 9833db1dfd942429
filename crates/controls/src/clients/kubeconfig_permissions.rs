//! `clients/kubeconfig-permissions`; prose and cases in `kubeconfig_permissions.md`.

use seaworthy_evidence::Place;
use seaworthy_probe::Attempt;

use crate::change;
use crate::clients::{files, kubeconfigs};
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "clients/kubeconfig-permissions",
    title: "Kubeconfig files with credentials are private to their owner",
    phase: Phase::NextStep,
    step: 10,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node],
    change: &change::KUBECONFIGS,
    page: include_str!("kubeconfig_permissions.md"),
    mappings: Mappings { nsa: &["kubeconfig"], attack: &["MS-TA9003", "T1552.001"], ..Mappings::NONE },
    check: Check::Object { kinds: &[("", "Config")], check },
    guard: None,
    probes: &[FILES],
};

/// Folders of hosts in which kubeconfigs belong.
const AT_HOME: &[&str] = &["etc/kubernetes/", ".kube/", "rancher/", "var/lib/kubelet/"];

const FILES: Probe = files::probe(
    "a file that only its owner may read or write, or that holds no credentials",
    "a file with credentials that every user of this machine may read or write",
    "a file of mode 644 in a folder that nobody else may enter: all folders on the way are looked at. Members of the file's group decide nothing; lists of access beyond the mode are not read",
    plan_files,
);

fn plan_files(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    files::attempts(ground, files::permissions)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let credentials = kubeconfigs::credentials_in(scope.object.value);
    let Some((key, value)) = credentials.first() else { return Verdict::Pass };
    let file = scope.around.evidence.files().get(scope.object.file as usize);
    if file.is_some_and(|file| AT_HOME.iter().any(|folder| file.name.contains(folder))) {
        return Verdict::unknown(
            "the file holds credentials, and its mode and owner were not read",
            "`stat` of the file on its host: mode 600 or stricter, owned by its user",
        );
    }
    let message = format!("a kubeconfig with credentials (`{key}`) lies among files that are shared");
    Verdict::fail(Fault::new(Place::at(*value), message))
}
