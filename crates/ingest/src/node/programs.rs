//! Programs that are looked for among the processes, and what their settings name.

/// Names by which processes are known, and the program that each is.
const PROGRAMS: &[(&str, &str)] = &[
    ("cloud-controller-manager", "cloud-controller-manager"),
    ("containerd", "containerd"),
    ("cri-dockerd", "cri-dockerd"),
    ("crio", "crio"),
    ("dockerd", "dockerd"),
    ("etcd", "etcd"),
    ("k3s", "k3s"),
    ("k3s-agent", "k3s"),
    ("k3s-server", "k3s"),
    ("kube-apiserver", "kube-apiserver"),
    ("kube-controller-manager", "kube-controller-manager"),
    ("kube-proxy", "kube-proxy"),
    ("kube-scheduler", "kube-scheduler"),
    ("kubelet", "kubelet"),
    ("rke2", "rke2"),
];

/// Programs inside others: `hyperkube kubelet`.
const HYPERKUBE: &[(&str, &str)] = &[
    ("apiserver", "kube-apiserver"),
    ("controller-manager", "kube-controller-manager"),
    ("proxy", "kube-proxy"),
    ("scheduler", "kube-scheduler"),
];

/// The program of a process: by the name under which it was started, else by its executable.
pub(super) fn program(arguments: &[String], executable: Option<&str>) -> Option<&'static str> {
    let first = arguments.first().map(|first| last_part(first)).unwrap_or_default();
    // Some rewrite their title into one text: `/usr/local/bin/k3s server`.
    let first = first.split(' ').next().unwrap_or_default();
    if first == "hyperkube" {
        let name = arguments.get(1)?.as_str();
        let inner = HYPERKUBE.iter().find(|(inner, _)| *inner == name).map(|(_, program)| *program);
        return inner.or_else(|| named(name));
    }
    let executable = executable.map(|path| last_part(path.trim_end_matches(" (deleted)")));
    named(first).or_else(|| named(executable?))
}

fn named(name: &str) -> Option<&'static str> {
    PROGRAMS.iter().find(|(known, _)| *known == name).map(|(_, program)| *program)
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// What a file or folder that a setting names is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Role {
    pub(super) name: &'static str,
    pub(super) content: Content,
}

/// How much of a file is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// Mode and owner.
    Nothing,
    /// Its text becomes evidence.
    Text,
    /// The certificates in it.
    Certificates,
    /// Whether it is a public key, which is no secret.
    Key,
    /// A folder whose drop-ins become evidence.
    DropIns,
    /// A folder that is looked at with all that it holds.
    Folder,
}

const fn role(name: &'static str, content: Content) -> Role {
    Role { name, content }
}

pub(super) const ADMIN_KUBECONFIG: Role = role("admin-kubeconfig", Content::Text);
pub(super) const CERTIFICATE: Role = role("pki-certificate", Content::Certificates);
pub(super) const CLIENT_CA: Role = role("client-ca", Content::Certificates);
pub(super) const CNI: Role = role("cni", Content::Nothing);
pub(super) const CNI_FOLDER: Role = role("cni-folder", Content::Nothing);
pub(super) const CONFIGURATION: Role = role("component-configuration", Content::Text);
pub(super) const DISTRIBUTION: Role = role("distribution-configuration", Content::Text);
pub(super) const DROP_INS: Role = role("configuration-folder", Content::DropIns);
pub(super) const ENVIRONMENT_FILE: Role = role("environment-file", Content::Nothing);
pub(super) const ETCD_DATA: Role = role("etcd-data", Content::Nothing);
pub(super) const KEY: Role = role("pki-key", Content::Nothing);
pub(super) const KUBECONFIG: Role = role("kubeconfig", Content::Text);
pub(super) const KUBELET: Role = role("kubelet-configuration", Content::Text);
pub(super) const KUBE_PROXY: Role = role("kube-proxy-configuration", Content::Text);
pub(super) const MANIFESTS: Role = role("static-pod-folder", Content::Folder);
pub(super) const OTHER: Role = role("pki-file", Content::Nothing);
/// A certificate with its key.
pub(super) const PEM: Role = role("pki-key", Content::Certificates);
pub(super) const PKI: Role = role("pki-folder", Content::Folder);
pub(super) const RUNTIME: Role = role("runtime-configuration", Content::Text);

