//! The benchmark, id by id: each predicate has input that holds and input that does not (a slip by which one id is tested
//! with the flag of another shows here), and lists are read as lists.

use seaworthy_controls::{
    Compliance, Control, Expectation, Framework, Item, ItemStatus, Outcome, Page, Settings, catalogue,
    evaluate,
};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};

/// Where every id stands, for some files, by the controls that map to one of `ids`.
fn by_controls_of(ids: &[&str], files: &[(&str, &str)]) -> Vec<(String, ItemStatus, Vec<Outcome>)> {
    let files: Vec<SourceFile> =
        files.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(*text))).collect();
    let evidence = Evidence::new(&files);
    let maps = |control: &&Control| control.mappings.cis.iter().any(|id| ids.is_empty() || ids.contains(id));
    let controls: Vec<&'static Control> = catalogue::all().filter(maps).collect();
    let settings = Settings::default();
    let assessment = evaluate(&controls, &evidence, &settings);
    let compliance = Compliance::new(Framework::Cis, &assessment);
    let told = |item: Item| (item.id.to_owned(), item.status, item.outcomes);
    compliance.items.into_iter().map(told).collect()
}

fn compliance(files: &[(&str, &str)]) -> Vec<(String, ItemStatus, Vec<Outcome>)> {
    by_controls_of(&[], files)
}

fn status(id: &str, files: &[(&str, &str)]) -> ItemStatus {
    by_controls_of(&[id], files)
        .into_iter()
        .find(|(item, ..)| item == id)
        .map(|(_, status, _)| status)
        .expect(id)
}

fn pod(program: &str, arguments: &str) -> String {
    let words: String = arguments.split_whitespace().map(|word| format!("    - \"{word}\"\n")).collect();
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {program}, namespace: kube-system, labels: {{component: {program}, tier: control-plane}}}}\n\
         spec:\n  containers:\n  - name: {program}\n    image: registry.k8s.io/{program}:v1.34.1\n    command:\n    - {program}\n{words}"
    )
}

