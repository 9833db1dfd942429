//! `clients/kubeconfig-permissions`; prose and cases in `kubeconfig_permissions.md`.

use seaworthy_evidence::Place;

use crate::change;
use crate::clients::kubeconfigs;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
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
    probes: &[],
};

/// Folders of hosts in which kubeconfigs belong.
const AT_HOME: &[&str] = &["etc/kubernetes/", ".kube/", "rancher/", "var/lib/kubelet/"];

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
