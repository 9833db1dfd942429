//! What `scan --cluster` says of the kubelets of both profiles: the API server is asked for what they say of themselves.

use super::{DONE, OPEN, Row, UNKNOWN};

/// Controls that only a node decides.
pub(super) const NODES: &[Row] = &[
    ("kubelet/anonymous-auth", OPEN, DONE),
    ("kubelet/authorization-mode", OPEN, DONE),
    ("kubelet/certificates", OPEN, DONE),
    ("kubelet/client-ca", OPEN, DONE),
    // Nothing in the cluster says what the kubelet is meant to be configured with.
    ("kubelet/config-drift", UNKNOWN, UNKNOWN),
    ("kubelet/debug-handlers", OPEN, DONE),
    ("kubelet/pod-pids-limit", OPEN, DONE),
    ("kubelet/read-only-port", OPEN, DONE),
    ("kubelet/safe-defaults", OPEN, DONE),
    ("kubelet/seccomp-default", OPEN, DONE),
    ("kubelet/static-pods", DONE, DONE),
    ("kubelet/tls-strength", OPEN, DONE),
];