/// Id, program, arguments that hold, arguments that do not. An empty list is the default by omission.
const FLAGS: &[(&str, &str, &str, &str)] = &[
    ("1.2.1", "kube-apiserver", "--anonymous-auth=false", "--anonymous-auth=true"),
    ("1.2.2", "kube-apiserver", "", "--token-auth-file=/tokens.csv"),
    ("1.2.3", "kube-apiserver", "--enable-admission-plugins=NodeRestriction,DenyServiceExternalIPs", ""),
    (
        "1.2.4",
        "kube-apiserver",
        "--kubelet-client-certificate=/a.crt --kubelet-client-key=/a.key",
        "--kubelet-client-certificate=/a.crt",
    ),
    ("1.2.5", "kube-apiserver", "--kubelet-certificate-authority=/ca.crt", ""),
    ("1.2.6", "kube-apiserver", "--authorization-mode=Node,RBAC", "--authorization-mode=RBAC,AlwaysAllow"),
    ("1.2.6", "kube-apiserver", "--authorization-mode=RBAC", ""),
    (
        "1.2.7",
        "kube-apiserver",
        "--authorization-mode=Node,RBAC",
        "--authorization-mode=NodeRestriction,RBAC",
    ),
    ("1.2.8", "kube-apiserver", "--authorization-mode=Node,RBAC", "--authorization-mode=Node,ABAC"),
    (
        "1.2.9",
        "kube-apiserver",
        "--enable-admission-plugins=EventRateLimit",
        "--enable-admission-plugins=EventRateLimits",
    ),
    (
        "1.2.10",
        "kube-apiserver",
        "--enable-admission-plugins=AlwaysPullImages",
        "--enable-admission-plugins=NodeRestriction,AlwaysAdmit",
    ),
    (
        "1.2.11",
        "kube-apiserver",
        "--enable-admission-plugins=AlwaysPullImages",
        "--enable-admission-plugins=AlwaysAdmit",
    ),
    (
        "1.2.12",
        "kube-apiserver",
        "--disable-admission-plugins=DefaultStorageClass",
        "--disable-admission-plugins=ServiceAccount",
    ),
    ("1.2.13", "kube-apiserver", "", "--disable-admission-plugins=ServiceAccount,NamespaceLifecycle"),
    (
        "1.2.14",
        "kube-apiserver",
        "--enable-admission-plugins=NodeRestriction",
        "--enable-admission-plugins=Node",
    ),
    ("1.2.15", "kube-apiserver", "--profiling=false", ""),
    ("1.2.16", "kube-apiserver", "--audit-log-path=/var/log/a.log", "--audit-log-path="),
    ("1.2.17", "kube-apiserver", "--audit-log-maxage=30", "--audit-log-maxage=29"),
    ("1.2.18", "kube-apiserver", "--audit-log-maxbackup=10", "--audit-log-maxage=30"),
    ("1.2.19", "kube-apiserver", "--audit-log-maxsize=100", "--audit-log-maxsize=10"),
    ("1.2.20", "kube-apiserver", "", "--request-timeout=10m"),
    ("1.2.21", "kube-apiserver", "", "--service-account-lookup=false"),
    ("1.2.22", "kube-apiserver", "--service-account-key-file=/sa.pub", ""),
    ("1.2.23", "kube-apiserver", "--etcd-certfile=/a.crt --etcd-keyfile=/a.key", "--etcd-cafile=/ca.crt"),
    (
        "1.2.24",
        "kube-apiserver",
        "--tls-cert-file=/a.crt --tls-private-key-file=/a.key",
        "--tls-cert-file=/a.crt",
    ),
    ("1.2.25", "kube-apiserver", "--client-ca-file=/ca.crt", "--etcd-cafile=/ca.crt"),
    ("1.2.26", "kube-apiserver", "--etcd-cafile=/ca.crt", "--client-ca-file=/ca.crt"),
    ("1.2.27", "kube-apiserver", "--encryption-provider-config=/e.yaml", ""),
    (
        "1.2.29",
        "kube-apiserver",
        "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_RSA_WITH_AES_128_CBC_SHA",
    ),
    ("1.2.29", "kube-apiserver", "--tls-min-version=VersionTLS13", ""),
    ("1.2.30", "kube-apiserver", "--service-account-extend-token-expiration=false", ""),
    (
        "1.3.1",
        "kube-controller-manager",
        "--terminated-pod-gc-threshold=10",
        "--terminated-pod-gc-threshold=0",
    ),
    ("1.3.2", "kube-controller-manager", "--profiling=false", "--profiling=true"),
    ("1.3.3", "kube-controller-manager", "--use-service-account-credentials=true", ""),
    (
        "1.3.4",
        "kube-controller-manager",
        "--service-account-private-key-file=/sa.key",
        "--root-ca-file=/ca.crt",
    ),
    (
        "1.3.5",
        "kube-controller-manager",
        "--root-ca-file=/ca.crt",
        "--service-account-private-key-file=/sa.key",
    ),
    ("1.3.6", "kube-controller-manager", "", "--feature-gates=A=true,RotateKubeletServerCertificate=false"),
    ("1.3.7", "kube-controller-manager", "--bind-address=127.0.0.1", ""),
    ("1.4.1", "kube-scheduler", "--profiling=false", ""),
    ("1.4.2", "kube-scheduler", "--bind-address=127.0.0.1", ""),
    ("2.1", "etcd", "--cert-file=/a.crt --key-file=/a.key", "--peer-cert-file=/a.crt --peer-key-file=/a.key"),
    ("2.2", "etcd", "--client-cert-auth=true", "--peer-client-cert-auth=true"),
    ("2.2", "etcd", "--trusted-ca-file=/ca.crt", "--client-cert-auth=false"),
    ("2.3", "etcd", "", "--auto-tls=true"),
    ("2.3", "etcd", "--peer-auto-tls=true", "--auto-tls"),
    ("2.4", "etcd", "--peer-cert-file=/a.crt --peer-key-file=/a.key", "--cert-file=/a.crt --key-file=/a.key"),
    ("2.5", "etcd", "--peer-client-cert-auth=true", "--client-cert-auth=true"),
    ("2.6", "etcd", "--auto-tls=true", "--peer-auto-tls=true"),
    (
        "2.7",
        "etcd",
        "--trusted-ca-file=/etc/kubernetes/pki/etcd/ca.crt",
        "--trusted-ca-file=/etc/kubernetes/pki/ca.crt",
    ),
    ("3.2.1", "kube-apiserver", "--audit-policy-file=/p.yaml", "--audit-log-path=/a.log"),
];

