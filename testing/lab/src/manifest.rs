use std::path::Path;

/// The static pod that would start a program with these arguments on a cluster made by kubeadm. What a lab runs can so be
/// judged from files too, and compared with what it says of itself.
pub(crate) fn static_pod(program: &str, version: &str, arguments: &[String], folder: &Path) -> String {
    let command: Vec<&str> = std::iter::once(program).chain(arguments.iter().map(String::as_str)).collect();
    let image = match program {
        "etcd" => "registry.k8s.io/etcd:3.6.7-0".to_owned(),
        _ => format!("registry.k8s.io/{program}:{version}"),
    };
    let pod = serde_json::json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": program,
            "namespace": "kube-system",
            "labels": {"component": program, "tier": "control-plane"},
        },
        "spec": {
            "hostNetwork": true,
            "priorityClassName": "system-node-critical",
            "containers": [{
                "name": program,
                "image": image,
                "command": command,
                "volumeMounts": [{"name": "lab", "mountPath": folder}],
            }],
            "volumes": [{"name": "lab", "hostPath": {"path": folder, "type": "Directory"}}],
        },
    });
    // JSON is YAML.
    format!("{pod:#}\n")
}
