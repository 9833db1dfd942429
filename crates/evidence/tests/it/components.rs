//! Programs of the control plane and of nodes, and what files say of their settings.

use seaworthy_evidence::{Evidence, Program, Setting, Setup};

use crate::files;

/// A setting as a word: what is stated, `installed …`, `default` or `unknown`.
fn word(setting: Setting<'_>) -> String {
    match setting {
        Setting::Stated(stated) => stated.items().join(","),
        Setting::Installed(value) => format!("installed {value}"),
        Setting::Default => "default".to_owned(),
        Setting::Unknown => "unknown".to_owned(),
    }
}

fn flag(text: &str, program: Program, name: &str) -> String {
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    let mut components = evidence.components().iter().filter(|component| component.program == program);
    match (components.next(), components.next()) {
        (Some(component), None) => word(component.flag(name)),
        (None, _) => "no component".to_owned(),
        _ => "several components".to_owned(),
    }
}

fn pod(container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: x, namespace: kube-system}}\nspec:\n  containers:\n  - {container}\n"
    )
}

#[test]
fn a_program_is_known_by_its_command_or_by_its_image() {
    let anonymous = |container: &str| flag(&pod(container), Program::ApiServer, "anonymous-auth");
    assert_eq!(anonymous("{name: a, command: [kube-apiserver, --anonymous-auth=false]}"), "false");
    assert_eq!(
        anonymous("{name: a, command: [/usr/bin/kube-apiserver], args: [--anonymous-auth=false]}"),
        "false"
    );
    assert_eq!(
        anonymous("{name: a, image: registry.k8s.io/kube-apiserver:v1.36.3, args: [--anonymous-auth=false]}"),
        "false"
    );
    assert_eq!(
        anonymous(
            "{name: a, command: [/bin/sh, -ec, 'sleep 1; exec kube-apiserver --anonymous-auth=false']}"
        ),
        "false"
    );
    assert_eq!(anonymous("{name: a, command: [hyperkube, apiserver, --anonymous-auth=false]}"), "false");
    assert_eq!(anonymous("{name: a, command: [echo, kube-apiserver]}"), "no component");
    assert_eq!(anonymous("{name: a, command: [sh, -c, 'echo kube-apiserver --x']}"), "no component");
    assert_eq!(anonymous("{name: a, image: example.com/my-kube-apiserver, args: [--x]}"), "no component");
    assert_eq!(anonymous("{name: a}"), "no component");
    assert_eq!(anonymous("{name: a, image: x, args: [--server=a/kube-apiserver, --x]}"), "no component");
}

#[test]
fn flags_are_read_as_the_programs_read_them() {
    let of = |args: &str, name: &str| {
        flag(&pod(&format!("{{name: a, command: [kube-apiserver], args: {args}}}")), Program::ApiServer, name)
    };
    assert_eq!(of("[--secure-port, '6443']", "secure-port"), "6443");
    assert_eq!(of("[--profiling, 'false']", "profiling"), "true");
    assert_eq!(of("[--profiling]", "profiling"), "true");
    assert_eq!(of("[--a=1, --a=2]", "a"), "2");
    assert_eq!(of("[--audit_log_path=/x]", "audit-log-path"), "/x");
    assert_eq!(of("[--audit-log-path-x=/x]", "audit-log-path"), "default");
    assert_eq!(of("[--, --a=1]", "a"), "default");
    assert_eq!(of("['--a=\"x\"']", "a"), "x");
    // Wrong types are no words.
    assert_eq!(of("[1, {a: b}, --a=1]", "a"), "1");
}

#[test]
fn lists_add_up() {
    let files = files(&[(
        "a.yaml",
        &pod(
            "{name: a, command: [kube-apiserver, --enable-admission-plugins=A, '--enable-admission-plugins=B,C']}",
        ),
    )]);
    let evidence = Evidence::new(&files);
    let items: Vec<_> =
        evidence.components()[0].flag_items("enable-admission-plugins").map(|(item, _)| item).collect();
    assert_eq!(items, ["A", "B", "C"]);
}

#[test]
fn only_the_store_of_the_cluster_counts_and_its_environment_yields_to_its_flags() {
    let etcd = |labels: &str, container: &str| {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata:\n  name: etcd-0\n  namespace: kube-system\n  labels: {labels}\nspec:\n  containers: [{container}]\n"
        );
        flag(&text, Program::Etcd, "cert-file")
    };
    let control_plane = "{component: etcd, tier: control-plane}";
    assert_eq!(etcd(control_plane, "{name: a, command: [etcd, --cert-file=/a]}"), "/a");
    assert_eq!(etcd("{app: store}", "{name: a, command: [etcd, --cert-file=/a]}"), "no component");
    let environment = "env: [{name: ETCD_CERT_FILE, value: /b}]";
    assert_eq!(etcd(control_plane, &format!("{{name: a, command: [etcd], {environment}}}")), "/b");
    assert_eq!(
        etcd(control_plane, &format!("{{name: a, command: [etcd, --cert-file=/a], {environment}}}")),
        "/a"
    );
}

