//! Nodes, read from a tree in a temporary folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::program::{seaworthy, stderr, stdout};

fn write(root: &Path, path: &str, mode: u32, content: &str) {
    let path = root.join(path.trim_start_matches('/'));
    fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
    fs::write(&path, content).expect("written");
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("a mode");
}

/// A node whose kubelet is told in a drop-in to let everybody in.
fn node() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path();
    fs::set_permissions(root, fs::Permissions::from_mode(0o755)).expect("a mode");
    let kind = "apiVersion: kubelet.config.k8s.io/v1beta1\nkind: KubeletConfiguration\n";
    let line = "/usr/bin/kubelet\0--config=/var/lib/kubelet/config.yaml\0--config-dir=/etc/kubelet.d\0--token=abcdef\0";
    write(root, "/proc/812/cmdline", 0o444, line);
    write(
        root,
        "/var/lib/kubelet/config.yaml",
        0o600,
        &format!("{kind}authentication: {{anonymous: {{enabled: false}}}}\n"),
    );
    write(
        root,
        "/etc/kubelet.d/10.conf",
        0o600,
        &format!("{kind}authentication:\n  anonymous:\n    enabled: true\n"),
    );
    let users = "apiVersion: v1\nkind: Config\nusers:\n- name: a\n  user:\n    token: not-to-be-seen\n";
    write(root, "/etc/kubernetes/kubelet.conf", 0o600, users);
    folder
}

#[test]
fn a_node_is_judged_by_what_its_processes_use() {
    let folder = node();
    let root = folder.path().to_str().expect("a path");
    let arguments = ["scan", "--node", "--root", root, "--node-name", "n1", "--format", "json"];
    let output = seaworthy(&[&arguments[..], &["--select", "kubelet/anonymous-auth"]].concat());
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let findings = report["findings"].as_array().expect("findings");
    assert_eq!(findings.len(), 1, "{findings:?}");
    let location = &findings[0]["location"];
    assert_eq!(location["file"], "nodes/n1/etc/kubelet.d/10.conf");
    assert_eq!(location["line"], 5);
    let all = seaworthy(&arguments);
    assert!(!stdout(&all).contains("not-to-be-seen"));
}

#[test]
fn what_a_node_shows_is_printed_without_secrets() {
    let folder = node();
    let root = folder.path().to_str().expect("a path");
    let output = seaworthy(&["nodes", "print", "--root", root, "--node-name", "n1"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let text = stdout(&output);
    assert!(!text.contains("not-to-be-seen") && !text.contains("abcdef"));
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    assert_eq!(lines[0]["name"], "nodes/n1.json");
    assert_eq!(lines.last().expect("a line")["end"], lines.len() - 1);
}

#[test]
fn a_node_in_a_snapshot_is_judged_as_the_node_itself() {
    let folder = node();
    let root = folder.path().to_str().expect("a path");
    let place = tempfile::tempdir().expect("a folder");
    let file = place.path().join("node.tar.zst");
    let file = file.to_str().expect("a path");
    let output = seaworthy(&["collect", "--node", "--root", root, "--node-name", "n1", "--output", file]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let findings = |arguments: &[&str]| {
        let output = seaworthy(&[&["scan", "--format", "json"][..], arguments].concat());
        let mut report: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let mut findings = report["findings"].take();
        // The node is read once more, at another time.
        for finding in findings.as_array_mut().into_iter().flatten() {
            let read = finding["provenance"].as_object_mut().expect("where it is from");
            assert!(read.remove("at").is_some(), "{read:?}");
        }
        findings
    };
    let own = findings(&["--node", "--root", root, "--node-name", "n1"]);
    assert_ne!(own, serde_json::json!([]));
    assert_eq!(findings(&[file]), own);
}

#[test]
fn a_root_that_is_not_there_is_an_error_with_a_hint() {
    let output = seaworthy(&["scan", "--node", "--root", "/nowhere/at/all"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--root"), "{}", stderr(&output));
}

#[test]
fn pods_that_read_nodes_need_an_image() {
    let output = seaworthy(&["nodes", "run", "--kubeconfig", "/nowhere"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--image"), "{}", stderr(&output));
}
