//! Processes of nodes as components, with the files that they were told to read.

use seaworthy_document::Stream;
use seaworthy_evidence::{Component, Evidence, Program, Setting, SourceFile};

fn texts(files: &[(&str, &str)]) -> Vec<SourceFile> {
    files.iter().map(|(name, text)| SourceFile::new(*name, Stream::read(*text))).collect()
}

fn reading(processes: &str) -> String {
    format!(
        "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {{name: n1}}\n\
         at: '2026-11-21T17:00:00Z'\nprocesses:\n{processes}"
    )
}

const MAIN: &str = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\
    authentication: {anonymous: {enabled: false}}\nreadOnlyPort: 0\n";
const DROP_IN: &str = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n\
    authentication: {anonymous: {enabled: true}}\n";

fn only<'e, 'a>(evidence: &'e Evidence<'a>, program: Program) -> &'e Component<'a> {
    let mut components = evidence.components().iter().filter(|component| component.program == program);
    let one = components.next().expect("a component");
    assert!(components.next().is_none(), "one only");
    one
}

fn anonymous<'a>(component: &Component<'a>) -> Setting<'a> {
    component.setting("anonymous-auth", &["authentication", "anonymous", "enabled"])
}

#[test]
fn drop_ins_are_merged_over_the_file_of_the_process() {
    let node = reading(
        "- program: kubelet\n  arguments: [kubelet, --config=/srv/k.yaml, --config-dir, /srv/k.d]\n  uses:\n\
         \x20 - {setting: config, path: /srv/k.yaml, texts: [nodes/n1/srv/k.yaml]}\n",
    );
    let files = texts(&[
        ("nodes/n1.json", &node),
        ("nodes/n1/srv/k.d/10.conf", DROP_IN),
        ("nodes/n1/srv/k.yaml", MAIN),
        ("nodes/n2/srv/k.yaml", DROP_IN),
    ]);
    let evidence = Evidence::new(&files);
    let of_node = evidence.components().iter().find(|component| component.node() == Some("n1"));
    let kubelet = of_node.expect("a kubelet");
    let Setting::Stated(stated) = anonymous(kubelet) else { panic!("it is stated") };
    assert_eq!(stated.as_bool(), Some(true));
    assert!(matches!(kubelet.setting("read-only-port", &["readOnlyPort"]), Setting::Stated(_)));
}

/// A kubelet whose file is not known may have set there what its drop-ins do not say.
#[test]
fn drop_ins_alone_decide_nothing_when_the_file_could_not_be_read() {
    let node = reading(
        "- program: kubelet\n  arguments: [kubelet, --config=/srv/k.yaml, --config-dir, /srv/k.d]\n  uses:\n\
         \x20 - {setting: config, path: /srv/k.yaml, error: permission denied}\n",
    );
    let files = texts(&[("nodes/n1.json", &node), ("nodes/n1/srv/k.d/10.conf", DROP_IN)]);
    let evidence = Evidence::new(&files);
    assert!(only(&evidence, Program::Kubelet).lacks_configuration());
}

#[test]
fn an_etcd_of_an_application_is_not_the_store_of_the_cluster() {
    let node = reading(
        "- {program: etcd, arguments: [etcd], pod: 7d2c4b1e-0f6a-4f0e-9a53-2f1c5f0f8f11, staticPod: false}\n",
    );
    let files = texts(&[("nodes/n1.json", &node)]);
    assert!(Evidence::new(&files).components().is_empty());
    let node = node.replace("staticPod: false", "staticPod: true");
    let files = texts(&[("nodes/n1.json", &node)]);
    assert_eq!(only(&Evidence::new(&files), Program::Etcd).node(), Some("n1"));
}

/// etcd: "if a configuration file is provided, other command line flags and environment variables will be ignored".
#[test]
fn an_etcd_with_a_file_takes_nothing_from_its_command_line() {
    let node =
        reading("- {program: etcd, arguments: [etcd, --config-file=/e.yaml, --client-cert-auth=true]}\n");
    let files = texts(&[("nodes/n1.json", &node)]);
    let evidence = Evidence::new(&files);
    let etcd = only(&evidence, Program::Etcd);
    assert!(matches!(etcd.flag("client-cert-auth"), Setting::Unknown));
    assert!(matches!(etcd.flag("auto-tls"), Setting::Unknown));

    let file = "data-dir: /var/lib/etcd\nlisten-client-urls: https://10.0.0.1:2379\n\
        client-transport-security: {cert-file: /e.crt, client-cert-auth: true}\npeer-transport-security: {auto-tls: true}\n";
    let files = texts(&[("nodes/n1.json", &node), ("nodes/n1/e.yaml", file)]);
    let evidence = Evidence::new(&files);
    let etcd = only(&evidence, Program::Etcd);
    let stated = |name: &str| match etcd.flag(name) {
        Setting::Stated(stated) => stated.text(),
        other => panic!("{name}: {other:?}"),
    };
    assert_eq!(stated("cert-file"), "/e.crt");
    assert_eq!(stated("client-cert-auth"), "true");
    assert_eq!(stated("peer-auto-tls"), "true");
    assert_eq!(stated("data-dir"), "/var/lib/etcd");
    assert!(matches!(etcd.flag("auto-tls"), Setting::Default));
}
