//! The processes that matter: their arguments, environment, unit and pod, as the kernel tells them.

use std::collections::{BTreeMap, HashSet};

use super::programs;
use super::reading::{Obstacle, Process};
use super::root::Root;
use super::secrets::{HIDDEN, is_secret_name, without_password};

/// Longest command line and environment that are read.
const MAX_BYTES: u64 = 1 << 20;

/// Most processes of programs that are known; more than one of a name is rare.
const MAX_PROCESSES: usize = 256;

/// Variables that change what the programs do. Of others not even the names are kept.
const VARIABLES: &[&str] = &[
    "CONTAINERD_",
    "CRIO_",
    "ETCD_",
    "GODEBUG",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "K3S_",
    "KUBECONFIG",
    "KUBELET_",
    "KUBE_",
    "NODE_NAME",
    "NO_PROXY",
    "RKE2_",
    "SSLKEYLOGFILE",
    "SSL_CERT_",
];

/// A process and the root in which it sees files.
pub(super) struct Running {
    pub(super) process: Process,
    /// Why its root cannot be entered, when it cannot.
    pub(super) root: Result<Root, String>,
    /// Whether its root is not that of the node.
    pub(super) elsewhere: bool,
    /// The folder from which it takes relative paths.
    pub(super) folder: Option<String>,
    /// The network that it is in, as the kernel names it.
    pub(super) network: Option<String>,
}

/// The pids of all processes; none where no file system of processes is mounted.
pub(super) fn pids(root: &Root) -> Result<Vec<u32>, String> {
    let listed = root.list("/proc");
    let (names, _) =
        listed.map_err(|error| format!("no processes: {error}; mount the node's `/proc` below the root"))?;
    let mut pids: Vec<u32> = names.iter().filter_map(|name| name.parse().ok()).collect();
    pids.sort_unstable();
    match pids.is_empty() {
        true => Err("no processes: mount the node's `/proc` below the root".to_owned()),
        false => Ok(pids),
    }
}

/// The processes of programs that are known, in the order of their pids. One that ends meanwhile is left out.
pub(super) fn running(root: &Root, pids: &[u32], errors: &mut Vec<Obstacle>) -> Vec<Running> {
    let mut running = Vec::new();
    for &pid in pids {
        let Ok(line) = root.read(&format!("/proc/{pid}/cmdline"), MAX_BYTES) else { continue };
        let arguments = words(&line);
        // Threads of the kernel have no command line.
        if arguments.is_empty() {
            continue;
        }
        let executable = root.link(&format!("/proc/{pid}/exe")).ok();
        let Some(program) = programs::program(&arguments, executable.as_deref()) else { continue };
        if running.len() == MAX_PROCESSES {
            let error = format!("only the first {MAX_PROCESSES} processes were looked at");
            errors.push(Obstacle { what: "/proc".to_owned(), error });
            break;
        }
        running.push(read(root, pid, program, arguments, executable));
    }
    running
}

fn read(
    root: &Root,
    pid: u32,
    program: &'static str,
    arguments: Vec<String>,
    executable: Option<String>,
) -> Running {
    let mut process = Process { pid, program, executable, ..Process::default() };
    process.arguments = without_secrets(&arguments);
    match root.read(&format!("/proc/{pid}/environ"), MAX_BYTES) {
        Ok(bytes) => process.environment = environment(&bytes),
        Err(error) => process.errors.push(format!("environment: {error}")),
    }
    if let Ok(status) = root.read(&format!("/proc/{pid}/status"), MAX_BYTES) {
        let status = String::from_utf8_lossy(&status);
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        // Real, effective, saved, of the file system.
        process.uid = uids.and_then(|uids| uids.split_whitespace().nth(1)?.parse().ok());
    }
    if let Ok(groups) = root.read(&format!("/proc/{pid}/cgroup"), MAX_BYTES) {
        let groups = String::from_utf8_lossy(&groups);
        process.unit = unit(&groups);
        process.pod = pod(&groups);
        process.static_pod = process.pod.as_deref().map(is_static);
    }
    let (own, elsewhere) = match root.of_process(pid) {
        Some(Ok(own)) => {
            let elsewhere = !own.is(root);
            (Ok(own), elsewhere)
        }
        Some(Err(error)) => {
            let reason =
                format!("cannot enter the root of process {pid}: {error}; run as root with CAP_SYS_PTRACE");
            process.errors.push(reason.clone());
            (Err(reason), true)
        }
        None => (Ok(root.clone()), false),
    };
    let folder = root.link(&format!("/proc/{pid}/cwd")).ok().filter(|folder| folder.starts_with('/'));
    let network = root.link(&format!("/proc/{pid}/ns/net")).ok();
    Running { process, root: own, elsewhere, folder, network }
}

/// The words of a command line, which end with NUL. What is no text is shown as well as it can be.
fn words(bytes: &[u8]) -> Vec<String> {
    let bytes = bytes.strip_suffix(&[0]).unwrap_or(bytes);
    if bytes.is_empty() {
        return Vec::new();
    }
    bytes.split(|byte| *byte == 0).map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}

/// Arguments without the values of flags that are secrets.
fn without_secrets(arguments: &[String]) -> Vec<String> {
    let mut hidden_next = false;
    let mut kept = Vec::with_capacity(arguments.len());
    for argument in arguments {
        let hidden = std::mem::take(&mut hidden_next);
        if !argument.starts_with('-') {
            kept.push(if hidden { HIDDEN.to_owned() } else { without_password(argument) });
            continue;
        }
        let flag = argument.trim_start_matches('-');
        match flag.split_once('=') {
            Some((name, value)) if is_secret_name(name) && !value.is_empty() => {
                let dashes = &argument[..argument.len() - flag.len()];
                kept.push(format!("{dashes}{name}={HIDDEN}"));
            }
            Some(_) => kept.push(without_password(argument)),
            None => {
                hidden_next = is_secret_name(flag);
                kept.push(argument.clone());
            }
        }
    }
    kept
}

