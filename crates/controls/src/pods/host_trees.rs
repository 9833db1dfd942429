//! What the folders of a node are good for in the wrong hands.

use crate::control::Severity::{self, Critical, High, Low, Medium};

use super::host_paths::contains;

/// A folder of the node and everything below it, unless a row of its own says otherwise.
pub(crate) struct Tree {
    /// The folder, as [`cleaned`](super::host_paths::cleaned).
    pub(super) path: &'static str,
    /// What stands there, in few words.
    pub(crate) holds: &'static str,
    /// How bad it is to read it; `None` when nobody learns anything from it.
    read: Option<Severity>,
    /// How bad it is to write to it.
    write: Severity,
}

macro_rules! trees {
    ($($path:literal $read:tt $write:ident $holds:literal;)*) => {
        &[$(Tree { path: $path, holds: $holds, read: trees!(@ $read), write: $write }),*]
    };
    (@ none) => { None };
    (@ $severity:ident) => { Some($severity) };
}

/// Sorted by path. First how bad it is to read, then to write.
const TREES: &[Tree] = trees! {
    "/boot" Low Critical "kernel and boot loader";
    "/dev" High High "devices";
    "/etc" Medium Critical "configuration of the node";
    "/etc/cni" Low Critical "configuration of the network plugins, with the programs to run";
    "/etc/kubernetes" Critical Critical "keys and static pods of the control plane";
    "/etc/localtime" none High "time zone";
    "/etc/machine-id" none High "id of the machine";
    "/etc/os-release" none High "name of the operating system";
    "/etc/pki/ca-trust" none Critical "public certificates that the node trusts";
    "/etc/pki/tls/certs" none Critical "public certificates that the node trusts";
    "/etc/rancher" Critical Critical "keys and configuration of the cluster";
    "/etc/shadow" High Critical "password hashes";
    "/etc/ssh" High Critical "host keys";
    "/etc/ssl/certs" none Critical "public certificates that the node trusts";
    "/etc/ssl/private" High Critical "private keys";
    "/home" High Critical "keys of the people who work on the node";
    "/opt/cni" none Critical "network plugins, which run as root";
    "/pipe/containerd-containerd" Critical Critical "control of all containers";
    "/pipe/docker_engine" Critical Critical "control of all containers";
    "/proc" High Critical "processes and settings of the kernel";
    "/programdata" High Critical "configuration of the node";
    "/root" Critical Critical "keys of root";
    "/run" Medium Medium "sockets of the node's services";
    "/run/containerd" Critical Critical "sockets and state of the container runtime";
    "/run/cri-dockerd.sock" Critical Critical "control of all containers";
    "/run/crio" Critical Critical "sockets and state of the container runtime";
    "/run/dbus" Critical Critical "bus by which services are controlled";
    "/run/docker.sock" Critical Critical "control of all containers";
    "/run/dockershim.sock" Critical Critical "control of all containers";
    "/run/k0s" Critical Critical "sockets and state of the container runtime";
    "/run/k3s" Critical Critical "sockets and state of the container runtime";
    "/run/podman" Critical Critical "control of all containers";
    "/run/systemd" Critical Critical "control of all services";
    "/run/xtables.lock" none Low "lock of the packet filter";
    "/sys" Low Critical "settings of the kernel and of devices";
    "/sys/fs/cgroup" none High "limits of all processes";
    "/users" High Critical "keys of the people who work on the node";
    "/usr" Low Critical "programs of the node";
    "/usr/lib/modules" none Critical "modules of the kernel";
    "/usr/local/share/ca-certificates" none Critical "public certificates that the node trusts";
    "/usr/share/ca-certificates" none Critical "public certificates that the node trusts";
    "/usr/share/zoneinfo" none High "time zones";
    "/var/lib/cloud" High Critical "data by which the node was set up";
    "/var/lib/containerd" High Critical "file systems of all containers";
    "/var/lib/containers" High Critical "file systems of all containers";
    "/var/lib/docker" High Critical "file systems of all containers";
    "/var/lib/etcd" Critical Critical "all objects of the cluster, secrets included";
    "/var/lib/k0s" Critical Critical "keys and state of the cluster";
    "/var/lib/kubelet" Critical Critical "tokens and secrets of all pods of the node";
    "/var/lib/kubelet/device-plugins" Medium High "sockets by which the kubelet is given devices";
    "/var/lib/kubelet/plugins" Medium High "sockets of storage drivers";
    "/var/lib/kubelet/plugins_registry" Medium High "sockets by which plugins announce themselves";
    "/var/lib/kubelet/pod-resources" Low High "socket that lists the devices of pods";
    "/var/lib/rancher" Critical Critical "keys and state of the cluster";
    "/var/log" Medium High "logs, which the kubelet serves and follows links from";
    "/var/snap/microk8s" Critical Critical "keys and state of the cluster";
    "/var/spool/cron" Low Critical "programs that the node runs by the clock";
    "/windows" Low Critical "programs of the node";
};