/// Id, lines of a KubeletConfiguration that hold, lines that do not.
const KUBELET: &[(&str, &str, &str)] = &[
    ("4.2.1", "", "authentication: {anonymous: {enabled: true}}"),
    ("4.2.2", "", "authorization: {mode: AlwaysAllow}"),
    ("4.2.3", "authentication: {x509: {clientCAFile: /ca.crt}}", ""),
    ("4.2.4", "", "readOnlyPort: 10255"),
    ("4.2.6", "", "makeIPTablesUtilChains: false"),
    ("4.2.8", "eventRecordQPS: 0", "eventRecordQPS: -1"),
    ("4.2.9", "tlsCertFile: /a.crt\ntlsPrivateKeyFile: /a.key", "tlsCertFile: /a.crt"),
    ("4.2.9", "serverTLSBootstrap: true", ""),
    ("4.2.10", "rotateCertificates: true", ""),
    (
        "4.2.11",
        "serverTLSBootstrap: true",
        "serverTLSBootstrap: true\nfeatureGates: {RotateKubeletServerCertificate: false}",
    ),
    ("4.2.11", "serverTLSBootstrap: true", "rotateCertificates: true"),
    (
        "4.2.12",
        "tlsCipherSuites: [TLS_AES_128_GCM_SHA256]",
        "tlsCipherSuites: [TLS_RSA_WITH_AES_128_CBC_SHA]",
    ),
    ("4.2.13", "podPidsLimit: 4096", "podPidsLimit: -1"),
    ("4.2.14", "seccompDefault: true", ""),
];

/// Id, role and program of the file, and its bits and owners that hold, and that do not.
const FILES: &[(&str, &str, &str, (&str, i64), (&str, i64))] = &[
    ("1.1.1", "static-pod-manifest", "kube-apiserver", ("0600", 9), ("0644", 0)),
    ("1.1.2", "static-pod-manifest", "kube-apiserver", ("0666", 0), ("0600", 9)),
    ("1.1.3", "static-pod-manifest", "kube-controller-manager", ("0600", 9), ("0644", 0)),
    ("1.1.4", "static-pod-manifest", "kube-controller-manager", ("0666", 0), ("0600", 9)),
    ("1.1.5", "static-pod-manifest", "kube-scheduler", ("0600", 9), ("0644", 0)),
    ("1.1.6", "static-pod-manifest", "kube-scheduler", ("0666", 0), ("0600", 9)),
    ("1.1.7", "static-pod-manifest", "etcd", ("0600", 9), ("0644", 0)),
    ("1.1.8", "static-pod-manifest", "etcd", ("0666", 0), ("0600", 9)),
    ("1.1.9", "cni", "", ("0600", 9), ("0644", 0)),
    ("1.1.10", "cni", "", ("0666", 0), ("0600", 9)),
    ("1.1.11", "etcd-data", "etcd", ("0700", 9), ("0750", 0)),
    ("1.1.12", "etcd-data", "etcd", ("0777", 0), ("0700", 9)),
    ("1.1.13", "admin-kubeconfig", "", ("0600", 9), ("0640", 0)),
    ("1.1.14", "admin-kubeconfig", "", ("0666", 0), ("0600", 9)),
    ("1.1.15", "kubeconfig", "kube-scheduler", ("0600", 9), ("0640", 0)),
    ("1.1.16", "kubeconfig", "kube-scheduler", ("0666", 0), ("0600", 9)),
    ("1.1.17", "kubeconfig", "kube-controller-manager", ("0600", 9), ("0640", 0)),
    ("1.1.18", "kubeconfig", "kube-controller-manager", ("0666", 0), ("0600", 9)),
    ("1.1.19", "pki-folder", "", ("0777", 0), ("0755", 9)),
    ("1.1.19", "pki-key", "", ("0666", 0), ("0600", 9)),
    ("1.1.20", "pki-certificate", "", ("0644", 9), ("0664", 0)),
    ("1.1.21", "pki-key", "", ("0600", 9), ("0640", 0)),
    ("4.1.1", "kubelet-unit", "kubelet", ("0600", 9), ("0644", 0)),
    ("4.1.2", "kubelet-unit", "kubelet", ("0666", 0), ("0600", 9)),
    ("4.1.3", "kubeconfig", "kube-proxy", ("0600", 9), ("0644", 0)),
    ("4.1.4", "kubeconfig", "kube-proxy", ("0666", 0), ("0600", 9)),
    ("4.1.5", "kubeconfig", "kubelet", ("0600", 9), ("0644", 0)),
    ("4.1.6", "kubeconfig", "kubelet", ("0666", 0), ("0600", 9)),
    ("4.1.7", "client-ca", "kubelet", ("0644", 9), ("0664", 0)),
    ("4.1.8", "client-ca", "kubelet", ("0666", 0), ("0644", 9)),
    ("4.1.9", "kubelet-configuration", "kubelet", ("0600", 9), ("0644", 0)),
    ("4.1.10", "kubelet-configuration", "kubelet", ("0666", 0), ("0600", 9)),
];

