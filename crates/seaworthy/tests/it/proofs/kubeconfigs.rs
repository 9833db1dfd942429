//! Kubeconfig files as they lie on this machine.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use ::lab::Lab;
use serde_json::Value;

use super::{INCONCLUSIVE, PROVED, REFUTED, expect, hardened};
use crate::program::{root, stderr};

const SECRET: &str = "opaque-token-of-a-test";

/// What is tried with one kubeconfig in use, and others beside it.
fn prove(lab: &Lab, home: &Path, kubeconfig: &Path, others: &OsStr) -> Value {
    let output = lab
        .command(env!("CARGO_BIN_EXE_seaworthy"))
        .args(["prove", "--no-config", "--no-progress", "--probe-timeout", "20", "--format", "json"])
        .args(["--select", "clients/*", "--kubeconfig"])
        .arg(kubeconfig)
        .env("HOME", home)
        .env("KUBECONFIG", others)
        .current_dir(root())
        .output()
        .expect("the program runs");
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", stderr(&output));
    let text = String::from_utf8(output.stdout).expect("a report");
    assert!(!text.contains(SECRET), "a token is in the report");
    serde_json::from_str(&text).expect("a report")
}

#[test]
fn files_that_others_may_read_or_that_last_are_told_from_those_that_do_not() {
    let lab = match Lab::start(hardened()) {
        Ok(lab) => lab,
        Err(skip) => return skip.announce(),
    };
    let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o755)).tempdir();
    let folder = folder.expect("a folder");
    let file = |name: &str, text: &str, mode| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("a mode");
        path
    };
    let admin = fs::read_to_string(lab.kubeconfig("admin")).expect("a kubeconfig");
    // With a credential of its own: those of the lab lie in other files.
    let mut admin: Value = serde_json::from_str(&admin).expect("a kubeconfig");
    let other = serde_json::json!({"name": "other", "user": {"token": SECRET}});
    admin["users"].as_array_mut().expect("users").push(other);
    let admin = admin.to_string();
    let open = file("admin.conf", &admin, 0o644);
    let skips = file(
        "skips.conf",
        &format!(
            "apiVersion: v1\nkind: Config\nclusters: [{{name: a, cluster: {{server: 'https://10.0.0.1', insecure-skip-tls-verify: true}}}}]\nusers: [{{name: a, user: {{token: {SECRET}}}}}]\n"
        ),
        0o600,
    );
    let plugin = file(
        ".kube/config",
        "apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: 'https://10.0.0.1'}}]\nusers: [{name: a, user: {exec: {command: aws}}}]\n",
        0o644,
    );
    let broken = file(".kube/config.old", "a: [", 0o600);
    let name = |path: &Path| -> &'static str { Box::leak(path.display().to_string().into_boxed_str()) };
    let (skips, plugin, broken) = (name(&skips), name(&plugin), name(&broken));
    let report = prove(&lab, folder.path(), &open, OsStr::new(skips));
    expect(
        &report,
        &[
            // The lab is asked by an administrator of `system:masters`.
            ("clients/kubeconfig-credentials#files", "kubeconfig", REFUTED),
            ("clients/kubeconfig-permissions#files", "kubeconfig", REFUTED),
            ("clients/kubeconfig-tls#files", "kubeconfig", PROVED),
            ("clients/kubeconfig-credentials#files", skips, REFUTED),
            ("clients/kubeconfig-permissions#files", skips, PROVED),
            ("clients/kubeconfig-tls#files", skips, REFUTED),
            // What a program hands out is not seen; without a credential it need not be private.
            ("clients/kubeconfig-credentials#files", plugin, INCONCLUSIVE),
            ("clients/kubeconfig-permissions#files", plugin, PROVED),
            ("clients/kubeconfig-tls#files", plugin, PROVED),
            ("clients/kubeconfig-credentials#files", broken, INCONCLUSIVE),
            ("clients/kubeconfig-permissions#files", broken, INCONCLUSIVE),
        ],
    );
    // Trap: whoever looks at the mode of the file alone takes it for open.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o700)).expect("a mode");
    let report = prove(&lab, folder.path(), &open, OsStr::new(""));
    expect(&report, &[("clients/kubeconfig-permissions#files", "kubeconfig", PROVED)]);
    // Proxies of kubectl on this machine are tried once, whatever files there are.
    let machines =
        super::verdicts(&report).into_keys().filter(|(control, _)| control.ends_with("#this-machine"));
    assert_eq!(machines.count(), 1);
}
