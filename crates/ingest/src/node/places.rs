//! Places where installers put files, whatever runs: manifests, kubeconfigs, keys, configuration of networks and runtimes.

use super::files::{Files, View};
use super::programs::{self, Role};
use super::root::Root;

/// Files and folders by their places. Those that are not there are no concern.
const PLACES: &[(&str, Option<&str>, Role)] = &[
    ("/etc/cni/net.d", None, programs::CNI_FOLDER),
    ("/etc/containerd/config.toml", Some("containerd"), programs::RUNTIME),
    ("/etc/crio/crio.conf", Some("crio"), programs::RUNTIME),
    ("/etc/docker/daemon.json", Some("dockerd"), programs::RUNTIME),
    ("/etc/kubernetes/admin.conf", None, programs::ADMIN_KUBECONFIG),
    ("/etc/kubernetes/bootstrap-kubelet.conf", Some("kubelet"), programs::KUBECONFIG),
    ("/etc/kubernetes/controller-manager.conf", Some("kube-controller-manager"), programs::KUBECONFIG),
    ("/etc/kubernetes/kubelet.conf", Some("kubelet"), programs::KUBECONFIG),
    ("/etc/kubernetes/manifests", None, programs::MANIFESTS),
    ("/etc/kubernetes/pki", None, programs::PKI),
    ("/etc/kubernetes/scheduler.conf", Some("kube-scheduler"), programs::KUBECONFIG),
    ("/etc/kubernetes/super-admin.conf", None, programs::ADMIN_KUBECONFIG),
    ("/etc/rancher/k3s/config.yaml", Some("k3s"), programs::DISTRIBUTION),
    ("/etc/rancher/k3s/k3s.yaml", None, programs::ADMIN_KUBECONFIG),
    ("/etc/rancher/k3s/registries.yaml", Some("k3s"), programs::DISTRIBUTION),
    ("/etc/rancher/rke2/config.yaml", Some("rke2"), programs::DISTRIBUTION),
    ("/etc/rancher/rke2/registries.yaml", Some("rke2"), programs::DISTRIBUTION),
    ("/etc/rancher/rke2/rke2.yaml", None, programs::ADMIN_KUBECONFIG),
    ("/run/containerd/containerd.sock", Some("containerd"), programs::SOCKET),
    ("/run/cri-dockerd.sock", Some("cri-dockerd"), programs::SOCKET),
    ("/run/crio/crio.sock", Some("crio"), programs::SOCKET),
    ("/run/docker.sock", Some("dockerd"), programs::SOCKET),
    ("/run/k3s/containerd/containerd.sock", Some("containerd"), programs::SOCKET),
    ("/var/lib/etcd", Some("etcd"), programs::ETCD_DATA),
    ("/var/lib/kube-proxy/config.conf", Some("kube-proxy"), programs::KUBE_PROXY),
    ("/var/lib/kube-proxy/kubeconfig", Some("kube-proxy"), programs::KUBECONFIG),
    ("/var/lib/kube-proxy/kubeconfig.conf", Some("kube-proxy"), programs::KUBECONFIG),
    ("/var/lib/kubelet/config.yaml", Some("kubelet"), programs::KUBELET),
    ("/var/lib/kubelet/kubeadm-flags.env", Some("kubelet"), programs::ENVIRONMENT_FILE),
    ("/var/lib/kubelet/kubeconfig", Some("kubelet"), programs::KUBECONFIG),
    ("/var/lib/kubelet/pki", Some("kubelet"), programs::PKI),
    ("/var/lib/rancher/k3s/agent/kubelet.kubeconfig", Some("kubelet"), programs::KUBECONFIG),
    ("/var/lib/rancher/k3s/agent/kubeproxy.kubeconfig", Some("kube-proxy"), programs::KUBECONFIG),
    ("/var/lib/rancher/k3s/server/db/etcd", Some("etcd"), programs::ETCD_DATA),
    ("/var/lib/rancher/k3s/server/tls", None, programs::PKI),
    ("/var/lib/rancher/rke2/agent/kubelet.kubeconfig", Some("kubelet"), programs::KUBECONFIG),
    ("/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig", Some("kube-proxy"), programs::KUBECONFIG),
    ("/var/lib/rancher/rke2/agent/pod-manifests", None, programs::MANIFESTS),
    ("/var/lib/rancher/rke2/server/db/etcd", Some("etcd"), programs::ETCD_DATA),
    ("/var/lib/rancher/rke2/server/tls", None, programs::PKI),
];