pub(super) const SOCKET: Role = role("runtime-socket", Content::Nothing);
pub(super) const STATIC_POD: Role = role("static-pod-manifest", Content::Text);
pub(super) const TOKEN: Role = role("token-file", Content::Nothing);
pub(super) const VERIFYING_KEY: Role = role("pki-key", Content::Key);
pub(super) const UNIT: Role = role("kubelet-unit", Content::Nothing);
pub(super) const UNIT_OF_OTHER: Role = role("service-unit", Content::Nothing);

/// Flags that name files, apart from those that are known by how they end.
const FLAGS: &[(&str, &str, Role)] = &[
    ("containerd", "address", SOCKET),
    ("containerd", "config", RUNTIME),
    ("crio", "config", RUNTIME),
    ("crio", "listen", SOCKET),
    ("dockerd", "config-file", RUNTIME),
    ("etcd", "config-file", CONFIGURATION),
    ("etcd", "data-dir", ETCD_DATA),
    ("etcd", "wal-dir", ETCD_DATA),
    ("k3s", "config", DISTRIBUTION),
    ("k3s", "data-dir", role("distribution-data", Content::Nothing)),
    ("kube-apiserver", "admission-control-config-file", CONFIGURATION),
    ("kube-apiserver", "audit-log-path", role("audit-log", Content::Nothing)),
    ("kube-apiserver", "audit-policy-file", CONFIGURATION),
    ("kube-apiserver", "audit-webhook-config-file", KUBECONFIG),
    ("kube-apiserver", "authentication-config", CONFIGURATION),
    ("kube-apiserver", "authentication-token-webhook-config-file", KUBECONFIG),
    ("kube-apiserver", "authorization-config", CONFIGURATION),
    ("kube-apiserver", "authorization-webhook-config-file", KUBECONFIG),
    ("kube-apiserver", "egress-selector-config-file", CONFIGURATION),
    ("kube-apiserver", "encryption-provider-config", CONFIGURATION),
    ("kube-apiserver", "service-account-key-file", VERIFYING_KEY),
    ("kube-apiserver", "token-auth-file", TOKEN),
    ("kube-apiserver", "tracing-config-file", CONFIGURATION),
    ("kube-proxy", "config", KUBE_PROXY),
    ("kube-scheduler", "config", CONFIGURATION),
    ("kubelet", "cert-dir", PKI),
    ("kubelet", "client-ca-file", CLIENT_CA),
    ("kubelet", "config", KUBELET),
    ("kubelet", "config-dir", DROP_INS),
    ("kubelet", "container-runtime-endpoint", SOCKET),
    ("kubelet", "image-credential-provider-config", CONFIGURATION),
    ("kubelet", "pod-manifest-path", MANIFESTS),
    ("kubelet", "root-dir", role("kubelet-data", Content::Nothing)),
    ("rke2", "config", DISTRIBUTION),
    ("rke2", "data-dir", role("distribution-data", Content::Nothing)),
];

/// How flags end that name files of a role, whatever program they are of.
const ENDINGS: &[(&str, Role)] = &[
    ("kubeconfig", KUBECONFIG),
    ("ca-file", CERTIFICATE),
    ("cafile", CERTIFICATE),
    ("certificate-authority", CERTIFICATE),
    ("cluster-signing-cert-file", CERTIFICATE),
    ("cert-file", CERTIFICATE),
    ("certfile", CERTIFICATE),
    ("client-certificate", CERTIFICATE),
    ("key-file", KEY),
    ("keyfile", KEY),
    ("client-key", KEY),
];

/// What the value of a flag names; `None` when it names no file.
pub(super) fn role_of_flag(program: &str, flag: &str) -> Option<Role> {
    let stated = FLAGS.iter().find(|(of, name, _)| *of == program && *name == flag).map(|(_, _, role)| *role);
    stated.or_else(|| ENDINGS.iter().find(|(ending, _)| flag.ends_with(ending)).map(|(_, role)| *role))
}