/// Sockets by which whoever opens them starts containers with any right on the node, as
/// [`cleaned`](super::host_paths::cleaned).
const RUNTIME_SOCKETS: &[&str] = &[
    "/run/containerd/containerd.sock",
    "/run/containerd/containerd.sock.ttrpc",
    "/run/cri-dockerd.sock",
    "/run/crio/crio.sock",
    "/run/docker.sock",
    "/run/dockershim.sock",
    "/run/k0s/containerd.sock",
    "/run/k3s/containerd/containerd.sock",
    "/run/podman/podman.sock",
    "/var/snap/microk8s/common/run/containerd.sock",
    "/pipe/containerd-containerd",
    "/pipe/docker_engine",
];

/// The tree that decides about a path, with its severity, or `None` when the path holds nothing of the node's.
/// It is the worst of those that the path contains, else the closest one that contains the path.
pub(crate) fn judge(path: &str, read_only: bool) -> Option<(Severity, &'static Tree)> {
    let grade = |tree: &'static Tree| Some((if read_only { tree.read? } else { tree.write }, tree));
    let worst =
        TREES.iter().filter(|tree| contains(path, tree.path)).filter_map(grade).rev().max_by_key(|(s, _)| *s);
    let closest = || TREES.iter().rev().find(|tree| contains(tree.path, path)).and_then(grade);
    worst.or_else(closest)
}

/// The runtime socket that a path is or contains. A socket is known by its usual place, or by its name anywhere.
pub(super) fn runtime_socket(path: &str) -> Option<&'static str> {
    let file = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    let named =
        || RUNTIME_SOCKETS.iter().find(|socket| socket.ends_with(".sock") && file(socket) == file(path));
    let inside = |socket: &&&str| {
        // `/var/run` is a link to `/run` on most nodes and a folder on some.
        contains(path, socket) || (socket.starts_with("/run/") && contains(path, &format!("/var{socket}")))
    };
    RUNTIME_SOCKETS.iter().find(inside).or_else(named).copied()
}

#[cfg(test)]
mod tests {
    use super::super::host_paths::cleaned;
    use super::*;

    #[test]
    fn trees_are_sorted_and_spelled_as_they_are_compared() {
        assert!(TREES.is_sorted_by(|a, b| a.path < b.path));
        for path in TREES.iter().map(|tree| tree.path).chain(RUNTIME_SOCKETS.iter().copied()) {
            assert_eq!(cleaned(path), path);
        }
    }

    #[test]
    fn the_worst_inside_decides_else_the_closest_around() {
        let decides = |path: &str, read_only| {
            judge(&cleaned(path), read_only).map(|(severity, tree)| (severity, tree.path))
        };
        assert_eq!(decides("/", true), Some((Critical, "/etc/kubernetes")));
        assert_eq!(decides("/var", true), Some((Critical, "/var/lib/etcd")));
        assert_eq!(decides("/etc/nginx", true), Some((Medium, "/etc")));
        assert_eq!(decides("/etc/nginx", false), Some((Critical, "/etc")));
        assert_eq!(decides("/etc/ssl/certs/ca.crt", true), None);
        assert_eq!(decides("/var/lib/kubelet/pods/x", true), Some((Critical, "/var/lib/kubelet")));
        assert_eq!(decides("/var/lib/kubelet/plugins/x", true), Some((Medium, "/var/lib/kubelet/plugins")));
        assert_eq!(decides("/lib/modules", true), None);
        assert_eq!(decides("/etcd", false), None);
        assert_eq!(decides("/var/lib/app", false), None);
    }

    #[test]
    fn whoever_reaches_a_runtime_socket_has_the_node() {
        for socket in RUNTIME_SOCKETS {
            assert_eq!(judge(socket, true).map(|(severity, _)| severity), Some(Critical), "{socket}");
        }
    }

    #[test]
    fn sockets_are_found_from_above_and_by_name() {
        for path in [
            "/",
            "/var",
            "/var/run",
            "/run/",
            "/run/containerd",
            "/opt/x/docker.sock",
            r"\\.\pipe\docker_engine",
        ] {
            assert!(runtime_socket(&cleaned(path)).is_some(), "{path}");
        }
        for path in
            ["/run/spire/sockets", "/var/lib", "/etc", "/tmp/app.sock", "/run/containerd/io.containerd.grpc"]
        {
            assert_eq!(runtime_socket(&cleaned(path)), None, "{path}");
        }
    }
}
