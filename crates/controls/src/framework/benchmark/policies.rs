//! Section 5: what objects of the cluster say.

use crate::assessment::Finding;

use super::checks;
use super::recommendation::Judge::{Findings, NetworkPolicies, Person, Pods};
use super::recommendation::{Recommendation, all, manual};

pub(super) static ITEMS: &[Recommendation] = &[
    manual("5.1.1", "few hold `cluster-admin`", Findings(&["rbac/cluster-admin"], all)),
    manual("5.1.2", "few read Secrets", Findings(&["rbac/secret-access"], all)),
    manual("5.1.3", "roles without wildcards", Findings(&["rbac/wildcards"], all)),
    manual("5.1.4", "few create pods", Findings(&["rbac/workload-creation"], all)),
    manual(
        "5.1.5",
        "default service accounts are not used",
        Findings(&["service-accounts/default-account", "service-accounts/default-account-bindings"], all),
    ),
    manual("5.1.6", "tokens only where needed", Findings(&["service-accounts/automount-token"], all)),
    manual("5.1.7", "nobody is in `system:masters`", Findings(&["rbac/system-masters"], all)),
    manual("5.1.8", "few bind, impersonate or escalate", Findings(&["rbac/escalate-bind-impersonate"], all)),
    manual(
        "5.1.9",
        "few create persistent volumes",
        Findings(&["rbac/node-and-volume-write"], is_about_volumes),
    ),
    manual("5.1.10", "few reach kubelets through nodes/proxy", Findings(&["rbac/nodes-proxy"], all)),
    manual("5.1.11", "few approve certificates", Findings(&["rbac/csr-approval"], all)),
    manual("5.1.12", "few change admission webhooks", Findings(&["rbac/admission-write"], all)),
    manual("5.1.13", "few create tokens of service accounts", Findings(&["rbac/token-creation"], all)),
    manual("5.2.1", "something enforces pod security", Findings(&["namespaces/pod-security-enforce"], all)),
    manual("5.2.2", "no privileged containers", Findings(&["pods/privileged"], all)),
    manual("5.2.3", "no process namespace of the host", Pods(checks::host_pid)),
    manual("5.2.4", "no IPC namespace of the host", Pods(checks::host_ipc)),
    manual("5.2.5", "no network of the host", Pods(checks::host_network)),
    manual("5.2.6", "no privilege escalation", Findings(&["pods/privilege-escalation"], all)),
    manual("5.2.7", "no containers that run as root", Findings(&["pods/run-as-non-root"], all)).deep(),
    manual("5.2.8", "no containers with `NET_RAW`", Pods(checks::net_raw)),
    manual("5.2.9", "containers drop all capabilities", Findings(&["pods/capabilities-dropped"], all)).deep(),
    manual("5.2.10", "no Windows HostProcess containers", Findings(&["pods/windows-host-process"], all)),
    manual("5.2.11", "no volumes of the host", Findings(&["pods/host-path"], all)),
    manual("5.2.12", "no ports of the host", Findings(&["pods/host-ports"], all)),
    manual("5.3.1", "network policies are enforced", Findings(&["network/enforcement"], all)),
    manual("5.3.2", "each namespace has network policies", NetworkPolicies).deep(),
    manual("5.4.1", "Secrets as files, not as variables", Findings(&["secrets/as-files"], all)),
    manual("5.4.2", "Secrets come from an external store", Findings(&["secrets/external-store"], all)).deep(),
    manual("5.5.1", "images are judged at admission", Findings(&["admission/image-policy"], all)).deep(),
    manual(
        "5.6.1",
        "namespaces separate what belongs apart",
        Person("which teams and applications share a namespace, and whether they should"),
    ),
    manual("5.6.2", "pods have a seccomp profile", Findings(&["pods/seccomp-profile"], all)).deep(),
    manual(
        "5.6.3",
        "pods have a security context",
        Findings(&["pods/run-as-non-root", "pods/privilege-escalation", "pods/capabilities-dropped"], all),
    )
    .deep(),
    manual("5.6.4", "the namespace `default` is not used", Findings(&["namespaces/default-unused"], all))
        .deep(),
];

/// The control also looks at nodes and classes.
fn is_about_volumes(finding: &Finding<'_>) -> bool {
    finding.message.contains("`persistentvolumes`")
}
