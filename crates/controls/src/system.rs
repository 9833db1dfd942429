//! Known components of the platform that cannot work without what a control forbids.
//!
//! A component is recognised by the full repository of one of its images, registry included, never by a mere
//! name: a look-alike in another registry, or the same name in another place, is judged like anything else. What it
//! needs is listed control by control; everything else about it is judged as usual. Its findings stay in the report
//! as excepted, with the reason.

use seaworthy_imaging::Reference;
use seaworthy_podsecurity::Pod;

/// A known component.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Component {
    /// Repositories of its images, each with its registry.
    images: &'static [&'static str],
    /// Why it needs what it needs.
    reason: &'static str,
    /// The controls that it cannot meet.
    needs: &'static [&'static str],
}

impl Component {
    /// Why a control cannot hold for this component, when it cannot.
    pub(crate) fn reason(&self, control: &str) -> Option<&'static str> {
        self.needs.contains(&control).then_some(self.reason)
    }
}

/// Changes the network of the node from inside a pod.
const NODE_NETWORK: &[&str] = &[
    "control-plane/isolated-nodes",
    "pods/privileged",
    "pods/host-namespaces",
    "pods/host-path",
    "pods/sensitive-host-path",
    "pods/host-ports",
    "pods/capabilities-added",
    "pods/capabilities-dropped",
    "pods/privilege-escalation",
    "pods/run-as-non-root",
    "pods/run-as-user",
    "pods/high-ids",
    "pods/volume-types",
    "pods/read-only-root-filesystem",
    "pods/apparmor-profile",
    "pods/seccomp-unconfined",
    "pods/seccomp-profile",
    "pods/selinux-options",
];

/// Reads the state of the node, the whole file system included.
const NODE_READ: &[&str] = &[
    "control-plane/isolated-nodes",
    "pods/host-namespaces",
    "pods/host-path",
    "pods/sensitive-host-path",
    "pods/runtime-socket",
    "pods/host-ports",
    "pods/capabilities-added",
    "pods/capabilities-dropped",
    "pods/volume-types",
];

/// Mounts file systems for the kubelet.
const NODE_STORAGE: &[&str] = &[
    "control-plane/isolated-nodes",
    "pods/privileged",
    "pods/host-namespaces",
    "pods/host-path",
    "pods/sensitive-host-path",
    "pods/capabilities-added",
    "pods/capabilities-dropped",
    "pods/privilege-escalation",
    "pods/run-as-non-root",
    "pods/run-as-user",
    "pods/high-ids",
    "pods/volume-types",
    "pods/seccomp-profile",
];

/// A component of the control plane that the kubelet starts from a file.
const STATIC_POD: &[&str] = &[
    "pods/host-namespaces",
    "pods/host-path",
    "pods/sensitive-host-path",
    "pods/host-ports",
    "pods/volume-types",
    "pods/run-as-non-root",
    // Static pods cannot name a service account.
    "service-accounts/automount-token",
    "service-accounts/default-account",
];

const COMPONENTS: &[Component] = &[
    Component {
        images: &["registry.k8s.io/kube-proxy"],
        reason: "kube-proxy programs the packet filter of its node",
        needs: NODE_NETWORK,
    },
    Component {
        images: &[
            "docker.io/calico/node",
            "docker.io/calico/cni",
            "quay.io/calico/node",
            "quay.io/calico/cni",
            "quay.io/cilium/cilium",
            "docker.io/flannel/flannel",
            "docker.io/flannel/flannel-cni-plugin",
            "ghcr.io/flannel-io/flannel",
            "ghcr.io/flannel-io/flannel-cni-plugin",
            "docker.io/antrea/antrea-agent-ubuntu",
            "docker.io/weaveworks/weave-kube",
            "ghcr.io/k8snetworkplumbingwg/multus-cni",
        ],
        reason: "a network plugin configures the interfaces and routes of its node",
        needs: NODE_NETWORK,
    },
    Component {
        images: &["quay.io/metallb/speaker"],
        reason: "the MetalLB speaker announces addresses on the network of its node",
        needs: &[
            "pods/host-namespaces",
            "pods/host-ports",
            "pods/capabilities-added",
            "pods/capabilities-dropped",
            "pods/run-as-non-root",
            "pods/high-ids",
        ],
    },
    Component {
        images: &["quay.io/prometheus/node-exporter", "docker.io/prom/node-exporter"],
        reason: "node-exporter reads the processes, network and file systems of its node",
        needs: NODE_READ,
    },
    Component {
        images: &["docker.io/longhornio/longhorn-manager", "docker.io/rook/ceph", "quay.io/cephcsi/cephcsi"],
        reason: "a storage driver mounts volumes on its node for the kubelet",
        needs: NODE_STORAGE,
    },
    Component {
        images: &[
            "registry.k8s.io/kube-apiserver",
            "registry.k8s.io/kube-controller-manager",
            "registry.k8s.io/kube-scheduler",
            "registry.k8s.io/etcd",
        ],
        reason: "the control plane runs on the host network and reads its keys from the host",
        needs: STATIC_POD,
    },
];

/// Side cars that come with known components and need nothing themselves.
const SIDE_CARS: &[&str] = &[
    "quay.io/brancz/kube-rbac-proxy",
    "registry.k8s.io/pause",
    "registry.k8s.io/sig-storage/livenessprobe",
    "registry.k8s.io/sig-storage/csi-node-driver-registrar",
];

/// The known component that a pod is: one of its containers runs an image of the component, and the others run
/// nothing but further images of it and known side cars. A stranger in the same pod shares what the pod is allowed,
/// so with a stranger in it the pod is judged like any other.
pub(crate) fn component(pod: &Pod<'_>) -> Option<&'static Component> {
    let mut found = None;
    for container in pod.containers() {
        let image = Reference::parse(container.image()?).ok()?;
        let is = |known: &&str| {
            known.split_once('/').is_some_and(|(registry, repository)| {
                image.registry() == registry && image.repository() == repository
            })
        };
        match COMPONENTS.iter().find(|component| component.images.iter().any(is)) {
            Some(component) if found.is_none_or(|other| other == component) => found = Some(component),
            None if SIDE_CARS.iter().any(is) => {}
            _ => return None,
        }
    }
    found
}
