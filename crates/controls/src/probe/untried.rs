//! Why nothing tries a control.

/// Reasons, each with the controls that it holds for. A control that has got a probe meanwhile may still stand here.
const REASONS: &[(&str, &[&str])] = &[
    (
        "It says how people work, which no request shows: who holds access, for how long and why.",
        &[
            "access/break-glass",
            "access/grant-expiry",
            "access/multi-cluster",
            "access/no-standing-privilege",
            "access/stale-subjects",
            "cloud/cluster-access-map",
            "rbac/unused-permissions",
            "secrets/rotation",
            "supply-chain/pipeline-gate",
            "supply-chain/third-party-packages",
        ],
    ),
    (
        "Nothing refuses what it asks people to avoid: it says how workloads are written, and a cluster that lets others in is in \
         order. What must not be let in is a policy, which `admission/policy-engine` tries.",
        &[
            "namespaces/default-unused",
            "namespaces/system-separation",
            "namespaces/team-boundaries",
            "pods/high-ids",
            "pods/host-aliases",
            "pods/mac-profile",
            "pods/read-only-root-filesystem",
            "pods/runtime-socket",
            "pods/sandboxed-runtime",
            "pods/sensitive-host-path",
            "pods/shared-process-namespace",
            "pods/ssh-server",
            "pods/user-namespaces",
            "secrets/as-files",
            "secrets/external-store",
            "secrets/file-mode",
            "secrets/in-config-maps",
            "secrets/in-pod-spec",
            "secrets/memory-backed",
            "service-accounts/default-account",
            "service-accounts/infrastructure-accounts",
            "storage/claim-access",
            "storage/host-volumes",
        ],
    ),
    (
        "It is about the form of roles and bindings. What they lead to is tried by the controls of single rights, such as \
         `rbac/secret-access`, whoever gives them.",
        &[
            "rbac/builtin-roles",
            "rbac/dangling-bindings",
            "rbac/group-subjects",
            "rbac/namespaced-scope",
            "rbac/system-masters",
            "rbac/wildcards",
            "rbac/workload-privilege",
        ],
    ),
    (
        "It is a matter of files, and nobody hands them out over a port: a scan of the node reads them.",
        &[
            "control-plane/controller-credentials",
            "control-plane/file-permissions",
            "etcd/data-permissions",
            "kube-proxy/kubeconfig-permissions",
            "kubelet/file-permissions",
            "secrets/in-repository",
        ],
    ),
    (
        "It compares or reads what components say of themselves, which is evidence and not a proof: `/configz` and `/flagz` are \
         read by a scan.",
        &[
            "control-plane/config-drift",
            "kubelet/config-drift",
            "kubelet/pod-pids-limit",
            "kubelet/static-pods",
        ],
    ),
    (
        "It is about what is inside of images, or about where they were made: nothing of a cluster tells, and images are not \
         pulled to prove something.",
        &[
            "images/embedded-secrets",
            "images/minimal-content",
            "images/non-root-user",
            "images/provenance-attested",
            "images/registry-credentials",
            "images/tag-fixed",
            "images/vulnerabilities",
        ],
    ),
    (
        "What it forbids could only be tried by running pods that are not ours, or by moving those of others.",
        &[
            "container-runtime/patched",
            "container-runtime/registry-tls",
            "container-runtime/sandbox-handlers",
            "control-plane/isolated-nodes",
            "exposure/console-inventory",
            "exposure/ingress-controller",
            "mesh/authorization",
            "mesh/coverage",
            "mesh/identity-ca",
            "mesh/network-encryption",
            "mesh/strict-mtls",
            "network/default-deny-egress",
            "network/default-deny-ingress",
            "network/least-privilege-flows",
            "network/namespace-isolation",
            "network/policy-effect",
        ],
    ),
    (
        "Somebody else decides it, whom the cluster does not lead to: a cloud, a store of logs or of backups, a registry.",
        &[
            "audit/retention",
            "cloud/instance-metadata",
            "cloud/managed-control-plane",
            "cloud/workload-identity",
            "detection/log-shipping",
            "detection/metrics-alerts",
            "detection/runtime-sensor",
            "etcd/backup-restorable",
            "storage/backup",
            "storage/encryption",
        ],
    ),
    (
        "It takes a key that nobody gives to a probe, and a refusal would say nothing of other keys.",
        &["api-server/etcd-client-tls", "authentication/client-certificates"],
    ),
];

/// Reasons, in their order, by which nothing tries a control.
pub fn reasons() -> impl Iterator<Item = &'static str> {
    REASONS.iter().map(|(reason, _)| *reason)
}

/// Why nothing tries a control; `None` of one that nobody has thought about.
pub fn why_untried(control: &str) -> Option<&'static str> {
    REASONS.iter().find(|(_, controls)| controls.contains(&control)).map(|(reason, _)| *reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_control_without_a_probe_says_why() {
        for control in crate::catalogue::all().filter(|control| control.probes.is_empty()) {
            assert!(why_untried(control.id).is_some(), "{}", control.id);
        }
        for id in REASONS.iter().flat_map(|(_, controls)| controls.iter()) {
            assert!(crate::catalogue::all().any(|control| control.id == *id), "{id} is no control");
        }
    }
}
