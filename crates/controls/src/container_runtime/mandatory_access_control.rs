//! `container-runtime/mandatory-access-control`; prose and cases in `mandatory_access_control.md`.

use seaworthy_evidence::{NodeReading, Object, Place, collection::GROUP, configuration, node_reading};
use seaworthy_probe::{Attempt, Consent, Subject};

use crate::change;
use crate::container_runtime::containerd;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, pods};
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
            (GROUP, node_reading::KIND),
        ],
        check,
    },
    guard: None,
    probes: &[POD],
};

const POD: Probe = Probe {
    name: "pod",
    asks: "the caller starts a pod without a profile on each of at most five nodes, which reads its `/proc/self/attr/current`",
    proved_by: "the process is confined by an enforced profile of AppArmor or a type of SELinux for containers",
    refuted_by: "it is unconfined, the profile only complains, or the kernel has no such module",
    not_fooled_by: "a profile in `complain` mode, and types such as `spc_t` that confine nothing",
    positive_control: "the pod starts, ends, and reads the state of its own process",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: pods::RIGHTS,
    plan: plan_pod,
};

fn plan_pod(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for (index, node) in pods::nodes(ground).into_iter().take(pods::MOST_NODES).enumerate() {
        let subject = Subject::new("Node", None, node);
        let Some(room) = pods::Room::of(ground, &format!("mac-{index}")) else {
            return pods::Room::missing(subject);
        };
        attempts.push(pods::one(&room, subject, "container-runtime/mandatory-access-control", &[], |spec| {
            spec["nodeName"] = node.into();
        }));
    }
    attempts
}

/// What the kernel of a node enforces.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kernel {
    AppArmor,
    /// SELinux alone: the runtime must ask for it.
    SeLinux,
    Neither,
    Unread,
}

fn kernel(node: &NodeReading<'_>) -> Kernel {
    let is = |name, words: &[&str]| {
        node.security(name).map(|value| words.contains(&value.text().to_ascii_lowercase().as_str()))
    };
    match (is("apparmor", &["enabled", "true", "y"]), is("selinux", &["enforcing"])) {
        (Some(true), _) => Kernel::AppArmor,
        (Some(false), Some(true)) => Kernel::SeLinux,
        (Some(false), Some(false)) => Kernel::Neither,
        _ => Kernel::Unread,
    }
}

fn of_node<'a>(scope: &ObjectScope<'_, 'a>, node: &NodeReading<'a>) -> Verdict<'a> {
    match kernel(node) {
        Kernel::AppArmor => Verdict::Pass,
        // What the runtime makes of it, its configuration says.
        Kernel::SeLinux => {
            let runtimes =
                [configuration::CONTAINERD, configuration::CRIO, configuration::DOCKER, configuration::K3S];
            let evidence = scope.around.evidence;
            let mut files = runtimes.iter().flat_map(|kind| evidence.of_kind(kind));
            match files.any(|object| node_of(scope, object) == Some(node.node())) {
                true => Verdict::NotApplicable,
                false => Verdict::unknown(
                    "SELinux is enforcing, and whether the runtime asks for it was not read",
                    "the configuration of the container runtime on the node",
                ),
            }
        }
        Kernel::Neither => {
            let at = node.security("selinux").filter(|selinux| selinux.text() == "permissive");
            let message = match at {
                Some(_) => "SELinux is permissive: it writes down what it would refuse, and AppArmor is off",
                None => "neither AppArmor nor SELinux is on: containers have the kernel to themselves",
            };
            let at = at.or(node.security("apparmor")).unwrap_or(node.value());
            Verdict::fail(Fault::new(Place::at(at), message))
        }
        Kernel::Unread => Verdict::unknown("whether AppArmor or SELinux is on was not read", NEEDS),
    }
}

/// The node that the file of an object was read on.
fn node_of<'a>(scope: &ObjectScope<'_, 'a>, object: &Object<'a>) -> Option<&'a str> {
    let file = scope.around.evidence.files().get(object.file as usize)?;
    file.name.strip_prefix("nodes/")?.split('/').next()
}

/// What the kernel enforces on the node that the file of a runtime was read on, when it was.
fn kernel_below(scope: &ObjectScope<'_, '_>) -> Kernel {
    let node = node_of(scope, scope.object);
    let mut readings = scope.around.evidence.node_readings();
    let reading = readings.find(|(_, reading)| Some(reading.node()) == node);
    reading.map_or(Kernel::Unread, |(_, reading)| kernel(&reading))
}

const NEEDS: &str = "`/sys/module/apparmor/parameters/enabled` and `getenforce` of the node";

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    if let Some(node) = NodeReading::of(scope.object) {
        return of_node(scope, &node);
    }
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
        _ => match kernel_below(scope) {
            Kernel::AppArmor | Kernel::Neither => Verdict::NotApplicable,
            Kernel::SeLinux => {
                let place = selinux.map_or(Place::at(root), Place::at);
                let message = "SELinux is enforcing on the node, and the runtime does not ask for it: containers run unconfined";
                Verdict::fail(Fault::new(place, message))
            }
            Kernel::Unread => Verdict::unknown(
                "the runtime leaves SELinux off; whether the node enforces AppArmor, it does not say",
                NEEDS,
            ),
        },
    }
}
