//! What k3s and RKE2 start, by their configuration: `KEY-arg` lists of flags, and switches of their own.

use seaworthy_document::Value;

use super::{Component, Flag, Program, Setup};
use crate::configuration;
use crate::object::Object;

/// The list of flags of each program; the second name is an older one that still counts.
const LISTS: &[(Program, &str, &str)] = &[
    (Program::ApiServer, "kube-apiserver-arg", ""),
    (Program::ControllerManager, "kube-controller-manager-arg", "kube-controller-arg"),
    (Program::Scheduler, "kube-scheduler-arg", ""),
    (Program::Etcd, "etcd-arg", ""),
    (Program::KubeProxy, "kube-proxy-arg", ""),
    (Program::Kubelet, "kubelet-arg", ""),
];

/// Switches that become flags of a program.
const SWITCHES: &[(&str, Program, &str, &str)] = &[
    (
        "secrets-encryption",
        Program::ApiServer,
        "encryption-provider-config",
        "/var/lib/rancher/k3s/server/cred/encryption-config.json",
    ),
    ("protect-kernel-defaults", Program::Kubelet, "protect-kernel-defaults", "true"),
];

/// Keys that only a server has: an agent starts a kubelet and kube-proxy alone.
const OF_SERVERS: &[&str] = &[
    "cluster-init",
    "datastore-endpoint",
    "disable",
    "etcd-snapshot-retention",
    "etcd-snapshot-schedule-cron",
    "secrets-encryption",
    "tls-san",
    "write-kubeconfig-mode",
];

/// Calls `found` with every program that a configuration of k3s speaks of.
pub(super) fn components_of<'a>(object: &Object<'a>, index: u32, mut found: impl FnMut(Component<'a>)) {
    let root = object.value;
    let is_server = OF_SERVERS.iter().any(|key| value_of(&root, key).is_some())
        || LISTS[..4].iter().any(|(_, key, _)| value_of(&root, key).is_some());
    let is_on = |key| value_of(&root, key).and_then(|value| value.as_bool()) == Some(true);
    for (program, key, older) in LISTS {
        let list = value_of(&root, key).or_else(|| value_of(&root, older).filter(|_| !older.is_empty()));
        let runs = match program {
            Program::ApiServer => is_server && !is_on("disable-apiserver"),
            Program::ControllerManager => is_server && !is_on("disable-controller-manager"),
            Program::Scheduler => is_server && !is_on("disable-scheduler"),
            // Without `cluster-init` a single server keeps its state in SQLite or in another database.
            Program::Etcd => is_on("cluster-init"),
            Program::KubeProxy => false,
            Program::Kubelet => !is_on("disable-agent"),
        };
        if !runs && list.is_none() {
            continue;
        }
        let mut flags: Vec<Flag<'a>> = list.iter().flat_map(words).map(|at| flag(at.text(), at)).collect();
        for (switch, of, name, value) in SWITCHES.iter().filter(|(_, of, _, _)| of == program) {
            debug_assert_eq!(of, program);
            if let Some(at) = value_of(&root, switch).filter(|value| value.as_bool() == Some(true)) {
                flags.push(Flag { name, value, at });
            }
        }
        let settings = list.unwrap_or(root);
        found(Component { flags, ..Component::new(*program, Setup::K3s, index, settings) });
    }
}

/// The value of a key, also when it adds to what other files state (`kubelet-arg+`).
fn value_of<'a>(root: &Value<'a>, key: &str) -> Option<Value<'a>> {
    let is_key = |name: &str| name == key || name.strip_suffix('+') == Some(key);
    root.entries()
        .filter(|(name, value)| is_key(name.text()) && !value.is_null())
        .map(|(_, value)| value)
        .last()
}

/// The arguments of a list, or the only one.
fn words<'a>(list: &Value<'a>) -> Vec<Value<'a>> {
    if list.is_sequence() { list.items().collect() } else { vec![*list] }
}

fn flag<'a>(text: &'a str, at: Value<'a>) -> Flag<'a> {
    let (name, value) = text.split_once('=').unwrap_or((text, "true"));
    Flag { name: name.trim_start_matches('-'), value, at }
}

/// Puts the flags of a drop-in to those of the file that it adds to: a list replaces the one before it unless its key
/// ends with `+`.
pub(super) fn add<'a>(base: &mut Component<'a>, drop_in: Component<'a>, root: &Value<'a>) {
    let replaces = LISTS.iter().any(|(program, key, older)| {
        *program == base.program && (root.get(key).is_some() || root.get(older).is_some())
    });
    if replaces {
        let is_switch = |flag: &Flag<'_>| SWITCHES.iter().any(|(_, _, name, _)| flag.is(name));
        base.flags.retain(is_switch);
    }
    base.flags.extend(drop_in.flags);
    base.sources.push(drop_in.object);
}

/// The path of the file that a drop-in adds to.
pub(super) fn base_of(path: &str) -> Option<&str> {
    let (folder, _) = path.rsplit_once('/')?;
    folder.strip_suffix(".d")
}

/// Whether an object is a configuration of k3s.
pub(super) fn is_configuration(object: &Object<'_>) -> bool {
    object.is("", configuration::K3S)
}
