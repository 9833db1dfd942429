//! The pod that reads a node: it sees the node's files and processes, writes nothing, talks to nobody, and has no more
//! privilege than reading needs.

use serde_json::{Value, json};

/// The label of all that a run makes, with the name of the run.
pub(crate) const RUN: &str = "seaworthy.dev/run";

/// Where the node's root is mounted.
const ROOT: &str = "/host";

/// What the pods have in common.
#[derive(Clone, Debug)]
pub(crate) struct Template<'t> {
    pub(crate) run: &'t str,
    pub(crate) namespace: &'t str,
    pub(crate) image: &'t str,
    pub(crate) pull_policy: Option<&'t str>,
    pub(crate) pull_secret: Option<&'t str>,
    pub(crate) seconds: u64,
}

/// The namespace of a run: what reads nodes is what Pod Security keeps out of all others.
pub(crate) fn namespace(run: &str, name: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "app.kubernetes.io/managed-by": "seaworthy",
                (RUN): run,
                "pod-security.kubernetes.io/enforce": "privileged",
            },
        },
    })
}

/// The pod for the node at a position of the list.
pub(crate) fn pod(template: &Template<'_>, position: usize, node: &str) -> Value {
    let mut container = json!({
        "name": "read",
        "image": template.image,
        "command": ["/seaworthy", "nodes", "print", "--root", ROOT, "--node-name", node],
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": {"memory": "512Mi"},
        },
        "securityContext": {
            "runAsUser": 0,
            "privileged": false,
            "allowPrivilegeEscalation": false,
            "readOnlyRootFilesystem": true,
            // Reading what belongs to others, and entering the roots of processes.
            "capabilities": {"drop": ["ALL"], "add": ["DAC_READ_SEARCH", "SYS_PTRACE"]},
        },
        "volumeMounts": [{"name": "root", "mountPath": ROOT, "readOnly": true}],
    });
    if let Some(policy) = template.pull_policy {
        container["imagePullPolicy"] = policy.into();
    }
    let mut pod = json!({
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": format!("{}-{position}", template.run),
            "namespace": template.namespace,
            "labels": {
                "app.kubernetes.io/managed-by": "seaworthy",
                "app.kubernetes.io/name": "seaworthy-nodes",
                (RUN): template.run,
            },
        },
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "activeDeadlineSeconds": template.seconds,
            "terminationGracePeriodSeconds": 0,
            "automountServiceAccountToken": false,
            "enableServiceLinks": false,
            "hostPID": true,
            "tolerations": [{"operator": "Exists"}],
            "securityContext": {
                "seccompProfile": {"type": "RuntimeDefault"},
                // Their profiles for containers forbid looking into processes of the node.
                "appArmorProfile": {"type": "Unconfined"},
                "seLinuxOptions": {"type": "spc_t"},
            },
            "containers": [container],
            "volumes": [{"name": "root", "hostPath": {"path": "/", "type": "Directory"}}],
        },
    });
    if let Some(secret) = template.pull_secret {
        pod["spec"]["imagePullSecrets"] = json!([{"name": secret}]);
    }
    pod
}

/// How far a pod is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    Waiting,
    Done,
    Failed(String),
}

/// Reasons for which a container waits that no time cures.
const HOPELESS: &[&str] = &[
    "CreateContainerConfigError",
    "CreateContainerError",
    "ErrImageNeverPull",
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RunContainerError",
];

/// What the status of a pod says.
pub(crate) fn progress(pod: &Value) -> Progress {
    let status = &pod["status"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match status["phase"].as_str() {
        Some("Succeeded") => return Progress::Done,
        Some("Failed") => {
            let reason = [text(&status["reason"]), text(&status["message"])];
            let reason: Vec<String> = reason.into_iter().filter(|part| !part.is_empty()).collect();
            let code = &status["containerStatuses"][0]["state"]["terminated"]["exitCode"];
            return Progress::Failed(match (reason.is_empty(), code.as_i64()) {
                (false, _) => reason.join(": "),
                (true, Some(code)) => format!("the program ended with {code}"),
                (true, None) => "the pod failed".to_owned(),
            });
        }
        _ => {}
    }
    let waiting = &status["containerStatuses"][0]["state"]["waiting"];
    match waiting["reason"].as_str().filter(|reason| HOPELESS.contains(reason)) {
        Some(reason) => match text(&waiting["message"]) {
            message if message.is_empty() => Progress::Failed(reason.to_owned()),
            message => Progress::Failed(format!("{reason}: {message}")),
        },
        None => Progress::Waiting,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_tells_how_far_it_is() {
        let of = |status: Value| progress(&json!({"status": status}));
        assert_eq!(of(json!({"phase": "Pending"})), Progress::Waiting);
        assert_eq!(of(json!({"phase": "Succeeded"})), Progress::Done);
        let waiting = |reason: &str| json!({"phase": "Pending", "containerStatuses": [{"state": {"waiting": {"reason": reason}}}]});
        assert_eq!(of(waiting("ContainerCreating")), Progress::Waiting);
        assert_eq!(of(waiting("ErrImageNeverPull")), Progress::Failed("ErrImageNeverPull".to_owned()));
        assert_eq!(
            of(json!({"phase": "Failed", "reason": "DeadlineExceeded"})),
            Progress::Failed("DeadlineExceeded".to_owned())
        );
        let ended =
            json!({"phase": "Failed", "containerStatuses": [{"state": {"terminated": {"exitCode": 2}}}]});
        assert_eq!(of(ended), Progress::Failed("the program ended with 2".to_owned()));
    }
}
