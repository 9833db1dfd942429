//! Configuration files of nodes, runtimes and clients: known by their names and keys, since many of them are no
//! Kubernetes objects. Those get a kind of their own, so that findings can name them.

use seaworthy_document::{Document, Format, Value};

use crate::object::Object;

/// `config.yaml` of k3s and RKE2, and its drop-ins.
pub const K3S: &str = "K3sConfiguration";
/// `registries.yaml` of k3s and RKE2.
pub const K3S_REGISTRIES: &str = "K3sRegistries";
/// `config.toml` of containerd.
pub const CONTAINERD: &str = "ContainerdConfiguration";
/// `hosts.toml` of a registry, read by containerd.
pub const REGISTRY_HOSTS: &str = "RegistryHosts";
/// `registries.conf` of CRI-O and Podman.
pub const CONTAINERS_REGISTRIES: &str = "ContainersRegistries";
/// `crio.conf` and its drop-ins.
pub const CRIO: &str = "CrioConfiguration";
/// The file that `--config-file` of etcd names.
pub const ETCD: &str = "EtcdConfiguration";
/// `daemon.json` of Docker.
pub const DOCKER: &str = "DockerDaemonConfiguration";

/// Files without a telling ending, by their names: kubeconfigs.
const KUBECONFIGS: &[&str] = &[
    "admin.conf",
    "bootstrap-kubelet.conf",
    "controller-manager.conf",
    "kubeconfig",
    "kubelet.conf",
    "scheduler.conf",
    "super-admin.conf",
];

/// Keys that only the configuration of k3s and RKE2 has (`docs.k3s.io/cli/server`).
const K3S_KEYS: &[&str] = &[
    "cluster-init",
    "etcd-arg",
    "etcd-snapshot-retention",
    "etcd-snapshot-schedule-cron",
    "kube-apiserver-arg",
    "kube-cloud-controller-manager-arg",
    "kube-controller-manager-arg",
    "kube-proxy-arg",
    "kube-scheduler-arg",
    "kubelet-arg",
    "protect-kernel-defaults",
    "secrets-encryption",
    "write-kubeconfig-mode",
];

/// Keys that only the configuration of etcd has (`embed.Config`).
const ETCD_KEYS: &[&str] = &[
    "client-transport-security",
    "initial-advertise-peer-urls",
    "listen-client-urls",
    "peer-transport-security",
];

/// The folders of a path, from the innermost, and its last part.
fn parts(path: &str) -> (&str, impl Iterator<Item = &str>) {
    let mut parts = path.rsplit('/');
    (parts.next().unwrap_or_default(), parts)
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, last)| last.eq_ignore_ascii_case(ending))
}

/// Whether a file is one that controls know, by its name, although it does not end like a manifest.
pub fn is_configuration_name(path: &str) -> bool {
    let (name, mut folders) = parts(path);
    let folder = folders.next().unwrap_or_default();
    KUBECONFIGS.contains(&name)
        || has_ending(name, "kubeconfig")
        || (name == "config" && folder == ".kube")
        // Drop-ins of the kubelet: of all folders of drop-ins only those that speak of it.
        || (has_ending(name, "conf")
            && folder.ends_with(".d")
            && (path.contains("kubelet") || path.contains("rancher")))
        || is_runtime_toml(path)
}

/// Whether a file of TOML may be one of a container runtime: the names are common ones.
fn is_runtime_toml(path: &str) -> bool {
    let (name, mut folders) = parts(path);
    let folder = folders.next().unwrap_or_default();
    matches!(name, "config.toml" | "hosts.toml")
        || (is_toml(path) && (has_ending(name, "conf") || folder == "conf.d" || path.contains("containerd")))
}

/// Whether a file is to be read as TOML.
pub fn is_toml(path: &str) -> bool {
    let (name, mut folders) = parts(path);
    let folder = folders.next().unwrap_or_default();
    has_ending(name, "toml")
        || matches!(name, "crio.conf" | "registries.conf")
        || (has_ending(name, "conf") && matches!(folder, "crio.conf.d" | "registries.conf.d"))
}

/// Whether a text that holds no Kubernetes object may be a configuration that controls know: a cheap test before
/// reading.
pub fn may_be_configuration(path: &str, text: &str) -> bool {
    let (name, _) = parts(path);
    if is_toml(path) {
        return has_ending(name, "conf")
            || path.contains("certs.d/")
            || name == "hosts.toml"
            || text.contains("containerd");
    }
    name == "daemon.json"
        || path.contains("rancher/")
        || (name == "registries.yaml" && text.contains("mirrors"))
        || ETCD_KEYS.iter().any(|key| text.contains(key))
        || K3S_KEYS.iter().any(|key| text.contains(key))
}

