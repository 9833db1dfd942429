//! What is asked for: the kinds that controls read, and those that nobody needs.

/// A group of the API and the resources of it that controls read, by their names in the API and their kinds.
pub(crate) struct Group {
    pub(crate) name: &'static str,
    pub(crate) resources: &'static [(&'static str, &'static str)],
}

/// Groups that Kubernetes itself serves: resources of theirs that do not stand here are not asked for.
pub(crate) const BUILT_IN: &[Group] = &[
    Group {
        name: "",
        resources: &[
            ("configmaps", "ConfigMap"),
            ("limitranges", "LimitRange"),
            ("namespaces", "Namespace"),
            ("nodes", "Node"),
            ("persistentvolumeclaims", "PersistentVolumeClaim"),
            ("persistentvolumes", "PersistentVolume"),
            ("pods", "Pod"),
            ("podtemplates", "PodTemplate"),
            ("replicationcontrollers", "ReplicationController"),
            ("resourcequotas", "ResourceQuota"),
            ("secrets", "Secret"),
            ("serviceaccounts", "ServiceAccount"),
            ("services", "Service"),
        ],
    },
    Group {
        name: "admissionregistration.k8s.io",
        resources: &[
            ("mutatingadmissionpolicies", "MutatingAdmissionPolicy"),
            ("mutatingadmissionpolicybindings", "MutatingAdmissionPolicyBinding"),
            ("mutatingwebhookconfigurations", "MutatingWebhookConfiguration"),
            ("validatingadmissionpolicies", "ValidatingAdmissionPolicy"),
            ("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding"),
            ("validatingwebhookconfigurations", "ValidatingWebhookConfiguration"),
        ],
    },
    Group {
        name: "apiextensions.k8s.io",
        resources: &[("customresourcedefinitions", "CustomResourceDefinition")],
    },
    Group { name: "apiregistration.k8s.io", resources: &[("apiservices", "APIService")] },
    Group {
        name: "apps",
        resources: &[
            ("daemonsets", "DaemonSet"),
            ("deployments", "Deployment"),
            ("replicasets", "ReplicaSet"),
            ("statefulsets", "StatefulSet"),
        ],
    },
    Group { name: "autoscaling", resources: &[("horizontalpodautoscalers", "HorizontalPodAutoscaler")] },
    Group { name: "batch", resources: &[("cronjobs", "CronJob"), ("jobs", "Job")] },
    Group {
        name: "certificates.k8s.io",
        resources: &[
            ("certificatesigningrequests", "CertificateSigningRequest"),
            ("clustertrustbundles", "ClusterTrustBundle"),
        ],
    },
    Group {
        name: "flowcontrol.apiserver.k8s.io",
        resources: &[
            ("flowschemas", "FlowSchema"),
            ("prioritylevelconfigurations", "PriorityLevelConfiguration"),
        ],
    },
    Group {
        name: "networking.k8s.io",
        resources: &[
            ("ingressclasses", "IngressClass"),
            ("ingresses", "Ingress"),
            ("networkpolicies", "NetworkPolicy"),
        ],
    },
    Group { name: "node.k8s.io", resources: &[("runtimeclasses", "RuntimeClass")] },
    Group { name: "policy", resources: &[("poddisruptionbudgets", "PodDisruptionBudget")] },
    Group {
        name: "rbac.authorization.k8s.io",
        resources: &[
            ("clusterrolebindings", "ClusterRoleBinding"),
            ("clusterroles", "ClusterRole"),
            ("rolebindings", "RoleBinding"),
            ("roles", "Role"),
        ],
    },
    Group { name: "scheduling.k8s.io", resources: &[("priorityclasses", "PriorityClass")] },
    Group {
        name: "storage.k8s.io",
        resources: &[("csidrivers", "CSIDriver"), ("storageclasses", "StorageClass")],
    },
];

/// Groups of extensions whose objects controls read as a whole, every kind of them but those in [`NEVER`]. A trailing
/// kind list would age: what such a group adds, controls learn.
pub(crate) const EXTENSIONS: &[&str] = &[
    "addons.cluster.x-k8s.io",
    "argoproj.io",
    "bitnami.com",
    "cilium.io",
    "cluster.x-k8s.io",
    "constraints.gatekeeper.sh",
    "container.cnrm.cloud.google.com",
    "container.gcp.upbound.io",
    "containerservice.azure.upbound.io",
    "controlplane.cluster.x-k8s.io",
    "crd.antrea.io",
    "crd.projectcalico.org",
    "eks.aws.upbound.io",
    "eks.services.k8s.aws",
    "external-secrets.io",
    "gateway.envoyproxy.io",
    "gateway.networking.k8s.io",
    "helm.cattle.io",
    "helm.toolkit.fluxcd.io",
    "image.toolkit.fluxcd.io",
    "infrastructure.cluster.x-k8s.io",
    "karpenter.k8s.aws",
    "kustomize.toolkit.fluxcd.io",
    "kyverno.io",
    "monitoring.coreos.com",
    "networking.istio.io",
    "operator.openshift.io",
    "operators.coreos.com",
    "policies.kubewarden.io",
    "policies.kyverno.io",
    "policy.linkerd.io",
    "policy.networking.k8s.io",
    "policy.sigstore.dev",
    "postgresql.cnpg.io",
    "projectcalico.org",
    "projectcontour.io",
    "route.openshift.io",
    "secrets-store.csi.x-k8s.io",
    "security.istio.io",
    "security.openshift.io",
    "snapscheduler.backube",
    "source.toolkit.fluxcd.io",
    "tekton.dev",
    "telemetry.istio.io",
    "templates.gatekeeper.sh",
    "traefik.containo.us",
    "traefik.io",
    "velero.io",
    "volsync.backube",
];

