//! What running components tell of themselves, and how it goes together with their processes, pods and files.

use seaworthy_evidence::{Component, Evidence, Found, Program, Setting, Setup, SourceFile};

use crate::files;

const COLLECTION: &str = "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: c}\n\
    server: {version: v1.36.3}\nserved: [Pod, Node, DaemonSet.apps]\nlists:\n\
    - {apiVersion: v1, kind: Pod}\n- {apiVersion: v1, kind: Node}\n- {apiVersion: apps/v1, kind: DaemonSet}\n";

fn reading(program: &str, rest: &str) -> String {
    format!(
        "apiVersion: seaworthy.dev/v1alpha1\nkind: ComponentReading\nmetadata: {{name: x}}\nprogram: {program}\n{rest}\n"
    )
}

fn mirror_pod(node: &str, command: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p-{node}, namespace: kube-system}}\n\
         spec: {{nodeName: {node}, containers: [{{name: c, command: {command}}}]}}\n"
    )
}

/// Program, node, who says it, how many others are outranked.
fn components(files: &[SourceFile]) -> Vec<String> {
    let evidence = Evidence::new(files);
    let told = |component: &Component<'_>| {
        format!(
            "{} {} {:?} {}",
            component.program.name(),
            component.node().unwrap_or("-"),
            component.setup,
            component.outranked().len()
        )
    };
    evidence.components().iter().map(told).collect()
}

fn flag(files: &[SourceFile], name: &str) -> String {
    let evidence = Evidence::new(files);
    let [component] = evidence.components() else { panic!("one component: {:?}", evidence.components()) };
    match component.flag(name) {
        Setting::Stated(stated) => stated.items().join(","),
        Setting::Installed(value) => format!("installed {value}"),
        Setting::Default => "default".to_owned(),
        Setting::Unknown => "unknown".to_owned(),
    }
}

#[test]
fn flags_that_a_server_tells_are_all_its_flags() {
    let text = reading(
        "kube-apiserver",
        "readings: [{from: /flagz, flags: {anonymous-auth: 'true', authorization-mode: '[]', audit-log-path: '', \
         profiling: 'false', enable-admission-plugins: '[NodeRestriction,AlwaysPullImages]', token: CLASSIFIED}}]",
    );
    let files = files(&[("components/kube-apiserver.json", &text)]);
    // The default is shown also where a configuration file decides.
    assert_eq!(flag(&files, "anonymous-auth"), "default");
    assert_eq!(flag(&files, "authorization-mode"), "default");
    assert_eq!(flag(&files, "audit-log-path"), "default");
    assert_eq!(flag(&files, "profiling"), "false");
    assert_eq!(flag(&files, "enable-admission-plugins"), "NodeRestriction,AlwaysPullImages");
    assert_eq!(flag(&files, "token"), "unknown");
    assert_eq!(flag(&files, "insecure-port"), "default");
}

#[test]
fn what_was_refused_is_unknown() {
    let text = reading("kubelet", "node: n1\nreadings: [{from: /x, error: 'forbidden: get nodes/proxy'}]");
    let files = files(&[("components/kubelet@n1.json", &text)]);
    let evidence = Evidence::new(&files);
    let [kubelet] = evidence.components() else { panic!("one") };
    assert_eq!((kubelet.setup, kubelet.unread()), (Setup::Unread, Some("forbidden: get nodes/proxy")));
    assert!(matches!(kubelet.flag("anonymous-auth"), Setting::Unknown));
}

#[test]
fn flags_of_a_kubelet_do_not_hide_its_configuration() {
    // `/flagz` of a real kubelet v1.36.3 started with `--config` shows the defaults of flags.
    let text = reading(
        "kubelet",
        "node: n1\nreadings:\n- {from: /configz, configuration: {kind: KubeletConfiguration, authentication: {anonymous: {enabled: false}}}}\n\
         - {from: /flagz, flags: {anonymous-auth: 'true', read-only-port: '10255', config: /x.yaml, hostname-override: n1, seccomp-default: 'false'}}",
    );
    let files = files(&[("components/kubelet@n1.json", &text)]);
    let evidence = Evidence::new(&files);
    let [kubelet] = evidence.components() else { panic!("one") };
    let setting = kubelet.setting("anonymous-auth", &["authentication", "anonymous", "enabled"]);
    assert!(matches!(setting, Setting::Stated(stated) if stated.as_bool() == Some(false)));
    assert!(matches!(kubelet.setting("read-only-port", &["readOnlyPort"]), Setting::Default));
    assert!(matches!(kubelet.flag("hostname-override"), Setting::Stated(_)));
    assert!(kubelet.has_configuration() && !kubelet.lacks_configuration());
}