/// The variables that matter, without secrets.
fn environment(bytes: &[u8]) -> BTreeMap<String, String> {
    let variables = words(bytes).into_iter().filter_map(|variable| {
        let (name, value) = variable.split_once('=')?;
        let upper = name.to_ascii_uppercase();
        if !VARIABLES.iter().any(|known| upper.starts_with(known)) {
            return None;
        }
        let value = if is_secret_name(name) { HIDDEN.to_owned() } else { without_password(value) };
        Some((name.to_owned(), value))
    });
    variables.collect()
}

/// The service of systemd that a process belongs to.
fn unit(groups: &str) -> Option<String> {
    let mut parts = groups.lines().flat_map(|line| line.rsplit('/'));
    parts.find(|part| part.ends_with(".service")).map(str::to_owned)
}

/// The uid of the pod that a process belongs to: `pod<uid>` of cgroupfs, `kubepods-burstable-pod<uid>.slice` of systemd,
/// which writes `_` for `-`.
fn pod(groups: &str) -> Option<String> {
    groups.lines().flat_map(|line| line.split('/')).find_map(|part| {
        let part = part.strip_suffix(".slice").unwrap_or(part);
        let uid = match part.strip_prefix("kubepods") {
            Some(rest) => rest.rsplit_once("pod")?.1,
            None => part.strip_prefix("pod")?,
        };
        let uid = uid.replace('_', "-");
        let is_uid = uid.len() >= 32 && uid.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        is_uid.then_some(uid)
    })
}

/// The kubelet gives pods of its own manifests a hash for a uid, the API server a UUID.
fn is_static(uid: &str) -> bool {
    !uid.contains('-')
}

/// The values of a flag, also when it stands more than once; the last one comes first.
pub(super) fn values<'a>(arguments: &'a [String], name: &str) -> Vec<&'a str> {
    let mut found: Vec<&str> =
        flags(arguments).into_iter().filter(|(flag, _)| *flag == name).map(|(_, value)| value).collect();
    found.reverse();
    found
}

/// Flags with a value, in their order.
pub(super) fn flags(arguments: &[String]) -> Vec<(&str, &str)> {
    let mut flags = Vec::new();
    let mut words = arguments.iter().skip(1).map(String::as_str).peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            break;
        }
        let Some(flag) = word.strip_prefix('-') else { continue };
        let flag = flag.strip_prefix('-').unwrap_or(flag);
        if let Some((name, value)) = flag.split_once('=') {
            flags.push((name, value));
        } else if let Some(value) = words.next_if(|next| !next.starts_with('-')) {
            flags.push((flag, value));
        }
    }
    flags
}

/// The networks of processes other than that of the node, each with the first process in it.
pub(super) fn other_networks(running: &[Running], node: Option<&str>) -> Vec<u32> {
    let mut seen: HashSet<&str> = node.into_iter().collect();
    let other = running.iter().filter(|running| {
        node.is_some() && running.network.as_deref().is_some_and(|network| seen.insert(network))
    });
    other.map(|running| running.process.pid).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_arguments_and_variables_are_not_kept() {
        let line = b"k3s\0server\0--token=abc\0--agent-token\0def\0--token-auth-file=/a\0--datastore-endpoint=postgres://u:p@h/db\0";
        let kept = without_secrets(&words(line));
        assert_eq!(
            kept,
            [
                "k3s",
                "server",
                "--token=(hidden)",
                "--agent-token",
                "(hidden)",
                "--token-auth-file=/a",
                "--datastore-endpoint=postgres://(hidden)@h/db"
            ]
        );
        let variables =
            environment(b"ETCD_DATA_DIR=/d\0K3S_TOKEN=abc\0HOME=/root\0https_proxy=http://u:p@x:1\0");
        let variables: Vec<_> = variables.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(variables, ["ETCD_DATA_DIR=/d", "K3S_TOKEN=(hidden)", "https_proxy=http://(hidden)@x:1"]);
    }

    #[test]
    fn units_and_pods_stand_in_control_groups() {
        assert_eq!(unit("0::/system.slice/kubelet.service").as_deref(), Some("kubelet.service"));
        assert_eq!(unit("0::/../../system.slice/k3s.service/x").as_deref(), Some("k3s.service"));
        assert_eq!(unit("0::/user.slice"), None);
        let systemd = "0::/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\
            7d2c4b1e_0f6a_4f0e_9a53_2f1c5f0f8f11.slice/cri-containerd-ab.scope";
        assert_eq!(pod(systemd).as_deref(), Some("7d2c4b1e-0f6a-4f0e-9a53-2f1c5f0f8f11"));
        let of_manifest =
            pod("0::/kubepods/burstable/pod9f86d081884c7d659a2feaa0c55ad015/ab").expect("a pod");
        assert!(is_static(&of_manifest));
        assert_eq!(pod("0::/system.slice/podman.service"), None);
    }

    #[test]
    fn flags_are_taken_apart() {
        let words = words(b"etcd\0--data-dir\0/a\0-name=x\0--auto-tls\0--data-dir=/b\0--\0--data-dir=/c\0");
        assert_eq!(values(&words, "data-dir"), ["/b", "/a"]);
        assert_eq!(values(&words, "auto-tls"), Vec::<&str>::new());
    }
}
