//! Configuration files that are no objects, and those inside ConfigMaps.

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, Program, Setting, SourceFile, configuration, embedded_files};

use crate::files;

fn kinds(name: &str, text: &str) -> Vec<String> {
    let stream = if configuration::is_toml(name) { Stream::read_toml(text) } else { Stream::read(text) };
    let files = [SourceFile::new(name, stream)];
    Evidence::new(&files).objects().iter().map(ToString::to_string).collect()
}

#[test]
fn configuration_files_get_a_kind_by_name_and_keys() {
    assert_eq!(
        kinds("etc/containerd/config.toml", "version = 2\n[grpc]\n"),
        ["ContainerdConfiguration config.toml"]
    );
    assert_eq!(
        kinds("a/config.toml", "[plugins.\"io.containerd.grpc.v1.cri\"]\nx = 1\n"),
        ["ContainerdConfiguration config.toml"]
    );
    assert_eq!(
        kinds("certs.d/registry.example.com/hosts.toml", "server = 'https://x'\n"),
        ["RegistryHosts registry.example.com"]
    );
    assert_eq!(kinds("a/config.toml", "[build]\njobs = 1\n"), [""; 0]);
    assert_eq!(kinds("etc/crio/crio.conf.d/10.conf", "[crio.api]\n"), ["CrioConfiguration 10.conf"]);
    assert_eq!(
        kinds("registries.conf", "[[registry]]\nlocation = 'x'\n"),
        ["ContainersRegistries registries.conf"]
    );
    assert_eq!(kinds("etc/rancher/k3s/config.yaml", "node-name: a\n"), ["K3sConfiguration config.yaml"]);
    assert_eq!(kinds("a.yaml", "kubelet-arg+: [x=y]\n"), ["K3sConfiguration a.yaml"]);
    assert_eq!(kinds("a.yaml", "apiVersion: v1\nkind: X\nkubelet-arg: [x=y]\n"), ["X (unnamed)"]);
    assert_eq!(kinds("a.yaml", "disable: [traefik]\n"), [""; 0]);
    assert_eq!(kinds("registries.yaml", "mirrors: {}\n"), ["K3sRegistries registries.yaml"]);
    assert_eq!(kinds("daemon.json", "{\"hosts\": []}"), ["DockerDaemonConfiguration daemon.json"]);
}

#[test]
fn files_are_taken_by_name() {
    for name in [
        "admin.conf",
        "a/prod.kubeconfig",
        "home/.kube/config",
        "var/lib/rancher/k3s/agent/etc/kubelet.conf.d/00.conf",
        "etc/kubernetes/kubelet.d/1.conf",
        "etc/containerd/config.toml",
        "certs.d/x/hosts.toml",
    ] {
        assert!(configuration::is_configuration_name(name), "{name}");
    }
    for name in ["Cargo.toml", "nginx/conf.d/site.conf", "config", "x.conf", "Makefile"] {
        assert!(!configuration::is_configuration_name(name), "{name}");
    }
}

fn word(setting: Setting<'_>) -> String {
    match setting {
        Setting::Stated(stated) => stated.text().to_owned(),
        Setting::Installed(value) => format!("installed {value}"),
        Setting::Default => "default".to_owned(),
        Setting::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn k3s_adds_its_flags_and_drop_ins_replace_lists() {
    let files = files(&[
        (
            "etc/rancher/k3s/config.yaml",
            "cluster-init: true\nsecrets-encryption: true\nkube-apiserver-arg:\n- anonymous-auth=true\nkubelet-arg: [a=1]\n",
        ),
        (
            "etc/rancher/k3s/config.yaml.d/10.yaml",
            "kube-apiserver-arg: [audit-log-path=/x]\nkubelet-arg+: [b=2]\n",
        ),
    ]);
    let evidence = Evidence::new(&files);
    let flag = |program: Program, name: &str| {
        let mut of = evidence.components().iter().filter(|component| component.program == program);
        let (Some(component), None) = (of.next(), of.next()) else { panic!("{program:?}") };
        word(component.flag(name))
    };
    assert_eq!(flag(Program::ApiServer, "anonymous-auth"), "installed false");
    assert_eq!(flag(Program::ApiServer, "audit-log-path"), "/x");
    assert!(flag(Program::ApiServer, "encryption-provider-config").ends_with("encryption-config.json"));
    assert_eq!(flag(Program::ApiServer, "audit-policy-file"), "unknown");
    assert_eq!(flag(Program::Kubelet, "a"), "1");
    assert_eq!(flag(Program::Kubelet, "b"), "2");
    assert_eq!(flag(Program::Etcd, "client-cert-auth"), "installed true");
    assert_eq!(flag(Program::Scheduler, "bind-address"), "installed 127.0.0.1");
}

#[test]
fn an_agent_of_k3s_starts_no_api_server() {
    let files = files(&[("a.yaml", "kubelet-arg: read-only-port=10255\n")]);
    let evidence = Evidence::new(&files);
    let [kubelet] = evidence.components() else { panic!("{:?}", evidence.components()) };
    assert_eq!(kubelet.program, Program::Kubelet);
    assert_eq!(word(kubelet.flag("read-only-port")), "10255");
}

const CONFIG_MAP: &str = "# a comment\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: kube-proxy, namespace: kube-system}\ndata:\n  config.conf: |-\n    apiVersion: kubeproxy.config.k8s.io/v1alpha1\n    kind: KubeProxyConfiguration\n    metricsBindAddress: 0.0.0.0:10249\n  other: |\n    apiVersion: v1\n    kind: Pod\n";

#[test]
fn a_configuration_inside_a_config_map_keeps_its_lines_and_columns() {
    let file = SourceFile::new("a.yaml", Stream::read(CONFIG_MAP));
    let embedded = embedded_files(&file);
    let [inner] = embedded.as_slice() else { panic!("{embedded:?}") };
    assert_eq!((inner.name.as_str(), inner.embedded), ("a.yaml", true));
    let root = inner.stream.documents().next().unwrap().root();
    let value = root.get("metricsBindAddress").unwrap();
    let position = inner.stream.position(value.entry_span().start);
    let line = file.stream.line(position.line).unwrap();
    assert_eq!((position.line, position.column), (9, 5));
    assert!(line.contains("metricsBindAddress"), "{line}");
    let files = [file, embedded.into_iter().next().unwrap()];
    let evidence = Evidence::new(&files);
    assert_eq!(evidence.components()[0].program, Program::KubeProxy);
}

#[test]
fn a_configuration_written_another_way_is_read_under_a_name_of_its_own() {
    let json = format!(
        "{{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{{\"name\":\"kubelet-config-1.23\",\"namespace\":\"kube-system\"}},\"data\":{{\"kubelet\":{:?}}}}}",
        "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n"
    );
    let file = SourceFile::new("a.json", Stream::read(json));
    let embedded = embedded_files(&file);
    assert_eq!(embedded.len(), 1);
    assert_eq!(embedded[0].name, "a.json (data.kubelet)");
}

#[test]
fn only_known_config_maps_are_looked_into_and_not_without_end() {
    let elsewhere = CONFIG_MAP.replace("kube-system", "shop");
    assert!(embedded_files(&SourceFile::new("a.yaml", Stream::read(elsewhere))).is_empty());
    let many = format!("{CONFIG_MAP}---\n").repeat(1000);
    assert_eq!(embedded_files(&SourceFile::new("a.yaml", Stream::read(many))).len(), 16);
}