/// Folders whose files are all of one role.
const FOLDERS: &[(&str, Option<&str>, Role)] = &[
    ("/etc/cni/net.d", None, programs::CNI),
    ("/etc/crio/crio.conf.d", Some("crio"), programs::RUNTIME),
    ("/etc/rancher/k3s/config.yaml.d", Some("k3s"), programs::DISTRIBUTION),
    ("/etc/rancher/rke2/config.yaml.d", Some("rke2"), programs::DISTRIBUTION),
];

/// Where systemd looks for units, first the ones that win.
const UNITS: &[&str] = &[
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
];

/// Services that matter also when nothing of them runs.
const SERVICES: &[(&str, Option<&str>)] = &[
    ("containerd.service", Some("containerd")),
    ("crio.service", Some("crio")),
    ("docker.service", Some("dockerd")),
    ("etcd.service", Some("etcd")),
    ("k3s-agent.service", Some("k3s")),
    ("k3s.service", Some("k3s")),
    ("kube-apiserver.service", Some("kube-apiserver")),
    ("kube-controller-manager.service", Some("kube-controller-manager")),
    ("kube-proxy.service", Some("kube-proxy")),
    ("kube-scheduler.service", Some("kube-scheduler")),
    ("kubelet.service", Some("kubelet")),
    ("rke2-agent.service", Some("rke2")),
    ("rke2-server.service", Some("rke2")),
];

/// Longest unit that is read.
const MAX_UNIT: u64 = 1 << 18;

/// Looks at all places.
pub(super) fn look(root: &Root, files: &mut Files) {
    for (path, program, role) in PLACES {
        files.look_if_there(View { root, pid: None, program: *program }, path, *role);
    }
    for (folder, program, role) in FOLDERS {
        let Ok((names, _)) = root.list(folder) else { continue };
        for name in names {
            files.look_if_there(
                View { root, pid: None, program: *program },
                &format!("{folder}/{name}"),
                *role,
            );
        }
    }
    for (unit, program) in SERVICES {
        unit_files(root, unit, *program, files);
    }
}

/// Looks at the files of a service and what it takes variables from. Returns the paths of the unit and its drop-ins.
pub(super) fn unit_files(
    root: &Root,
    unit: &str,
    program: Option<&'static str>,
    files: &mut Files,
) -> Vec<String> {
    let mut paths: Vec<String> = Vec::new();
    let mut targets: Vec<String> = Vec::new();
    for folder in UNITS {
        let path = format!("{folder}/{unit}");
        // `/lib` is a link to `/usr/lib` on most systems.
        if let Ok(entry) = root.find(&path)
            && !targets.contains(&entry.path)
        {
            targets.push(entry.path);
            paths.push(path);
        }
        let drop_ins = format!("{folder}/{unit}.d");
        let names = root.list(&drop_ins).map(|(names, _)| names).unwrap_or_default();
        for name in names.into_iter().filter(|name| name.ends_with(".conf")) {
            let path = format!("{drop_ins}/{name}");
            if let Ok(entry) = root.find(&path)
                && !targets.contains(&entry.path)
            {
                targets.push(entry.path);
                paths.push(path);
            }
        }
    }
    let role = if unit == "kubelet.service" { programs::UNIT } else { programs::UNIT_OF_OTHER };
    let view = View { root, pid: None, program };
    for path in &paths {
        files.look(view, path, role);
        for path in environment_files(root, path) {
            files.look_if_there(view, &path, programs::ENVIRONMENT_FILE);
        }
    }
    paths
}

/// The files that a unit takes variables from.
fn environment_files(root: &Root, path: &str) -> Vec<String> {
    let Ok(bytes) = root.read(path, MAX_UNIT) else { return Vec::new() };
    let text = String::from_utf8_lossy(&bytes);
    let lines = text.lines().filter_map(|line| line.trim().strip_prefix("EnvironmentFile="));
    let paths = lines.map(|path| path.trim_start_matches('-').trim());
    paths.filter(|path| path.starts_with('/') && !path.contains(['*', '%'])).map(str::to_owned).collect()
}