/// Ids that no program decides.
const PEOPLE: &[&str] = &["3.1.1", "3.1.2", "3.1.3", "5.6.1"];

/// Ids with a test of their own below, or by the cases of the one control that decides them.
const OTHERS: &[&str] = &[
    "1.2.28", "3.2.2", "4.2.5", "4.2.7", "4.3.1", "5.1.5", "5.1.9", "5.2.3", "5.2.4", "5.2.5", "5.2.8",
    "5.3.2", "5.6.3",
];

fn reading(role: &str, program: &str, (mode, owner): (&str, i64)) -> String {
    let program = if program.is_empty() { String::new() } else { format!("program: {program}, ") };
    format!(
        "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {{name: n1}}\nfiles:\n\
         - {{path: /f, role: {role}, {program}mode: \"{mode}\", uid: {owner}, gid: {owner}, type: file}}\n"
    )
}

#[test]
fn every_flag_decides_its_own_id() {
    for (id, program, holds, fails) in FLAGS {
        assert_eq!(status(id, &[("a.yaml", &pod(program, holds))]), ItemStatus::Pass, "{id}: {holds}");
        assert_eq!(status(id, &[("a.yaml", &pod(program, fails))]), ItemStatus::Fail, "{id}: {fails}");
    }
}

/// Since v1.36 the API server limits and rotates its log by itself.
#[test]
fn defaults_are_those_of_the_version() {
    let (old, new) = (pod("kube-apiserver", ""), pod("kube-apiserver", "").replace("v1.34.1", "v1.36.3"));
    for id in ["1.2.17", "1.2.18", "1.2.19"] {
        assert_eq!(status(id, &[("a.yaml", &old)]), ItemStatus::Fail, "{id}");
        assert_eq!(status(id, &[("a.yaml", &new)]), ItemStatus::Pass, "{id}");
    }
}

#[test]
fn every_field_of_the_kubelet_decides_its_own_id() {
    let file = |lines: &str| {
        format!("apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n{lines}\n")
    };
    for (id, holds, fails) in KUBELET {
        assert_eq!(status(id, &[("config.yaml", &file(holds))]), ItemStatus::Pass, "{id}: {holds}");
        assert_eq!(status(id, &[("config.yaml", &file(fails))]), ItemStatus::Fail, "{id}: {fails}");
    }
    let process = |arguments: &str| {
        format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {{name: n1}}\nprocesses:\n\
             - {{pid: 2, program: kubelet, arguments: [kubelet, {arguments}]}}\n"
        )
    };
    for (id, holds, fails) in [
        ("4.2.5", "--streaming-connection-idle-timeout=4h", "--streaming-connection-idle-timeout=0"),
        ("4.2.7", "--node-ip=10.0.0.1", "--hostname-override=other"),
        ("4.2.1", "--anonymous-auth=false", "--v=2"),
        ("4.2.4", "--read-only-port=0", "--v=2"),
    ] {
        assert_eq!(status(id, &[("nodes/n1.json", &process(holds))]), ItemStatus::Pass, "{id}: {holds}");
        assert_eq!(status(id, &[("nodes/n1.json", &process(fails))]), ItemStatus::Fail, "{id}: {fails}");
    }
}

#[test]
fn every_file_decides_its_own_ids_by_mode_and_by_owner() {
    for (id, role, program, holds, fails) in FILES {
        let passing = reading(role, program, *holds);
        assert_eq!(status(id, &[("nodes/n1.json", &passing)]), ItemStatus::Pass, "{id}: {holds:?}");
        let failing = reading(role, program, *fails);
        assert_eq!(status(id, &[("nodes/n1.json", &failing)]), ItemStatus::Fail, "{id}: {fails:?}");
    }
}

