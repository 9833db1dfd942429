//! What is mounted in the container.

use seaworthy_probe::{Ask, Attempt, Outcome, Reply, Request, Step, expect};

use super::process::some;
use super::{Inside, InsideProbe, Texts};

const IS_LIST: &str = "the list of mounts holds `/` and `/proc`";

pub(super) const PROBES: &[InsideProbe] = &[
    InsideProbe::new(
        "pods/host-path",
        Texts {
            asks: "the program reads `/proc/self/mountinfo`",
            proved_by: "every mount is one of the runtime, of a volume of the kubelet, or of the kernel",
            refuted_by: "a folder of the node is mounted, whose place there the kernel tells",
            not_fooled_by: "disks of volumes, which are not told apart from the node's: they are no proof of either",
            positive_control: IS_LIST,
        },
        host_path,
    ),
    InsideProbe::new(
        "pods/runtime-socket",
        Texts {
            asks: "the program connects to the sockets of runtimes, in their usual places and below every mount",
            proved_by: "none is there, and nothing of the node is mounted",
            refuted_by: "one takes the connection, or is there",
            not_fooled_by: "a socket that another user may open: it counts although this one is refused",
            positive_control: IS_LIST,
        },
        runtime_socket,
    ),
    InsideProbe::new(
        "secrets/memory-backed",
        Texts {
            asks: "the program reads how volumes of Secrets are mounted",
            proved_by: "all are of `tmpfs`",
            refuted_by: "one lies on a disk",
            not_fooled_by: "a pod without such volumes: nothing is concluded",
            positive_control: IS_LIST,
        },
        memory_backed,
    ),
];

/// A line of `mountinfo` (proc_pid_mountinfo(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mount {
    device: String,
    root: String,
    pub(super) point: String,
    pub(super) read_only: bool,
    kind: String,
    pub(super) source: String,
}

impl Mount {
    /// The last mount at a place: it hides those before it.
    pub(super) fn at<'m>(mounts: &'m [Mount], point: &str) -> Option<&'m Mount> {
        mounts.iter().rev().find(|mount| mount.point == point)
    }
}

pub(super) fn mounts(lines: &[String]) -> Vec<Mount> {
    lines.iter().filter_map(|line| mount(line)).collect()
}

fn mount(line: &str) -> Option<Mount> {
    let (first, second) = line.split_once(" - ")?;
    let mut first = first.split(' ').skip(2);
    let (device, root, point, options) = (first.next()?, first.next()?, first.next()?, first.next()?);
    let mut second = second.split(' ');
    let (kind, source, of_file_system) = (second.next()?, second.next()?, second.next()?);
    let has = |options: &str| options.split(',').any(|option| option == "ro");
    Some(Mount {
        device: device.to_owned(),
        root: root.to_owned(),
        point: point.to_owned(),
        read_only: has(options) || has(of_file_system),
        kind: kind.to_owned(),
        source: source.to_owned(),
    })
}

/// Where something comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The runtime, the kubelet or the kernel.
    Pod,
    /// The node, with the place there or what is seen of it.
    Node(String),
    /// Nobody knows.
    Unknown,
}

/// Where a mount comes from. The files that the kubelet writes for each container lie on its own file system: what else is
/// mounted of that one, and is not below the kubelet's folder, is of the node.
pub(super) fn origin(mount: &Mount, mounts: &[Mount]) -> From {
    const WRITTEN: [&str; 4] = ["/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/dev/termination-log"];
    let point = mount.point.as_str();
    let below = |folder: &str| {
        point == folder || point.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
    };
    let kubelets =
        ["/volumes/kubernetes.io~", "/volume-subpaths/", "/etc-hosts", "/sandboxes/", "/overlay-containers/"];
    let in_kubelet = kubelets.iter().any(|part| mount.root.contains(part))
        || (mount.root.contains("/pods/") && mount.root.contains("/containers/"));
    match mount.kind.as_str() {
        _ if point == "/" => From::Pod,
        "proc" if below("/proc") => From::Pod,
        "sysfs" | "cgroup" | "cgroup2" if below("/sys") => From::Pod,
        "tmpfs" if below("/sys") || below("/proc") => From::Pod,
        "devpts" | "mqueue" if below("/dev") => From::Pod,
        // `/dev/null` over a masked file, the terminal.
        "tmpfs" | "devtmpfs" | "devpts" if below("/proc") || below("/sys") => From::Pod,
        "tmpfs" if point == "/dev" || point == "/dev/shm" => From::Pod,
        "proc" | "sysfs" | "devtmpfs" | "cgroup" | "cgroup2" | "debugfs" | "tracefs" | "securityfs"
        | "bpf" => From::Node(format!("`{}` of the kernel", mount.kind)),
        _ if WRITTEN.contains(&point) || in_kubelet => From::Pod,
        // A file system in memory of the pod's own has its own root; a part of another one is bound.
        "tmpfs" if mount.root == "/" => From::Pod,
        "tmpfs" if mount.root.starts_with("/..") => From::Pod,
        "tmpfs" => From::Node(format!("`{}` of a file system in memory", mount.root)),
        _ => {
            let nodes = mounts
                .iter()
                .any(|other| WRITTEN.contains(&other.point.as_str()) && other.device == mount.device);
            if nodes { From::Node(format!("`{}`", mount.root)) } else { From::Unknown }
        }
    }
}