/// Groups that hold measurements, reports and other work of machines: many objects, no settings.
const NEVER_GROUPS: &[&str] = &[
    "aquasecurity.github.io",
    "authentication.k8s.io",
    "authorization.k8s.io",
    // OpenShift serves RBAC once more under this name.
    "authorization.openshift.io",
    "coordination.k8s.io",
    "custom.metrics.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "external.metrics.k8s.io",
    "image.openshift.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "openreports.io",
    "packages.operators.coreos.com",
    "reports.kyverno.io",
    "resource.k8s.io",
    "spdx.softwarecomposition.kubescape.io",
    "storagemigration.k8s.io",
    "wgpolicyk8s.io",
];

/// Resources of groups of extensions that machines write for each other, one for each pod or more.
const NEVER: &[(&str, &str)] = &[
    ("acme.cert-manager.io", "challenges"),
    ("acme.cert-manager.io", "orders"),
    ("cert-manager.io", "certificaterequests"),
    ("cilium.io", "ciliumendpoints"),
    ("cilium.io", "ciliumendpointslices"),
    ("cilium.io", "ciliumidentities"),
    ("crd.projectcalico.org", "blockaffinities"),
    ("crd.projectcalico.org", "ipamblocks"),
    ("crd.projectcalico.org", "ipamhandles"),
    ("kyverno.io", "admissionreports"),
    ("kyverno.io", "backgroundscanreports"),
    ("kyverno.io", "clusteradmissionreports"),
    ("kyverno.io", "clusterbackgroundscanreports"),
    ("kyverno.io", "updaterequests"),
    ("operators.coreos.com", "clusterserviceversions"),
    ("operators.coreos.com", "installplans"),
    ("projectcalico.org", "blockaffinities"),
    ("projectcalico.org", "ipamblocks"),
    ("tekton.dev", "pipelineruns"),
    ("tekton.dev", "taskruns"),
    ("velero.io", "podvolumebackups"),
    ("velero.io", "podvolumerestores"),
];

/// What is kept of the objects of a kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// Each one.
    All,
    /// Names, types and numbers of keys: they are Secrets.
    Names,
    /// Those that hold pod templates.
    PodTemplates,
}

/// What is asked for of a kind, if anything.
pub(crate) fn keep(group: &str, resource: &str, kind: &str, namespaced: bool) -> Option<Keep> {
    if let Some(built_in) = BUILT_IN.iter().find(|built_in| built_in.name == group) {
        let wanted = built_in.resources.iter().any(|(name, of_kind)| *name == resource && *of_kind == kind);
        return wanted.then_some(if (group, resource) == ("", "secrets") { Keep::Names } else { Keep::All });
    }
    if NEVER_GROUPS.contains(&group) || NEVER.contains(&(group, resource)) {
        return None;
    }
    match EXTENSIONS.contains(&group) {
        true => Some(Keep::All),
        false => namespaced.then_some(Keep::PodTemplates),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_never_read_whole() {
        assert_eq!(keep("", "secrets", "Secret", true), Some(Keep::Names));
    }

    #[test]
    fn work_of_machines_is_left_out() {
        for (group, resource, kind) in [
            ("", "events", "Event"),
            ("", "endpoints", "Endpoints"),
            ("events.k8s.io", "events", "Event"),
            ("coordination.k8s.io", "leases", "Lease"),
            ("cilium.io", "ciliumendpoints", "CiliumEndpoint"),
            ("apps", "controllerrevisions", "ControllerRevision"),
        ] {
            assert_eq!(keep(group, resource, kind, true), None, "{group} {resource}");
        }
    }

    #[test]
    fn unknown_kinds_are_asked_for_pod_templates() {
        assert_eq!(keep("example.com", "machines", "Machine", true), Some(Keep::PodTemplates));
        assert_eq!(keep("example.com", "fleets", "Fleet", false), None, "nothing runs outside of namespaces");
        assert_eq!(keep("cilium.io", "ciliumnodeconfigs", "CiliumNodeConfig", true), Some(Keep::All));
    }

    #[test]
    fn tables_are_sorted() {
        assert!(BUILT_IN.is_sorted_by_key(|group| group.name));
        assert!(BUILT_IN.iter().all(|group| group.resources.is_sorted()));
        assert!(EXTENSIONS.is_sorted() && NEVER_GROUPS.is_sorted() && NEVER.is_sorted());
    }
}