#[test]
fn the_remaining_predicates_have_input_that_holds_and_input_that_does_not() {
    let encryption = |providers: &str| {
        format!(
            "apiVersion: apiserver.config.k8s.io/v1\nkind: EncryptionConfiguration\nresources:\n- resources: [secrets]\n  providers: [{{{providers}: {{}}}}]\n\
             - resources: [configmaps]\n  providers: [{{secretbox: {{}}}}]\n"
        )
    };
    let server = pod("kube-apiserver", "--encryption-provider-config=/etc/e.yaml");
    let with = |providers: &str| status("1.2.28", &[("a.yaml", &server), ("e.yaml", &encryption(providers))]);
    assert_eq!(with("secretbox"), ItemStatus::Pass);
    // Several blocks, and only the last one is strong (W10).
    assert_eq!(with("identity"), ItemStatus::Fail);
    assert_eq!(status("1.2.28", &[("a.yaml", &server)]), ItemStatus::Manual, "the file was not read");

    let proxy = |address: &str| {
        format!(
            "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\nmetricsBindAddress: {address}\n"
        )
    };
    assert_eq!(status("4.3.1", &[("a.yaml", &proxy("127.0.0.1:10249"))]), ItemStatus::Pass);
    assert_eq!(status("4.3.1", &[("a.yaml", &proxy("0.0.0.0:10249"))]), ItemStatus::Fail);

    let workload = |spec: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec:\n  {spec}\n  containers:\n  - name: c\n    image: a\n    securityContext: {{capabilities: {{drop: [NET_RAW]}}}}\n"
        )
    };
    for (id, field) in [("5.2.3", "hostPID"), ("5.2.4", "hostIPC"), ("5.2.5", "hostNetwork")] {
        for other in ["hostPID", "hostIPC", "hostNetwork"] {
            let expected = if other == field { ItemStatus::Fail } else { ItemStatus::Pass };
            assert_eq!(
                status(id, &[("a.yaml", &workload(&format!("{other}: true")))]),
                expected,
                "{id}: {other}"
            );
        }
    }
    assert_eq!(status("5.2.8", &[("a.yaml", &workload("hostPID: false"))]), ItemStatus::Pass);
    let adds = workload("hostPID: false").replace("drop: [NET_RAW]", "drop: [CHOWN], add: [CAP_NET_RAW]");
    assert_eq!(status("5.2.8", &[("a.yaml", &adds)]), ItemStatus::Fail);
    let silent = workload("hostPID: false").replace("drop: [NET_RAW]", "drop: [NET_RAW_2]");
    assert_eq!(status("5.2.8", &[("a.yaml", &silent)]), ItemStatus::Fail);

    let role = |resource: &str| {
        format!(
            "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {{name: r}}\nrules:\n- {{apiGroups: [''], resources: [{resource}], verbs: [create]}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: r}}\n\
             subjects: [{{kind: User, name: ann, apiGroup: rbac.authorization.k8s.io}}]\n"
        )
    };
    assert_eq!(status("5.1.9", &[("a.yaml", &role("persistentvolumes"))]), ItemStatus::Fail);
    assert_eq!(status("5.1.9", &[("a.yaml", &role("persistentvolumeclaims"))]), ItemStatus::Pass);

    let account = |name: &str| {
        format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, namespace: shop}}\nspec: {{serviceAccountName: {name}, containers: [{{name: c, image: a}}]}}\n---\n\
             apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: b, namespace: shop}}\n\
             roleRef: {{apiGroup: rbac.authorization.k8s.io, kind: Role, name: r}}\nsubjects: [{{kind: ServiceAccount, name: {name}, namespace: shop}}]\n"
        )
    };
    assert_eq!(status("5.1.5", &[("a.yaml", &account("web"))]), ItemStatus::Pass);
    assert_eq!(status("5.1.5", &[("a.yaml", &account("default"))]), ItemStatus::Fail);

    let namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";
    let policy = "apiVersion: networking.k8s.io/v1\nkind: NetworkPolicy\nmetadata: {name: d, namespace: shop}\nspec: {podSelector: {}}\n";
    let collection = "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: c}\nserver: {version: v1.34.1}\nlists:\n\
        - {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, resource: networkpolicies, namespaced: true, items: 0}\n";
    assert_eq!(status("5.3.2", &[("n.yaml", namespace), ("p.yaml", policy)]), ItemStatus::Pass);
    assert_eq!(status("5.3.2", &[("n.yaml", namespace), ("collection.json", collection)]), ItemStatus::Fail);
    assert_eq!(status("5.3.2", &[("n.yaml", namespace)]), ItemStatus::Manual, "files are not all there is");
}