fn list(inside: &Inside) -> Step {
    Step::control("mounts", inside.text("/proc/self/mountinfo"), |answer| match &answer.reply {
        Reply::Lines(lines) => {
            let mounts = mounts(lines);
            let both = Mount::at(&mounts, "/").is_some() && Mount::at(&mounts, "/proc").is_some();
            both.then_some(()).ok_or_else(|| "`/` and `/proc` are not listed".to_owned())
        }
        _ => expect::lines(answer),
    })
}

/// What is mounted of the node, and what nobody knows.
fn foreign(lines: &[String]) -> (Vec<String>, Vec<String>) {
    let mounts = mounts(lines);
    let (mut nodes, mut unknown) = (Vec::new(), Vec::new());
    for mount in &mounts {
        match origin(mount, &mounts) {
            From::Pod => {}
            From::Node(place) => nodes.push(format!("{place} at `{}`", mount.point)),
            From::Unknown => unknown.push(format!("`{}`", mount.point)),
        }
    }
    (nodes, unknown)
}

fn host_path(inside: &Inside) -> Vec<Attempt> {
    vec![inside.attempt(vec![list(inside)], |answers| match foreign(answers.lines("mounts")) {
        (nodes, _) if !nodes.is_empty() => {
            Outcome::refuted("mounts", format!("of the node: {}", some(&nodes)))
        }
        (_, unknown) if !unknown.is_empty() => Outcome::inconclusive(
            "mounts",
            format!("a volume or a folder of the node, nobody can tell from inside: {}", some(&unknown)),
        ),
        _ => Outcome::proved("mounts", "nothing of the node is mounted"),
    })]
}

/// Sockets of runtimes, below `/run` of a node.
const SOCKETS: [&str; 6] = [
    "containerd/containerd.sock",
    "crio/crio.sock",
    "docker.sock",
    "cri-dockerd.sock",
    "k3s/containerd/containerd.sock",
    "podman/podman.sock",
];

fn runtime_socket(inside: &Inside) -> Vec<Attempt> {
    /// Most mounts that are looked below.
    const MOST: usize = 20;
    // The names of steps live as long as the program: there are so many at most.
    const NAMES: [&str; 6] = ["containerd", "crio", "docker", "cri-dockerd", "k3s", "podman"];
    let mut attempts = Vec::new();
    let mut folders: Vec<String> = vec!["/run".to_owned(), "/var/run".to_owned()];
    for point in inside.mount_points.iter().filter(|point| may_hold(point)).take(MOST) {
        for folder in [point.clone(), format!("{point}/run"), format!("{point}/var/run")] {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
    }
    // A socket that is itself what is mounted.
    let itself: Vec<String> = inside
        .mount_points
        .iter()
        .filter(|point| SOCKETS.iter().any(|socket| point.ends_with(file_name(socket))))
        .cloned()
        .collect();
    let mut steps = vec![list(inside)];
    for (name, socket) in NAMES.iter().zip(SOCKETS) {
        let own = itself.iter().find(|point| point.ends_with(file_name(socket)));
        // The folder that is mounted may be the runtime's own.
        let below = folders
            .iter()
            .flat_map(|folder| [format!("{folder}/{socket}"), format!("{folder}/{}", file_name(socket))]);
        let candidates: Vec<String> = own.cloned().into_iter().chain(below).collect();
        // The first one that is there decides; the edge looks through them in order.
        let request = Request::of_file(inside.root.clone(), Ask::Sockets(candidates));
        steps.push(Step::ask(name, request));
    }
    attempts.push(inside.attempt(steps, |answers| {
        for name in NAMES {
            match answers.reply(name) {
                Some(Reply::Connected) => {
                    return Outcome::refuted(name, format!("the socket of {name} takes connections"));
                }
                Some(Reply::Refused(_)) => {
                    return Outcome::refuted(
                        name,
                        format!("the socket of {name} is there, although this user is refused"),
                    );
                }
                Some(Reply::Absent) => {}
                _ => return answers.inconclusive(name),
            }
        }
        match foreign(answers.lines("mounts")) {
            (nodes, _) if nodes.is_empty() => {
                Outcome::proved("mounts", "nothing of the node is mounted, and no socket of a runtime")
            }
            (nodes, _) => Outcome::inconclusive(
                "mounts",
                format!("no socket in the usual places, but there is more of the node: {}", some(&nodes)),
            ),
        }
    }));
    attempts
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn may_hold(point: &str) -> bool {
    !["/", "/proc", "/sys", "/dev"].contains(&point)
        && !["/proc/", "/sys/", "/dev/", "/etc/host", "/etc/resolv"]
            .iter()
            .any(|start| point.starts_with(start))
}

fn memory_backed(inside: &Inside) -> Vec<Attempt> {
    vec![inside.attempt(vec![list(inside)], |answers| {
        let mounts = mounts(answers.lines("mounts"));
        let secret = |mount: &&Mount| {
            mount.root.contains("/volumes/kubernetes.io~secret/")
                || mount.root.contains("/volumes/kubernetes.io~projected/")
                || mount.point.ends_with("/secrets/kubernetes.io/serviceaccount")
        };
        let found: Vec<&Mount> = mounts.iter().filter(secret).collect();
        let disks: Vec<String> = found
            .iter()
            .filter(|mount| mount.kind != "tmpfs")
            .map(|mount| format!("`{}` on {}", mount.point, mount.kind))
            .collect();
        match (found.len(), disks.as_slice()) {
            (0, _) => {
                Outcome::inconclusive("mounts", "no volume of a Secret is mounted, as far as mounts tell")
            }
            (number, []) => {
                Outcome::proved("mounts", format!("all {number} volumes of Secrets are in memory"))
            }
            (_, disks) => Outcome::refuted("mounts", format!("on a disk: {}", some(disks))),
        }
    })]
}
