//! `container-runtime/mandatory-access-control`; prose and cases in `mandatory_access_control.md`.

use seaworthy_evidence::{Place, configuration};

use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "container-runtime/mandatory-access-control",
    title: "AppArmor or SELinux is enforcing on each node",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::RUNTIME_CONFIGURATION,
    page: include_str!("mandatory_access_control.md"),
    mappings: Mappings { nsa: &["hardening"], attack: &["T1611"], kubescape: &["C-0055"], ..Mappings::NONE },
    check: Check::Object {
        kinds: &[
            ("", configuration::CONTAINERD),
            ("", configuration::CRIO),
            ("", configuration::DOCKER),
            ("", configuration::K3S),
        ],
        check,
    },
    guard: None,
};

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let root = scope.object.value;
    let (selinux, apparmor_off) = match scope.object.kind {
        configuration::CONTAINERD => {
            let off =
                containerd::setting(root, &["disable_apparmor"]).filter(|off| off.as_bool() == Some(true));
            (containerd::setting(root, &["enable_selinux"]), off)
        }
        configuration::CRIO => {
            let profile = root.at(&["crio", "runtime", "apparmor_profile"]);
            (
                root.at(&["crio", "runtime", "selinux"]),
                profile.filter(|profile| profile.text() == "unconfined"),
            )
        }
        configuration::DOCKER => (root.get("selinux-enabled"), None),
        _ => match root.get("selinux") {
            Some(selinux) => (Some(selinux), None),
            None => return Verdict::NotApplicable,
        },
    };
    match (selinux.and_then(|selinux| selinux.as_bool()), apparmor_off) {
        (Some(true), _) => Verdict::Pass,
        (_, Some(off)) => {
            let message =
                "AppArmor is turned off here, and SELinux is not turned on: containers run unconfined";
            Verdict::fail(Fault::new(Place::at(off), message))
        }
        _ => Verdict::unknown(
            "the runtime leaves SELinux off; whether the node enforces AppArmor, it does not say",
            "`/sys/module/apparmor/parameters/enabled` and `getenforce` of the node",
        ),
    }
}