/// The id that a control alone decides stands as the control does, on every case of its page.
#[test]
fn ids_that_one_control_decides_follow_its_cases() {
    let mut followed = Vec::new();
    for (id, control) in SINGLE {
        let control = catalogue::find(control).expect(control);
        let page = Page::parse(control.page).expect(control.id);
        let (mut passed, mut failed) = (false, false);
        for case in &page.cases {
            let plain = case.options.iter().all(|(key, _)| matches!(*key, "count" | "severity" | "at"));
            if !plain || case.is_toml || case.yaml.contains("# file:") {
                continue;
            }
            let expected = match case.expect {
                Expectation::Finding => ItemStatus::Fail,
                Expectation::Ok => ItemStatus::Pass,
                Expectation::Unknown | Expectation::None => continue,
            };
            assert_eq!(
                status(id, &[("case.yaml", case.yaml)]),
                expected,
                "{id}: {} line {}",
                control.id,
                case.line
            );
            passed |= expected == ItemStatus::Pass;
            failed |= expected == ItemStatus::Fail;
        }
        assert!(failed, "{id}: no case of {} fails", control.id);
        // What no evidence of today can show to hold has no such case.
        let can = page.cases.iter().any(|case| case.expect == Expectation::Ok);
        assert!(passed || !can, "{id}: no case of {} passes", control.id);
        followed.push(*id);
    }
    let mut tested: Vec<&str> = FLAGS.iter().map(|(id, ..)| *id).collect();
    tested.extend(KUBELET.iter().map(|(id, ..)| *id));
    tested.extend(FILES.iter().map(|(id, ..)| *id));
    tested.extend(PEOPLE.iter().chain(OTHERS).copied());
    tested.extend(followed);
    for (id, ..) in compliance(&[]) {
        assert!(tested.contains(&id.as_str()), "{id} has no positive and negative test");
    }
}

const SINGLE: &[(&str, &str)] = &[
    ("5.1.1", "rbac/cluster-admin"),
    ("5.1.2", "rbac/secret-access"),
    ("5.1.3", "rbac/wildcards"),
    ("5.1.4", "rbac/workload-creation"),
    ("5.1.6", "service-accounts/automount-token"),
    ("5.1.7", "rbac/system-masters"),
    ("5.1.8", "rbac/escalate-bind-impersonate"),
    ("5.1.10", "rbac/nodes-proxy"),
    ("5.1.11", "rbac/csr-approval"),
    ("5.1.12", "rbac/admission-write"),
    ("5.1.13", "rbac/token-creation"),
    ("5.2.1", "namespaces/pod-security-enforce"),
    ("5.2.2", "pods/privileged"),
    ("5.2.6", "pods/privilege-escalation"),
    ("5.2.7", "pods/run-as-non-root"),
    ("5.2.9", "pods/capabilities-dropped"),
    ("5.2.10", "pods/windows-host-process"),
    ("5.2.11", "pods/host-path"),
    ("5.2.12", "pods/host-ports"),
    ("5.3.1", "network/enforcement"),
    ("5.4.1", "secrets/as-files"),
    ("5.4.2", "secrets/external-store"),
    ("5.5.1", "admission/image-policy"),
    ("5.6.2", "pods/seccomp-profile"),
    ("5.6.4", "namespaces/default-unused"),
];

#[test]
fn what_was_not_read_is_neither_pass_nor_fail() {
    for (id, status, _) in compliance(&[]) {
        assert!(matches!(status, ItemStatus::NotEvaluated | ItemStatus::Manual), "{id}: {status:?}");
    }
    // A cluster that was asked and showed nothing of its control plane leaves it open.
    let collection = "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: c}\nserver: {version: v1.34.1}\n\
        lists:\n- {apiVersion: v1, kind: Pod, resource: pods, namespaced: true, items: 0}\n";
    assert_eq!(status("1.2.2", &[("collection.json", collection)]), ItemStatus::Unknown);
    assert_eq!(status("1.1.1", &[("collection.json", collection)]), ItemStatus::Unknown);
    // A provider that runs the control plane answers for it.
    let managed =
        collection.replace("lists:", "distribution: {name: eks, managed: true, because: test}\nlists:");
    for id in ["1.1.1", "1.2.2", "1.3.2", "2.1"] {
        assert_eq!(status(id, &[("collection.json", &managed)]), ItemStatus::NotApplicable, "{id}");
    }
}