/// Fields of configuration files that name files, by the program whose configuration it is.
pub(super) const FIELDS: &[(&str, &[&str], Role)] = &[
    ("kubelet", &["authentication", "x509", "clientCAFile"], CLIENT_CA),
    ("kubelet", &["containerRuntimeEndpoint"], SOCKET),
    ("kubelet", &["staticPodPath"], MANIFESTS),
    ("kubelet", &["tlsCertFile"], CERTIFICATE),
    ("kubelet", &["tlsPrivateKeyFile"], KEY),
    ("kube-proxy", &["clientConnection", "kubeconfig"], KUBECONFIG),
    ("kube-scheduler", &["clientConnection", "kubeconfig"], KUBECONFIG),
    ("etcd", &["client-transport-security", "cert-file"], CERTIFICATE),
    ("etcd", &["client-transport-security", "key-file"], KEY),
    ("etcd", &["client-transport-security", "trusted-ca-file"], CERTIFICATE),
    ("etcd", &["data-dir"], ETCD_DATA),
    ("etcd", &["peer-transport-security", "cert-file"], CERTIFICATE),
    ("etcd", &["peer-transport-security", "key-file"], KEY),
    ("etcd", &["peer-transport-security", "trusted-ca-file"], CERTIFICATE),
    ("etcd", &["wal-dir"], ETCD_DATA),
];

/// What programs read when their command line names nothing.
pub(super) const DEFAULTS: &[(&str, &str, &str, Role)] = &[
    ("containerd", "config", "/etc/containerd/config.toml", RUNTIME),
    ("crio", "config", "/etc/crio/crio.conf", RUNTIME),
    ("crio", "config-dir", "/etc/crio/crio.conf.d", DROP_INS),
    ("dockerd", "config-file", "/etc/docker/daemon.json", RUNTIME),
    ("k3s", "config", "/etc/rancher/k3s/config.yaml", DISTRIBUTION),
    ("k3s", "config-dir", "/etc/rancher/k3s/config.yaml.d", DROP_INS),
    ("kubelet", "cert-dir", "/var/lib/kubelet/pki", PKI),
    ("rke2", "config", "/etc/rancher/rke2/config.yaml", DISTRIBUTION),
    ("rke2", "config-dir", "/etc/rancher/rke2/config.yaml.d", DROP_INS),
];

/// How the names of drop-ins of a program end.
pub(super) fn drop_in_endings(program: &str) -> &'static [&'static str] {
    match program {
        "k3s" | "rke2" => &[".yaml", ".yml"],
        // Every file counts, also `config.conf.bak`.
        "crio" => &[""],
        _ => &[".conf"],
    }
}

/// The role of the files in a folder of drop-ins.
pub(super) fn drop_in_role(program: &str) -> Role {
    match program {
        "kubelet" => KUBELET,
        "k3s" | "rke2" => DISTRIBUTION,
        _ => RUNTIME,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn processes_are_known_by_the_name_they_were_started_by_or_their_executable() {
        assert_eq!(program(&words("/usr/bin/kubelet --config=a"), None), Some("kubelet"));
        assert_eq!(program(&words("etcd"), Some("/tmp/hyper")), Some("etcd"));
        assert_eq!(program(&words("hyperkube apiserver"), None), Some("kube-apiserver"));
        assert_eq!(program(&["/usr/local/bin/k3s server".to_owned()], None), Some("k3s"));
        assert_eq!(program(&words("x"), Some("/usr/bin/crio (deleted)")), Some("crio"));
        assert_eq!(
            program(&words("/usr/bin/containerd-shim-runc-v2"), Some("/containerd-shim-runc-v2")),
            None
        );
        assert_eq!(program(&words("grep kubelet"), Some("/bin/grep")), None);
        assert_eq!(program(&[], None), None);
    }

    #[test]
    fn flags_name_files_by_program_or_by_how_they_end() {
        let name = |program, flag| role_of_flag(program, flag).map(|role| role.name);
        assert_eq!(name("kubelet", "config"), Some("kubelet-configuration"));
        assert_eq!(name("kube-proxy", "config"), Some("kube-proxy-configuration"));
        assert_eq!(name("kube-apiserver", "requestheader-client-ca-file"), Some("pki-certificate"));
        assert_eq!(name("kubelet", "client-ca-file"), Some("client-ca"));
        assert_eq!(name("kube-apiserver", "etcd-cafile"), Some("pki-certificate"));
        assert_eq!(name("kube-apiserver", "service-account-signing-key-file"), Some("pki-key"));
        assert_eq!(name("etcd", "peer-trusted-ca-file"), Some("pki-certificate"));
        assert_eq!(name("kubelet", "bootstrap-kubeconfig"), Some("kubeconfig"));
        assert_eq!(name("kubelet", "node-ip"), None);
    }
}
