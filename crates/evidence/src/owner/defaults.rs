//! What the API server, its admission plugins and the built-in controllers fill in.

use seaworthy_document::{Kind, Value};

/// Volumes of the ServiceAccount admission plugin are called this and five letters.
pub(super) const TOKEN_VOLUME: &str = "kube-api-access-";

/// Where it mounts them.
pub(super) const TOKEN_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";

/// Taints that nodes get by their state: the server and the DaemonSet controller let pods tolerate some.
pub(super) const TAINTS_OF_NODES: &str = "node.kubernetes.io/";

/// Whether a value says as much as no value: the server leaves such fields out or puts them in as it likes.
pub(crate) fn is_empty(value: &Value<'_>) -> bool {
    match value.kind() {
        Kind::Null => true,
        Kind::Mapping => value.entries().next().is_none(),
        Kind::Sequence => value.items().next().is_none(),
        _ => false,
    }
}

/// Whether the server puts this scalar where a field of a pod is absent.
pub(crate) fn is_default(key: &str, value: &Value<'_>) -> bool {
    let known: &[&str] = match key {
        "restartPolicy" => &["Always"],
        "dnsPolicy" => &["ClusterFirst"],
        "schedulerName" => &["default-scheduler"],
        "terminationGracePeriodSeconds" => &["30"],
        "enableServiceLinks" => &["true"],
        "terminationMessagePath" => &["/dev/termination-log"],
        "terminationMessagePolicy" => &["File"],
        "protocol" => &["TCP"],
        "timeoutSeconds" | "successThreshold" => &["1"],
        "periodSeconds" => &["10"],
        "failureThreshold" => &["3"],
        "initialDelaySeconds" => &["0"],
        "scheme" => &["HTTP"],
        "path" => &["/"],
        "defaultMode" => &["420"],
        "apiVersion" => &["v1"],
        "divisor" => &["0"],
        "type" => &[""],
        "expirationSeconds" => &["3600"],
        // The API's types leave these out when they are false.
        "hostNetwork" | "hostPID" | "hostIPC" | "readOnly" | "stdin" | "stdinOnce" | "tty" => &["false"],
        _ => &[],
    };
    !matches!(value.kind(), Kind::Mapping | Kind::Sequence) && known.contains(&value.text())
}

/// Whether a label is one that the built-in controllers or the server put on pods.
pub(super) fn is_label_of_controller(key: &str) -> bool {
    matches!(
        key,
        "pod-template-hash"
            | "controller-revision-hash"
            | "pod-template-generation"
            | "controller-uid"
            | "job-name"
            | "statefulset.kubernetes.io/pod-name"
            | "apps.kubernetes.io/pod-index"
            | "batch.kubernetes.io/controller-uid"
            | "batch.kubernetes.io/job-name"
            | "batch.kubernetes.io/job-completion-index"
            // The server copies them from the node.
            | "topology.kubernetes.io/zone"
            | "topology.kubernetes.io/region"
    )
}

/// Whether an annotation of a pod decides about security: that of a profile, of a mesh, or an exception. The others are
/// notes of schedulers and networks that differ from pod to pod.
pub(super) fn is_telling_annotation(key: &str) -> bool {
    const PREFIXES: &[&str] = &[
        "container.apparmor.security.beta.kubernetes.io/",
        "container.seccomp.security.alpha.kubernetes.io/",
        "seccomp.security.alpha.kubernetes.io/",
        "sidecar.istio.io/",
        "traffic.sidecar.istio.io/",
        "config.linkerd.io/",
        "seaworthy.dev/",
    ];
    key == "linkerd.io/inject" || PREFIXES.iter().any(|prefix| key.starts_with(prefix))
}