#[test]
fn each_node_and_program_is_told_apart() {
    let node = |name: &str, mode: &str| {
        format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {{name: {name}}}\nprocesses:\n\
             - {{pid: 2, program: kubelet, arguments: [kubelet, --anonymous-auth={}]}}\nfiles:\n\
             - {{path: /var/lib/kubelet/config.yaml, role: kubelet-configuration, program: kubelet, mode: \"{mode}\", uid: 0, gid: 0}}\n",
            mode == "0644"
        )
    };
    let (first, second) = (node("n1", "0600"), node("n2", "0644"));
    let third = "apiVersion: v1\nkind: Node\nmetadata: {name: n3}\n";
    let files = [("nodes/n1.json", first.as_str()), ("nodes/n2.json", second.as_str()), ("n3.yaml", third)];
    for id in ["4.1.9", "4.2.1"] {
        let (_, status, outcomes) =
            compliance(&files).into_iter().find(|(item, ..)| item == id).expect("the id");
        assert_eq!(status, ItemStatus::Fail, "{id}");
        let told: Vec<_> = outcomes.iter().map(|outcome| (outcome.node.as_deref(), outcome.status)).collect();
        assert_eq!(
            told,
            [
                (Some("n1"), ItemStatus::Pass),
                (Some("n2"), ItemStatus::Fail),
                (Some("n3"), ItemStatus::Unknown)
            ],
            "{id}"
        );
    }
    // A worker alone says nothing of the control plane.
    assert_eq!(status("1.1.1", &[("nodes/n1.json", &first)]), ItemStatus::Unknown);
    // A node without kube-proxy has no kubeconfig of kube-proxy (W8).
    assert_eq!(status("4.1.3", &[("nodes/n1.json", &first)]), ItemStatus::NotApplicable);
    assert_eq!(status("4.3.1", &[("nodes/n1.json", &first)]), ItemStatus::NotApplicable);
}

#[test]
fn structured_authorization_is_judged_by_its_file() {
    let server = pod("kube-apiserver", "--authorization-config=/etc/kubernetes/authorization.yaml");
    let file = "apiVersion: apiserver.config.k8s.io/v1\nkind: AuthorizationConfiguration\nauthorizers:\n- {type: Node, name: node}\n- {type: RBAC, name: rbac}\n";
    for id in ["1.2.6", "1.2.7", "1.2.8"] {
        // W1: no flag, and the file holds both.
        assert_eq!(
            status(id, &[("a.yaml", &server), ("authorization.yaml", file)]),
            ItemStatus::Pass,
            "{id}"
        );
        assert_eq!(status(id, &[("a.yaml", &server)]), ItemStatus::Unknown, "{id}: the file was not read");
    }
    let webhook = file.replace("Node", "Webhook");
    assert_eq!(status("1.2.7", &[("a.yaml", &server), ("authorization.yaml", &webhook)]), ItemStatus::Fail);
}

#[test]
fn ids_of_the_catalogue_are_ids_of_the_benchmark() {
    let ids: Vec<String> = compliance(&[]).into_iter().map(|(id, ..)| id).collect();
    assert_eq!(ids.len(), 131);
    for control in catalogue::all() {
        for id in control.mappings.cis {
            assert!(ids.iter().any(|known| known == id), "{} maps to {id}, which is none", control.id);
        }
    }
}

#[test]
fn the_edition_is_chosen_by_the_version_of_the_cluster() {
    let edition = |version: &str| {
        let text = format!(
            "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {{name: c}}\nserver: {{version: {version}}}\n"
        );
        let files = [SourceFile::new("collection.json", Stream::read(text))];
        let evidence = Evidence::new(&files);
        let settings = Settings::default();
        let assessment = evaluate(&[], &evidence, &settings);
        let compliance = Compliance::new(Framework::Cis, &assessment);
        let edition = compliance.edition.expect("an edition");
        (edition.name, edition.note.is_some(), compliance.items.iter().any(|item| item.id == "4.2.15"))
    };
    assert_eq!(edition("v1.33.4-gke.1200"), ("1.12", false, false));
    assert_eq!(edition("v1.30.1+k3s1"), ("1.11", false, true));
    assert_eq!(edition("v1.36.3"), ("1.12", true, false));
}