#[test]
fn flags_of_a_kubelet_without_a_file_decide() {
    let text = reading(
        "kubelet",
        "node: n1\nreadings: [{from: /flagz, flags: {anonymous-auth: 'true', config: '', config-dir: ''}}]",
    );
    assert_eq!(flag(&files(&[("components/kubelet@n1.json", &text)]), "anonymous-auth"), "true");
    let text = text.replace("config: ''", "config: /etc/kubelet.yaml");
    assert_eq!(flag(&files(&[("components/kubelet@n1.json", &text)]), "anonymous-auth"), "default");
    let files = files(&[("components/kubelet@n1.json", &text)]);
    assert!(Evidence::new(&files).components()[0].lacks_configuration());
}

#[test]
fn each_program_of_a_node_is_one_component() {
    let flagz = reading("kube-apiserver", "readings: [{from: /flagz, flags: {profiling: 'false'}}]");
    let pod = mirror_pod("n1", "[kube-apiserver, --profiling=true]");
    let kubeadm =
        "apiVersion: kubeadm.k8s.io/v1beta4\nkind: ClusterConfiguration\nkubernetesVersion: v1.36.3\n";
    let map = "/api/v1/namespaces/kube-system/configmaps/kubeadm-config (data.ClusterConfiguration)";
    let texts = files(&[
        (map, kubeadm),
        ("/api/v1/namespaces/kube-system/pods/kube-apiserver-n1", &pod),
        ("components/kube-apiserver.json", &flagz),
    ]);
    let found = components(&texts);
    assert_eq!(
        found,
        [
            "kube-controller-manager - Kubeadm 0",
            "etcd - Kubeadm 0",
            "kube-scheduler - Kubeadm 0",
            "kube-apiserver n1 Running 2",
        ]
    );
    // Files that somebody wrote stay what they are.
    let texts = files(&[("kubeadm.yaml", kubeadm), ("pod.yaml", &pod)]);
    assert_eq!(components(&texts).iter().filter(|text| text.starts_with("kube-apiserver")).count(), 2);
}

#[test]
fn one_answer_does_not_speak_for_several_servers() {
    let pods = [
        mirror_pod("n1", "[kube-apiserver, --advertise-address=10.0.0.1]"),
        mirror_pod("n2", "[kube-apiserver, --advertise-address=10.0.0.2, --profiling=true]"),
    ];
    let of = |address: &str| {
        let flagz = reading(
            "kube-apiserver",
            &format!(
                "readings: [{{from: /flagz, flags: {{advertise-address: {address}, profiling: 'false'}}}}]"
            ),
        );
        components(&files(&[
            ("/api/v1/namespaces/kube-system/pods/p-n1", &pods[0]),
            ("/api/v1/namespaces/kube-system/pods/p-n2", &pods[1]),
            ("components/kube-apiserver.json", &flagz),
        ]))
    };
    assert_eq!(of("10.0.0.2"), ["kube-apiserver n1 CommandLine 0", "kube-apiserver n2 Running 1"]);
    let one = |address: &str| {
        let flagz = format!("readings: [{{from: /flagz, flags: {{advertise-address: {address}}}}}]");
        let flagz = reading("kube-apiserver", &flagz);
        components(&files(&[
            ("/api/v1/namespaces/kube-system/pods/p-n1", &pods[0]),
            ("components/kube-apiserver.json", &flagz),
        ]))
    };
    assert_eq!(one("10.0.0.1"), ["kube-apiserver n1 Running 1"]);
    assert_eq!(one("10.0.0.2").len(), 2, "another server, of which nobody saw the pod");
    assert_eq!(
        of("10.0.0.9"),
        ["kube-apiserver n1 CommandLine 0", "kube-apiserver n2 CommandLine 0", "kube-apiserver - Running 0"]
    );
}

#[test]
fn a_process_reads_the_very_files_that_its_flags_name() {
    let node = "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {name: n1}\nprocesses:\n\
        - {pid: 1, program: kubelet, arguments: [/usr/bin/kubelet, --config=/opt/k.yaml, --config-dir, /opt/more]}\n\
        - {pid: 2, program: etcd, arguments: [etcd, --client-cert-auth=false], environment: {ETCD_CLIENT_CERT_AUTH: 'true', ETCD_CERT_FILE: /c}}\n";
    let file = |rest: &str| {
        format!("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n{rest}\n")
    };
    let files = files(&[
        ("nodes/n1.json", node),
        ("nodes/n1/opt/k.yaml", &file("readOnlyPort: 10255\npodPidsLimit: 5")),
        ("nodes/n1/opt/more/20.conf", &file("readOnlyPort: 0")),
        ("nodes/n1/opt/more/10.conf", &file("readOnlyPort: 1")),
        ("nodes/n1/opt/moreover/10.conf", &file("readOnlyPort: 2")),
        ("nodes/n2/opt/k.yaml", &file("podPidsLimit: 9")),
    ]);
    let evidence = Evidence::new(&files);
    let of = |program| {
        let mut of = evidence.components().iter().filter(move |component| component.program == program);
        of.find(|component| component.setup == Setup::CommandLine).expect("a process")
    };
    let kubelet = of(Program::Kubelet);
    let field = |name: &str| kubelet.field(&[name]).expect("a field").as_i64();
    assert_eq!((field("readOnlyPort"), field("podPidsLimit")), (Some(0), Some(5)));
    assert!(!kubelet.lacks_configuration());
    let etcd = of(Program::Etcd);
    assert!(matches!(etcd.flag("client-cert-auth"), Setting::Stated(stated) if stated.text() == "false"));
    assert!(matches!(etcd.flag("cert-file"), Setting::Stated(stated) if stated.text() == "/c"));
    let others = components(&files);
    assert!(others.iter().any(|text| text == "kubelet n2 ConfigurationFile 0"), "{others:?}");
}

