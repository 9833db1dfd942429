//! What a node must leave as it is: everything of the machine that has one value for all who run on it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

/// Ports that the programs of a node and of its control plane are known by. Others come and go with other tests.
const PORTS: [u16; 10] = [2379, 2380, 6443, 10248, 10249, 10250, 10255, 10256, 10257, 10259];

/// Settings of the kernel that the kubelet or kube-proxy write.
const SETTINGS: [&str; 8] = [
    "kernel/keys/root_maxbytes",
    "kernel/keys/root_maxkeys",
    "kernel/panic",
    "kernel/panic_on_oops",
    "net/ipv4/ip_forward",
    "net/netfilter/nf_conntrack_max",
    "vm/overcommit_memory",
    "vm/panic_on_oom",
];

/// Folders that programs of a node make, and those that these stand in.
const FOLDERS: [&str; 16] = [
    "/etc/cni/net.d",
    "/etc/containerd",
    "/etc/kubernetes",
    "/opt",
    "/opt/containerd",
    "/run",
    "/run/containerd",
    "/run/mount",
    "/run/netns",
    "/usr/libexec/kubernetes",
    "/var/lib",
    "/var/lib/cni",
    "/var/lib/containerd",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/pods",
];

/// The state of the machine.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Host {
    mounts: BTreeSet<String>,
    links: BTreeSet<String>,
    rules: Vec<String>,
    listening: BTreeSet<u16>,
    settings: BTreeMap<&'static str, String>,
    folders: BTreeMap<&'static str, Option<BTreeSet<String>>>,
    control_groups: BTreeSet<String>,
}

impl Host {
    pub(crate) fn now() -> Host {
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        let names = |folder: &str| {
            let entries = fs::read_dir(folder).ok()?.flatten();
            Some(entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
        };
        Host {
            mounts: mounts.lines().map(str::to_owned).collect(),
            links: names("/sys/class/net").unwrap(),
            rules: rules(),
            listening: listening(),
            settings: SETTINGS
                .into_iter()
                .map(|name| (name, fs::read_to_string(format!("/proc/sys/{name}")).unwrap_or_default()))
                .collect(),
            folders: FOLDERS.into_iter().map(|folder| (folder, names(folder))).collect(),
            control_groups: control_groups(),
        }
    }
}

/// The rules of all tables, without their counters.
fn rules() -> Vec<String> {
    let mut rules = Vec::new();
    for (program, arguments) in
        [("nft", ["--stateless", "list", "ruleset"].as_slice()), ("iptables-legacy-save", &[])]
    {
        // A machine without the program has no rules of its kind.
        if let Ok(output) =
            Command::new(program).args(arguments).env("PATH", "/usr/sbin:/sbin:/usr/bin").output()
        {
            let text = String::from_utf8_lossy(&output.stdout).into_owned();
            rules.extend(text.lines().filter(|line| !line.starts_with(['#', ':'])).map(str::to_owned));
        }
    }
    rules
}

fn listening() -> BTreeSet<u16> {
    let mut ports = BTreeSet::new();
    for table in ["/proc/net/tcp", "/proc/net/tcp6"] {
        for line in fs::read_to_string(table).unwrap_or_default().lines().skip(1) {
            let mut fields = line.split_whitespace().skip(1);
            let (local, state) = (fields.next().unwrap(), fields.nth(1).unwrap());
            let port = u16::from_str_radix(local.rsplit_once(':').unwrap().1, 16).unwrap();
            // 0A is TCP_LISTEN.
            if state == "0A" && PORTS.contains(&port) {
                ports.insert(port);
            }
        }
    }
    ports
}

/// Control groups of our process's labs, in every hierarchy.
pub(crate) fn control_groups() -> BTreeSet<String> {
    let found = Command::new("find")
        .args(["/sys/fs/cgroup", "-type", "d", "-name", &format!("seaworthy-lab-{}-*", std::process::id())])
        .output()
        .unwrap();
    String::from_utf8_lossy(&found.stdout).lines().map(str::to_owned).collect()
}

/// The processes of a namespace, by the text of the link that names it.
pub(crate) fn processes_in(namespace: &str) -> Vec<u32> {
    let pids = fs::read_dir("/proc").unwrap().flatten();
    pids.filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid| namespace_of(*pid).as_deref() == Some(namespace))
        .collect()
}

/// The namespace of pids that a process is in.
pub(crate) fn namespace_of(pid: u32) -> Option<String> {
    let link = fs::read_link(format!("/proc/{pid}/ns/pid")).ok()?;
    Some(link.to_string_lossy().into_owned())
}