#[test]
fn kubeadm_adds_flags_to_its_own() {
    let text = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\napiServer:\n  extraArgs:\n  - {name: anonymous-auth, value: 'false'}\n";
    assert_eq!(flag(text, Program::ApiServer, "anonymous-auth"), "false");
    assert_eq!(flag(text, Program::ApiServer, "authorization-mode"), "installed Node,RBAC");
    assert_eq!(flag(text, Program::ApiServer, "audit-log-path"), "default");
    assert_eq!(flag(text, Program::Etcd, "client-cert-auth"), "installed true");
    let older = "apiVersion: kubeadm.k8s.io/v1beta3\nkind: ClusterConfiguration\nscheduler:\n  extraArgs: {bind-address: 0.0.0.0}\n";
    assert_eq!(flag(older, Program::Scheduler, "bind-address"), "0.0.0.0");
    let external = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\netcd: {external: {endpoints: [https://x:2379]}}\n";
    assert_eq!(flag(external, Program::Etcd, "client-cert-auth"), "no component");
    assert_eq!(flag(external, Program::ApiServer, "etcd-servers"), "https://x:2379");
    assert_eq!(flag(external, Program::ApiServer, "etcd-cafile"), "");
}

#[test]
fn drop_ins_take_precedence_over_the_file_that_they_add_to() {
    let kubelet = |rest: &str| {
        format!("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n{rest}\n")
    };
    let base = kubelet("authentication: {anonymous: {enabled: false}}\nreadOnlyPort: 10255");
    let first = kubelet("authentication: {anonymous: {enabled: true}}");
    let second = kubelet("podPidsLimit: 100");
    let files = files(&[
        ("etc/kubelet.conf.d/10-anonymous.conf", first.as_str()),
        ("etc/kubelet.conf.d/20-pids.conf", second.as_str()),
        ("etc/kubelet.yaml", base.as_str()),
        ("other/kubelet.yaml", base.as_str()),
    ]);
    let evidence = Evidence::new(&files);
    let [merged, other] = evidence.components() else { panic!("{:?}", evidence.components()) };
    assert_eq!(merged.configuration().len(), 3);
    let anonymous = ["authentication", "anonymous", "enabled"];
    assert_eq!(word(merged.setting("anonymous-auth", &anonymous)), "true");
    assert_eq!(word(merged.setting("pod-max-pids", &["podPidsLimit"])), "100");
    assert_eq!(word(merged.setting("read-only-port", &["readOnlyPort"])), "10255");
    assert_eq!(word(other.setting("anonymous-auth", &anonymous)), "false");
    assert_eq!(word(other.setting("pod-max-pids", &["podPidsLimit"])), "default");
}

#[test]
fn the_flags_of_a_kubelet_take_precedence_over_its_file() {
    let text = "apiVersion: kubeadm.k8s.io/v1beta4\nkind: InitConfiguration\nnodeRegistration:\n  kubeletExtraArgs: [{name: anonymous-auth, value: 'true'}]\n---\napiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\nauthentication: {anonymous: {enabled: false}}\n";
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    let [kubelet] = evidence.components() else { panic!("{:?}", evidence.components()) };
    assert_eq!(kubelet.setup, Setup::Kubeadm);
    assert_eq!(word(kubelet.setting("anonymous-auth", &["authentication", "anonymous", "enabled"])), "true");
    assert!(kubelet.has_configuration());
}

#[test]
fn arguments_that_are_filled_in_leave_open_what_is_not_stated() {
    let of = |container: &str, name: &str| flag(&pod(container), Program::ApiServer, name);
    for open in [
        "{name: a, command: [kube-apiserver, $(EXTRA_ARGS), --a=1]}",
        "{name: a, command: [kube-apiserver, --a=1, '{{ .Values.extra }}']}",
        "{name: a, command: [sh, -c, 'exec kube-apiserver --a=1 $EXTRA']}",
        "{name: a, command: [sh, -c, 'exec kube-apiserver --a=1 \"$@\"']}",
        "{name: a, command: [kube-apiserver, --a=1, --openshift-config=/etc/config.yaml]}",
    ] {
        assert_eq!(of(open, "a"), "1", "{open}");
        assert_eq!(of(open, "b"), "unknown", "{open}");
    }
    // A value that is filled in is no more than that; a dollar alone is none.
    assert_eq!(of("{name: a, command: [kube-apiserver, --a=$(A), --c=x$]}", "b"), "default");
}

#[test]
fn cluster_api_hands_its_configuration_to_kubeadm() {
    let text = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: a}\nspec:\n  version: v1.33.1\n  kubeadmConfigSpec:\n    clusterConfiguration:\n      apiServer:\n        extraArgs: {profiling: 'false'}\n";
    assert_eq!(flag(text, Program::ApiServer, "profiling"), "false");
    assert_eq!(flag(text, Program::ApiServer, "authorization-mode"), "installed Node,RBAC");
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    let versions: Vec<_> = evidence
        .components()
        .iter()
        .map(|component| component.minor_version().map(|(minor, _)| minor))
        .collect();
    assert_eq!(versions, [Some(33), Some(33), None, Some(33)]);
    let template = text.replace("kind: KubeadmControlPlane", "kind: KubeadmControlPlaneTemplate");
    let template = template.replace("spec:\n  version: v1.33.1\n  kubeadm", "spec: {template: {spec: {kubeadmConfigSpec: {clusterConfiguration: {apiServer: {extraArgs: {profiling: 'false'}}}}}}}\nx:\n  kubeadm");
    assert_eq!(flag(&template, Program::ApiServer, "profiling"), "false");
    let none = "apiVersion: controlplane.cluster.x-k8s.io/v1beta1\nkind: KubeadmControlPlane\nmetadata: {name: a}\nspec: {}\n";
    assert_eq!(flag(none, Program::ApiServer, "profiling"), "no component");
}
