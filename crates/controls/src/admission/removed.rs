//! What Kubernetes no longer serves or reads, and since when: the deprecation guide of its documentation, and the flags
//! and plugins that release notes name.

use seaworthy_evidence::{Object, Program};

/// A kind that is no longer served in some version of its group.
pub(super) struct Removed {
    api_version: &'static str,
    kinds: &'static [&'static str],
    /// The minor version of Kubernetes 1 that serves it no more.
    pub(super) since: u32,
    /// What to write instead; nothing when the kind is gone.
    pub(super) instead: &'static str,
    /// Whether it guards something, which is unguarded when the object is refused.
    pub(super) guards: bool,
}

macro_rules! removed {
    ($($since:literal $guards:ident $api:literal [$($kind:literal)*] $instead:literal;)*) => {
        &[$(Removed {
            api_version: $api,
            kinds: &[$($kind),*],
            since: $since,
            instead: $instead,
            guards: removed!(@ $guards),
        }),*]
    };
    (@ guard) => { true };
    (@ other) => { false };
}

const REMOVED: &[Removed] = removed! {
    16 other "apps/v1beta1" ["ControllerRevision" "Deployment" "StatefulSet"] "apps/v1";
    16 other "apps/v1beta2" ["ControllerRevision" "DaemonSet" "Deployment" "ReplicaSet" "StatefulSet"] "apps/v1";
    16 other "extensions/v1beta1" ["DaemonSet" "Deployment" "ReplicaSet"] "apps/v1";
    16 guard "extensions/v1beta1" ["NetworkPolicy"] "networking.k8s.io/v1";
    22 other "extensions/v1beta1" ["Ingress"] "networking.k8s.io/v1";
    22 guard "admissionregistration.k8s.io/v1beta1"
        ["MutatingWebhookConfiguration" "ValidatingWebhookConfiguration"] "admissionregistration.k8s.io/v1";
    22 other "apiextensions.k8s.io/v1beta1" ["CustomResourceDefinition"] "apiextensions.k8s.io/v1";
    22 other "apiregistration.k8s.io/v1beta1" ["APIService"] "apiregistration.k8s.io/v1";
    22 other "certificates.k8s.io/v1beta1" ["CertificateSigningRequest"] "certificates.k8s.io/v1";
    22 other "coordination.k8s.io/v1beta1" ["Lease"] "coordination.k8s.io/v1";
    22 other "networking.k8s.io/v1beta1" ["Ingress" "IngressClass"] "networking.k8s.io/v1";
    22 guard "rbac.authorization.k8s.io/v1beta1"
        ["ClusterRole" "ClusterRoleBinding" "Role" "RoleBinding"] "rbac.authorization.k8s.io/v1";
    22 other "scheduling.k8s.io/v1beta1" ["PriorityClass"] "scheduling.k8s.io/v1";
    22 other "storage.k8s.io/v1beta1" ["CSIDriver" "CSINode" "StorageClass" "VolumeAttachment"] "storage.k8s.io/v1";
    25 other "autoscaling/v2beta1" ["HorizontalPodAutoscaler"] "autoscaling/v2";
    25 other "batch/v1beta1" ["CronJob"] "batch/v1";
    25 other "discovery.k8s.io/v1beta1" ["EndpointSlice"] "discovery.k8s.io/v1";
    25 other "node.k8s.io/v1beta1" ["RuntimeClass"] "node.k8s.io/v1";
    25 other "policy/v1beta1" ["PodDisruptionBudget"] "policy/v1";
    25 guard "policy/v1beta1" ["PodSecurityPolicy"] "";
    16 guard "extensions/v1beta1" ["PodSecurityPolicy"] "policy/v1beta1";
    26 other "autoscaling/v2beta2" ["HorizontalPodAutoscaler"] "autoscaling/v2";
    26 other "flowcontrol.apiserver.k8s.io/v1beta1"
        ["FlowSchema" "PriorityLevelConfiguration"] "flowcontrol.apiserver.k8s.io/v1";
    27 other "storage.k8s.io/v1beta1" ["CSIStorageCapacity"] "storage.k8s.io/v1";
    29 other "flowcontrol.apiserver.k8s.io/v1beta2"
        ["FlowSchema" "PriorityLevelConfiguration"] "flowcontrol.apiserver.k8s.io/v1";
    32 other "flowcontrol.apiserver.k8s.io/v1beta3"
        ["FlowSchema" "PriorityLevelConfiguration"] "flowcontrol.apiserver.k8s.io/v1";
};

/// The entry for an object, when its version was ever removed.
pub(super) fn removed(object: &Object<'_>) -> Option<&'static Removed> {
    REMOVED.iter().find(|entry| entry.api_version == object.api_version && entry.kinds.contains(&object.kind))
}

/// Admission plugins that are gone, with the version that has them no more.
pub(super) const PLUGINS: &[(&str, u32)] = &[
    ("DenyEscalatingExec", 21),
    ("DenyExecOnPrivileged", 21),
    ("PodSecurityPolicy", 25),
    ("SecurityContextDeny", 30),
];

/// Flags that are gone, with the version that has them no more: the program does not start with one of them.
pub(super) const FLAGS: &[(Program, &str, u32)] = &[
    (Program::ApiServer, "address", 24),
    (Program::ApiServer, "basic-auth-file", 19),
    (Program::ApiServer, "insecure-bind-address", 24),
    (Program::ApiServer, "insecure-port", 24),
    (Program::ApiServer, "port", 24),
    (Program::ControllerManager, "address", 24),
    (Program::ControllerManager, "port", 24),
    (Program::Kubelet, "cni-bin-dir", 24),
    (Program::Kubelet, "cni-conf-dir", 24),
    (Program::Kubelet, "container-runtime", 27),
    (Program::Kubelet, "network-plugin", 24),
    (Program::Scheduler, "address", 24),
    (Program::Scheduler, "port", 24),
];
