//! Facts about the kernel, the system and what guards it.

use std::collections::BTreeMap;

use super::reading::{Kernel, Mount, Package, Security, System};
use super::root::Root;

/// Settings of the kernel that bear on security or that the kubelet demands. Those of networks belong to a network
/// and are read only where the reader is in that of the node.
const SYSCTLS: &[&str] = &[
    "fs.protected_fifos",
    "fs.protected_hardlinks",
    "fs.protected_regular",
    "fs.protected_symlinks",
    "fs.suid_dumpable",
    "kernel.core_pattern",
    "kernel.dmesg_restrict",
    "kernel.io_uring_disabled",
    "kernel.keys.root_maxbytes",
    "kernel.keys.root_maxkeys",
    "kernel.kexec_load_disabled",
    "kernel.kptr_restrict",
    "kernel.modules_disabled",
    "kernel.panic",
    "kernel.panic_on_oops",
    "kernel.perf_event_paranoid",
    "kernel.randomize_va_space",
    "kernel.sysrq",
    "kernel.unprivileged_bpf_disabled",
    "kernel.unprivileged_userns_clone",
    "kernel.yama.ptrace_scope",
    "net.core.bpf_jit_harden",
    "net.ipv4.conf.all.accept_redirects",
    "net.ipv4.conf.all.accept_source_route",
    "net.ipv4.conf.all.route_localnet",
    "net.ipv4.conf.all.rp_filter",
    "net.ipv4.conf.all.send_redirects",
    "net.ipv4.ip_forward",
    "net.ipv4.tcp_syncookies",
    "net.ipv6.conf.all.accept_redirects",
    "net.ipv6.conf.all.forwarding",
    "user.max_user_namespaces",
    "vm.mmap_min_addr",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
];

/// Mounts whose options matter.
const MOUNTS: &[&str] = &[
    "/",
    "/boot",
    "/dev/shm",
    "/home",
    "/tmp",
    "/var",
    "/var/lib",
    "/var/lib/containerd",
    "/var/lib/etcd",
    "/var/lib/kubelet",
    "/var/log",
    "/var/log/audit",
    "/var/tmp",
];

/// Packages that bring programs of a node.
const PACKAGES: &[&str] = &[
    "containerd",
    "containerd.io",
    "containernetworking-plugins",
    "cri-o",
    "cri-tools",
    "docker-ce",
    "docker.io",
    "etcd",
    "etcd-server",
    "kubeadm",
    "kubectl",
    "kubelet",
    "kubernetes-cni",
    "runc",
];

/// Longest list of packages that is read.
const MAX_PACKAGES: u64 = 64 << 20;

pub(super) fn kernel(root: &Root) -> Kernel {
    Kernel {
        release: root.line("/proc/sys/kernel/osrelease"),
        version: root.line("/proc/sys/kernel/version"),
        command_line: root.line("/proc/cmdline"),
    }
}

pub(super) fn system(root: &Root) -> System {
    let bytes = root.read("/etc/os-release", 1 << 16).or_else(|_| root.read("/usr/lib/os-release", 1 << 16));
    let text = String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned();
    let value = |key: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='))?;
        Some(value.trim_matches(['"', '\'']).to_owned())
    };
    System {
        id: value("ID"),
        version: value("VERSION_ID"),
        name: value("PRETTY_NAME"),
        architecture: std::env::consts::ARCH,
    }
}

/// What the kernel enforces. What cannot be read stays open.
pub(super) fn security(root: &Root) -> Security {
    let exists = |path: &str| root.find(path).is_ok();
    let sees_modules = exists("/sys/module");
    let apparmor = match root.line("/sys/module/apparmor/parameters/enabled").as_deref() {
        Some("Y" | "1") => Some("enabled"),
        Some(_) => Some("disabled"),
        None => (sees_modules && !exists("/sys/module/apparmor")).then_some("disabled"),
    };
    let selinux = match root.line("/sys/fs/selinux/enforce").as_deref() {
        Some("1") => Some("enforcing"),
        Some(_) => Some("permissive"),
        None => (exists("/sys/fs/cgroup") && !exists("/sys/fs/selinux/enforce")).then_some("disabled"),
    };
    let status = root.read("/proc/1/status", 1 << 16).ok();
    let seccomp = exists("/proc/sys/kernel/seccomp/actions_avail").then_some(true).or_else(|| {
        status.map(|status| String::from_utf8_lossy(&status).lines().any(|line| line.starts_with("Seccomp:")))
    });
    let swap = root.read("/proc/swaps", 1 << 16).ok();
    let swap = swap.map(|swap| String::from_utf8_lossy(&swap).lines().skip(1).any(|line| !line.is_empty()));
    let cgroup = if exists("/sys/fs/cgroup/cgroup.controllers") {
        Some(2)
    } else {
        exists("/sys/fs/cgroup/memory").then_some(1)
    };
    Security {
        apparmor,
        selinux,
        seccomp,
        modules: root.line("/sys/kernel/security/lsm"),
        lockdown: root.line("/sys/kernel/security/lockdown").and_then(|line| {
            let (_, rest) = line.split_once('[')?;
            Some(rest.split_once(']')?.0.to_owned())
        }),
        swap,
        cgroup,
    }
}

pub(super) fn sysctls(root: &Root, own_network: bool) -> BTreeMap<&'static str, String> {
    let names = SYSCTLS.iter().filter(|name| own_network || !name.starts_with("net."));
    names
        .filter_map(|name| {
            let path = format!("/proc/sys/{}", name.replace('.', "/"));
            Some((*name, root.line(&path)?))
        })
        .collect()
}

/// The mounts of the node at places that matter.
pub(super) fn mounts(root: &Root) -> Vec<Mount> {
    let bytes = root.read("/proc/1/mountinfo", 4 << 20).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut mounts: BTreeMap<String, Mount> = BTreeMap::new();
    for line in text.lines() {
        // 36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
        let Some((own, file_system)) = line.split_once(" - ") else { continue };
        let own: Vec<&str> = own.split(' ').collect();
        let (Some(path), Some(options)) = (own.get(4), own.get(5)) else { continue };
        if MOUNTS.contains(path) {
            let mount = Mount {
                path: (*path).to_owned(),
                kind: file_system.split(' ').next().unwrap_or_default().to_owned(),
                options: options.split(',').map(str::to_owned).collect(),
            };
            // The last mount of a place covers those before it.
            mounts.insert((*path).to_owned(), mount);
        }
    }
    mounts.into_values().collect()
}

/// The packages of Debian and its kin that bring programs of a node. Other systems keep theirs in databases.
pub(super) fn packages(root: &Root) -> Vec<Package> {
    let bytes = root.read("/var/lib/dpkg/status", MAX_PACKAGES).unwrap_or_default();
    let text = String::from_utf8_lossy(&bytes);
    let mut packages = Vec::new();
    for entry in text.split("\n\n") {
        let value = |key: &str| entry.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(": "));
        let name = value("Package").filter(|name| PACKAGES.contains(name));
        if let (Some(name), Some(version), Some("install ok installed" | "hold ok installed")) =
            (name, value("Version"), value("Status"))
        {
            packages.push(Package { name: name.to_owned(), version: version.to_owned() });
        }
    }
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    packages
}
