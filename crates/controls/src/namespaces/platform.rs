//! Where the images of platforms come from: what is expected in system namespaces.

use seaworthy_imaging::Reference;

/// Registries and repository prefixes, by whole segments, from which projects and providers publish the components
/// of clusters.
const SOURCES: &[&str] = &[
    "docker.io/antrea",
    "docker.io/calico",
    "docker.io/cilium",
    "docker.io/coredns",
    "docker.io/flannel",
    "docker.io/istio",
    "docker.io/kindest",
    "docker.io/longhornio",
    "docker.io/openpolicyagent",
    "docker.io/rancher",
    "docker.io/weaveworks",
    "gcr.io/google-containers",
    "gcr.io/google_containers",
    "gcr.io/gke-release",
    "gcr.io/istio-release",
    "gcr.io/k8s-minikube",
    "gcr.io/k8s-staging-metrics-server",
    "gcr.io/kubebuilder",
    "ghcr.io/flannel-io",
    "ghcr.io/k8snetworkplumbingwg",
    "ghcr.io/kube-vip",
    "ghcr.io/kyverno",
    "ghcr.io/linkerd",
    "cr.l5d.io/linkerd",
    "gke.gcr.io",
    "k8s.gcr.io",
    "mcr.microsoft.com/aks",
    "mcr.microsoft.com/azure-policy",
    "mcr.microsoft.com/azuremonitor",
    "mcr.microsoft.com/containernetworking",
    "mcr.microsoft.com/oss",
    "public.ecr.aws/eks",
    "public.ecr.aws/eks-distro",
    "quay.io/brancz",
    "quay.io/calico",
    "quay.io/cephcsi",
    "quay.io/cilium",
    "quay.io/metallb",
    "quay.io/openshift",
    "quay.io/openshift-release-dev",
    "quay.io/tigera",
    "reg.kyverno.io",
    "registry.k8s.io",
    "registry.redhat.io/openshift4",
];

/// Whether an image is one of a known platform.
pub(super) fn holds(image: &Reference<'_>) -> bool {
    SOURCES.iter().any(|source| image.is_within(source)) || is_of_eks(image)
}

/// Amazon publishes the add-ons of EKS from one account, in a registry for each region.
fn is_of_eks(image: &Reference<'_>) -> bool {
    image.registry().starts_with("602401143452.dkr.ecr.") && image.registry().ends_with(".amazonaws.com")
}
