//! What controls look at beside their subjects, by the matter. Where several look at the same, they name the same.

use super::{Kinds, PODS, RIGHTS};
use crate::control::Reads;

const POLICY_KINDS: Kinds = &[
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy.networking.k8s.io", "AdminNetworkPolicy"),
    ("policy.networking.k8s.io", "BaselineAdminNetworkPolicy"),
    ("policy.networking.k8s.io", "ClusterNetworkPolicy"),
    ("cilium.io", "CiliumClusterwideNetworkPolicy"),
    ("cilium.io", "CiliumNetworkPolicy"),
    ("projectcalico.org", "GlobalNetworkPolicy"),
    ("projectcalico.org", "NetworkPolicy"),
    ("crd.projectcalico.org", "GlobalNetworkPolicy"),
    ("crd.projectcalico.org", "NetworkPolicy"),
    ("crd.antrea.io", "ClusterNetworkPolicy"),
    ("crd.antrea.io", "NetworkPolicy"),
];

/// Policies that deny or allow what a pod sends and takes. A pod that was not shown may be one that none is about.
pub(crate) const POLICIES: Reads =
    Reads { against: POLICY_KINDS, in_favour: POLICY_KINDS, everywhere: false };

/// Pods as subjects of checks that look at all evidence at once.
pub(crate) const EVERY_POD: Reads = Reads { against: PODS, ..Reads::NONE };

/// The namespaces, for what compares them.
pub(crate) const EVERY_NAMESPACE: Reads =
    Reads { against: &[("", "Namespace")], in_favour: &[("", "Namespace")], everywhere: true };

const MESH_KINDS: Kinds = &[
    ("", "Namespace"),
    ("security.istio.io", "AuthorizationPolicy"),
    ("security.istio.io", "PeerAuthentication"),
    ("policy.linkerd.io", "AuthorizationPolicy"),
    ("policy.linkerd.io", "MeshTLSAuthentication"),
    ("policy.linkerd.io", "NetworkAuthentication"),
    ("policy.linkerd.io", "Server"),
    ("policy.linkerd.io", "ServerAuthorization"),
];

/// Who is in a mesh, and what policies of it say; those of the root namespace are for all.
pub(crate) const MESH: Reads = Reads { against: MESH_KINDS, in_favour: MESH_KINDS, everywhere: true };

/// Roles and bindings of all namespaces: an account may be bound in any.
pub(crate) const GRANTS: Reads = Reads { against: RIGHTS, in_favour: &[], everywhere: true };

/// The same, for what is excused by a binding.
pub(crate) const EXCUSING_GRANTS: Reads = Reads { against: &[], in_favour: RIGHTS, everywhere: true };

/// The accounts that pods name.
pub(crate) const ACCOUNTS: Reads =
    Reads { against: &[("", "ServiceAccount")], in_favour: &[("", "ServiceAccount")], everywhere: false };

/// Ways into the cluster.
pub(crate) const ENTRIES: Reads = Reads {
    against: &[
        ("", "Service"),
        ("extensions", "Ingress"),
        ("gateway.networking.k8s.io", "GRPCRoute"),
        ("gateway.networking.k8s.io", "HTTPRoute"),
        ("gateway.networking.k8s.io", "TCPRoute"),
        ("gateway.networking.k8s.io", "TLSRoute"),
        ("gateway.networking.k8s.io", "UDPRoute"),
        ("networking.istio.io", "VirtualService"),
        ("networking.k8s.io", "Ingress"),
        ("projectcontour.io", "HTTPProxy"),
        ("route.openshift.io", "Route"),
        ("traefik.containo.us", "IngressRoute"),
        ("traefik.io", "IngressRoute"),
    ],
    ..Reads::NONE
};

/// What asks callers who they are before they reach an application.
pub(crate) const GATES: Reads = Reads {
    against: &[
        ("extensions", "Ingress"),
        ("gateway.networking.k8s.io", "GRPCRoute"),
        ("gateway.networking.k8s.io", "HTTPRoute"),
        ("networking.k8s.io", "Ingress"),
        ("security.istio.io", "RequestAuthentication"),
    ],
    in_favour: &[("gateway.envoyproxy.io", "SecurityPolicy"), ("security.istio.io", "AuthorizationPolicy")],
    everywhere: false,
};

/// Gateways and the routes on them.
pub(crate) const GATEWAYS: Reads = Reads {
    against: &[
        ("gateway.networking.k8s.io", "Gateway"),
        ("gateway.networking.k8s.io", "GRPCRoute"),
        ("gateway.networking.k8s.io", "HTTPRoute"),
    ],
    ..Reads::NONE
};

/// Services, some of which are the entry on purpose: by their pods.
pub(crate) const SERVICES: Reads =
    Reads { against: &[("", "Service")], in_favour: &[("", "Pod")], everywhere: false };

/// Claims, and the pods that mount them.
pub(crate) const CLAIMS: Reads = Reads {
    against: &[("", "PersistentVolumeClaim"), ("", "Pod"), ("apps", "Deployment"), ("apps", "StatefulSet")],
    ..Reads::NONE
};

/// Log agents and their configuration.
pub(crate) const AGENTS: Reads = Reads {
    against: &[("apps", "DaemonSet"), ("", "ConfigMap")],
    in_favour: &[("apps", "DaemonSet"), ("", "Pod")],
    everywhere: true,
};

/// Prometheus and its rules.
pub(crate) const PROMETHEUS: Reads = Reads {
    against: &[("monitoring.coreos.com", "Prometheus"), ("monitoring.coreos.com", "PrometheusRule")],
    ..Reads::NONE
};

/// Quotas and limits of namespaces.
pub(crate) const BOUNDS: Reads =
    Reads { against: &[], in_favour: &[("", "LimitRange"), ("", "ResourceQuota")], everywhere: false };

/// Runtime classes by their handlers.
pub(crate) const RUNTIME_CLASSES: Reads = Reads {
    against: &[("node.k8s.io", "RuntimeClass")],
    in_favour: &[("node.k8s.io", "RuntimeClass")],
    everywhere: true,
};

/// Secrets that others name, by type.
pub(crate) const SECRETS: Reads = Reads { against: &[("", "Secret")], ..Reads::NONE };

/// Jobs that make backups, and what they back up.
pub(crate) const JOBS: Reads = Reads { in_favour: &[("batch", "CronJob")], everywhere: true, ..Reads::NONE };

/// Claims, and schedules of backups that include them.
pub(crate) const SCHEDULES: Reads = Reads {
    against: &[("", "PersistentVolumeClaim")],
    in_favour: &[("velero.io", "Schedule")],
    everywhere: true,
};

/// Admission policies of the API server, and the bindings that put them into effect.
pub(crate) const ADMISSION: Reads = Reads {
    against: &[
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding"),
    ],
    in_favour: &[("admissionregistration.k8s.io", "ValidatingAdmissionPolicyBinding")],
    everywhere: true,
};
