//! Kubeconfigs: good ones, and those that cannot be used.

use std::path::PathBuf;

use seaworthy_cluster::{ClusterOptions, gather};

use crate::server::{Server, kubeconfig};

fn fails(server: &Server, config: &str) -> String {
    let error = gather(&server.options_with(config), &|_| {}).unwrap_err();
    format!("{error}\n{}", error.hint().unwrap_or_default())
}

#[test]
fn kubeconfigs_that_cannot_be_used_are_explained() {
    let server = Server::start(|_| None);
    let url = format!("http://{}", server.address());
    let missing =
        ClusterOptions { kubeconfig: Some(PathBuf::from("/nonexistent/config")), ..server.options() };
    let error = gather(&missing, &|_| {}).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/config"), "{error}");

    let other = ClusterOptions { context: Some("prod".to_owned()), ..server.options() };
    let error = gather(&other, &|_| {}).unwrap_err().to_string();
    assert_eq!(error, "cannot use the kubeconfig: it has no context `prod`");

    let error = fails(&server, "token: s3cr3t-t0ken: [");
    assert!(error.contains("it is no YAML") && !error.contains("s3cr3t"), "{error}");

    let error =
        fails(&server, &kubeconfig(&url, "{client-certificate: /nonexistent.crt, client-key: /x.key}"));
    assert!(error.contains("/nonexistent.crt"), "{error}");
}

#[test]
fn a_program_hands_out_credentials() {
    let server = Server::start(|_| None);
    let url = format!("http://{}", server.address());
    let program = r#"{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh,
        args: ['-c', 'echo ''{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t"}}''']}}"#;
    let gathered = gather(&server.options_with(&kubeconfig(&url, program)), &|_| {}).unwrap();
    assert_eq!(gathered.name, "test");
}

#[test]
fn what_a_failing_program_prints_on_standard_output_is_not_told() {
    let server = Server::start(|_| None);
    let url = format!("http://{}", server.address());
    let program = "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, command: sh, \
        args: ['-c', 'echo s3cr3t; echo please log in >&2; exit 3']}}";
    let error = fails(&server, &kubeconfig(&url, program));
    assert!(error.contains("please log in") && !error.contains("s3cr3t"), "{error}");
    let absent = "{exec: {apiVersion: client.authentication.k8s.io/v1, interactiveMode: Never, \
        command: nonexistent-plugin}}";
    let error = fails(&server, &kubeconfig(&url, absent));
    assert!(error.contains("cannot get credentials") && error.contains("kubectl"), "{error}");
}
