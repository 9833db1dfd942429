//! Credentials in configuration files stay where they are, in every format.

use seaworthy_controls::{Settings, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile, configuration, embedded_files};
use seaworthy_report::{Context, Format};

use crate::fixture::{STYLES, context, written};

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
clusters:
- name: a
  cluster: {server: \"http://api.example.com\"}
users:
- name: a
  user:
    token: geheim-token-4711
- name: b
  user:
    username: admin
    password: geheim-word-4712
- name: c
  user:
    client-certificate-data: geheimCertificate4713
    client-key-data: geheimKey4714
- name: d
  user:
    auth-provider:
      name: oidc
      config: {id-token: geheim-id-4715, refresh-token: geheim-refresh-4716}
- name: e
  user:
    exec:
      command: ./login
      env: [{name: PASSWORD, value: geheim-env-4717}]
";

fn files() -> Vec<SourceFile> {
    let config_map = format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: kube-proxy, namespace: kube-system}}\ndata:\n  kubeconfig.conf: |\n    {}\n",
        KUBECONFIG.trim_end().replace('\n', "\n    ")
    );
    let texts = [
        ("ci/kubeconfig", KUBECONFIG.to_owned()),
        ("ci/broken.kubeconfig", KUBECONFIG.replace("clusters:", "clusters: [")),
        ("proxy.yaml", config_map),
        (
            "etc/rancher/k3s/config.yaml",
            "token: geheim-k3s-4718\nkubelet-arg: [anonymous-auth=true]\ndatastore-endpoint: mysql://root:geheim-db-4719@x\n"
                .to_owned(),
        ),
        (
            "etc/rancher/k3s/registries.yaml",
            "configs:\n  a.example.com:\n    tls: {insecure_skip_verify: true}\n    auth: {password: geheim-pull-4720}\n"
                .to_owned(),
        ),
        (
            "etc/containerd/config.toml",
            "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry.configs.\"a\"]\nauth = {password = 'geheim-pull-4721'}\ntls = {insecure_skip_verify = true}\n"
                .to_owned(),
        ),
        (
            "certs.d/a/hosts.toml",
            "server = \"http://root:geheim-host-4722@a\"\n[host.\"https://b:geheim-key-4724@a\"]\nskip_verify = true\nheader = {authorization = 'geheim-head-4723'}\n"
                .to_owned(),
        ),
    ];
    let mut files = Vec::new();
    for (name, text) in texts {
        let toml = configuration::is_toml(name);
        let file = SourceFile::new(name, if toml { Stream::read_toml(text) } else { Stream::read(text) });
        let embedded = embedded_files(&file);
        files.push(file);
        files.extend(embedded);
    }
    files
}

#[test]
fn no_format_quotes_a_credential_of_a_configuration_file() {
    let files = files();
    let evidence = Evidence::new(&files);
    let settings = Settings::default();
    let controls: Vec<_> = catalogue::all().collect();
    let assessment = evaluate(&controls, &evidence, &settings);
    let found = |id: &str| assessment.findings.iter().any(|finding| finding.control.id == id);
    for id in ["clients/kubeconfig-credentials", "clients/kubeconfig-tls", "container-runtime/registry-tls"] {
        assert!(found(id), "{id}");
    }
    for format in Format::ALL {
        for style in STYLES {
            let context = Context { style, ..context() };
            let output = written(format, &assessment, &context);
            if let Some(at) = output.find("geheim") {
                panic!(
                    "{format} {style:?}: …{}",
                    output[at.saturating_sub(200)..].chars().take(300).collect::<String>()
                );
            }
        }
    }
}