#[test]
fn a_flag_names_the_file_of_its_own_node() {
    let flagz = reading(
        "kube-apiserver",
        "node: n2\nreadings: [{from: /flagz, flags: {authorization-config: /etc/a.yaml}}]",
    );
    let file = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers: []\n";
    let files = files(&[
        ("components/kube-apiserver.json", &flagz),
        ("nodes/n1/etc/a.yaml", file),
        ("nodes/n2/etc/a.yaml", file),
        ("nodes/n2/other/a.yaml", file),
    ]);
    let evidence = Evidence::new(&files);
    let server = &evidence.components()[0];
    let Found::One(object) = evidence.file_of(server, "AuthorizationConfiguration", "/etc/a.yaml") else {
        panic!("one")
    };
    assert_eq!(evidence.files()[object.file as usize].name, "nodes/n2/etc/a.yaml");
    assert!(matches!(evidence.file_of(server, "AuthorizationConfiguration", "/else/a.yaml"), Found::None));
}

#[test]
fn what_a_cluster_must_have_is_unknown_where_nothing_tells_of_it() {
    let texts = files(&[("collection.json", COLLECTION)]);
    let evidence = Evidence::new(&texts);
    let programs: Vec<_> = evidence.components().iter().map(|component| component.program).collect();
    assert_eq!(
        programs,
        [Program::ApiServer, Program::ControllerManager, Program::Etcd, Program::Scheduler],
        "no nodes, and no kube-proxy among all DaemonSets"
    );
    assert!(evidence.components().iter().all(|component| component.unread().is_some()));

    let refused = COLLECTION.replace("kind: Pod}", "kind: Pod, refused: 'forbidden: list pods'}");
    let texts = files(&[("collection.json", &refused)]);
    let reasons = |files: &[SourceFile]| -> Vec<String> {
        Evidence::new(files)
            .components()
            .iter()
            .filter_map(|component| component.unread())
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(reasons(&texts), ["forbidden: list pods"; 5]);

    let managed = COLLECTION.replace("v1.36.3", "v1.36.3-eks-1a2b3c");
    let texts = files(&[("collection.json", &managed)]);
    assert_eq!(reasons(&texts), [""; 0], "the provider's duty");
    let texts = files(&[("a.yaml", "apiVersion: v1\nkind: Pod\n")]);
    assert_eq!(reasons(&texts), [""; 0], "files show what they show");
}

#[test]
fn distributions_are_told_by_versions_groups_nodes_and_config_maps() {
    let of = |collection: &str, object: &str| {
        let files = files(&[("collection.json", collection), ("object", object)]);
        Evidence::new(&files).distribution().map(|found| (found.name.clone(), found.managed))
    };
    let version = |version: &str| of(&COLLECTION.replace("v1.36.3", version), "");
    let found = |name: &str, managed| Some((name.to_owned(), managed));
    assert_eq!(version("v1.33.1-eks-595af52"), found("eks", true));
    assert_eq!(version("v1.33.1-gke.1107000"), found("gke", true));
    assert_eq!(version("v1.33.1+k3s1"), found("k3s", false));
    assert_eq!(version("v1.33.1+rke2r1"), found("rke2", false));
    assert_eq!(version("v1.36.3"), None);
    let served = COLLECTION.replace("served: [Pod,", "served: [Pod, ClusterVersion.config.openshift.io,");
    assert_eq!(of(&served, ""), found("openshift", false));
    let node =
        |rest: &str| of(COLLECTION, &format!("apiVersion: v1\nkind: Node\nmetadata: {{name: n, {rest}"));
    assert_eq!(node("labels: {kubernetes.azure.com/agentpool: a}}\n"), found("aks", true));
    assert_eq!(node("labels: {minikube.k8s.io/name: a}}\n"), found("minikube", false));
    assert_eq!(node("}\nspec: {providerID: 'kind://docker/kind/n'}\n"), found("kind", false));
    assert_eq!(node("}\nspec: {providerID: 'aws:///eu/i-1'}\n"), None, "kubeadm runs there as well");
    assert_eq!(node("}\nstatus: {nodeInfo: {osImage: Talos (v1.11.0)}}\n"), found("talos", false));
    let map = |name: &str| {
        of(
            COLLECTION,
            &format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: kube-system}}\n"),
        )
    };
    assert_eq!(map("kubeadm-config"), found("kubeadm", false));
    assert_eq!(map("aws-auth"), found("eks", true));
}