/// The kind that is given to a document that is no Kubernetes object, or `None` when it is nothing known.
pub fn configuration_kind(path: &str, document: &Document<'_>) -> Option<&'static str> {
    let root = document.root();
    if !root.is_mapping() || root.get("apiVersion").is_some() && root.get("kind").is_some() {
        return None;
    }
    let (name, mut folders) = parts(path);
    let has = |key| root.get(key).is_some();
    if document.format() == Format::Toml {
        let is_plugin =
            |key: &str| key.starts_with("io.containerd.") || matches!(key, "cri" | "opt" | "linux");
        let plugins = root.get("plugins");
        return if plugins.is_some_and(|plugins| plugins.entries().any(|(key, _)| is_plugin(key.text()))) {
            Some(CONTAINERD)
        } else if has("crio") {
            Some(CRIO)
        } else if name == "hosts.toml" && (has("host") || has("server")) {
            Some(REGISTRY_HOSTS)
        } else if has("unqualified-search-registries")
            || root.get("registry").is_some_and(|r| r.is_sequence())
        {
            Some(CONTAINERS_REGISTRIES)
        } else if path.contains("containerd") && (has("grpc") || has("version") || has("proxy_plugins")) {
            Some(CONTAINERD)
        } else {
            None
        };
    }
    if name == "daemon.json" {
        return Some(DOCKER);
    }
    if ETCD_KEYS.iter().any(|key| has(key)) {
        return Some(ETCD);
    }
    let below_rancher = || path.contains("rancher/k3s/") || path.contains("rancher/rke2/");
    if matches!(name, "registries.yaml" | "registries.yml") && (has("mirrors") || has("configs")) {
        return Some(K3S_REGISTRIES);
    }
    let is_k3s_key = |key: &str| K3S_KEYS.contains(&key.strip_suffix('+').unwrap_or(key));
    let by_place = below_rancher() && (name == "config.yaml" || folders.next() == Some("config.yaml.d"));
    (by_place || root.entries().any(|(key, _)| is_k3s_key(key.text()))).then_some(K3S)
}

/// What a configuration file that is no object is called: the registry whose folder it lies in, else the file.
pub(crate) fn name_of<'a>(kind: &str, path: &'a str) -> &'a str {
    let (name, mut folders) = parts(path);
    match folders.next() {
        Some(folder) if kind == REGISTRY_HOSTS && !folder.is_empty() => {
            &path[path.len() - name.len() - 1 - folder.len()..path.len() - name.len() - 1]
        }
        _ => &path[path.len() - name.len()..],
    }
}

/// The values in a configuration file that are credentials: what a report must never quote.
pub fn credentials_of<'a>(object: &Object<'a>) -> Vec<Value<'a>> {
    let root = object.value;
    let mut found = Vec::new();
    let mut take = |value: Option<Value<'a>>| {
        let values = value.into_iter().flat_map(|value| value.descendants());
        found.extend(values.filter(|value| !value.is_mapping() && !value.is_sequence() && !value.is_null()));
    };
    match (object.group(), object.kind) {
        ("", "Config") => {
            for user in root.get("users").iter().flat_map(Value::items) {
                let Some(user) = user.get("user") else { continue };
                for key in ["token", "password", "client-key-data", "client-certificate-data"] {
                    take(user.get(key));
                }
                take(user.at(&["auth-provider", "config"]));
                for variable in user.at(&["exec", "env"]).iter().flat_map(Value::items) {
                    take(variable.get("value"));
                }
            }
        }
        ("", K3S) => {
            for key in [
                "token",
                "agent-token",
                "datastore-endpoint",
                "etcd-s3-access-key",
                "etcd-s3-secret-key",
                "etcd-s3-session-token",
                "vpn-auth",
            ] {
                take(root.get(key));
            }
        }
        ("", K3S_REGISTRIES) => {
            for (_, registry) in root.get("configs").iter().flat_map(Value::entries) {
                take(registry.get("auth"));
            }
        }
        ("", CONTAINERD | REGISTRY_HOSTS | CONTAINERS_REGISTRIES | CRIO) => {
            for value in root.descendants() {
                let key = value.key().map_or("", |key| key.text());
                if matches!(key, "auth" | "password" | "identitytoken" | "header") {
                    take(Some(value));
                }
            }
        }
        ("", DOCKER) => {}
        ("apiserver.config.k8s.io", "EncryptionConfiguration") => {
            // Keys of AES and of secretbox alike: whatever holds one is called `secret`.
            for value in root.descendants() {
                if value.key().is_some_and(|key| key.text() == "secret") {
                    take(Some(value));
                }
            }
            return found;
        }
        ("kubelet.config.k8s.io", "KubeletConfiguration") => {
            take(root.get("staticPodURLHeader"));
            return found;
        }
        _ => return found,
    }
    for value in root.descendants() {
        let key = value.key().filter(|key| has_password(key.text()));
        found.extend(key.into_iter().chain(has_password(value.text()).then_some(value)));
    }
    found
}

/// Whether a text is an address with a name and a password before the host.
fn has_password(text: &str) -> bool {
    let Some((_, rest)) = text.split_once("://") else { return false };
    let host = rest.split('/').next().unwrap_or_default();
    host.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'))
}
