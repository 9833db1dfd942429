//! Storage drivers: what their parameters say about encryption, as their documentation states it.

/// How the volumes of a provisioner come to be encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// Always, by the provider; a parameter only chooses another key.
    Always,
    /// By a parameter that must be `true`.
    Parameter {
        /// The parameter.
        name: &'static str,
        /// What holds when it is missing.
        absent: Absent,
    },
    /// By something that no class states: why, and what would decide it.
    Elsewhere(&'static str),
}

/// What holds when the parameter is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Absent {
    /// Volumes are not encrypted.
    Plain,
    /// Volumes are not encrypted unless an account of the cloud does it by default.
    PlainUnlessAccount,
    /// The disks below may be.
    Below,
}

const FILE_SYSTEM: &str = "the file system behind this class exists already, encrypted or not";
const HOST: &str = "the disk of the node is encrypted or not, whatever the class says";
const BACKEND: &str = "the storage behind this class decides about encryption";

/// Provisioners by their whole name.
const DRIVERS: &[(&str, Encryption)] = &[
    ("ebs.csi.aws.com", Encryption::Parameter { name: "encrypted", absent: Absent::PlainUnlessAccount }),
    (
        "ebs.csi.eks.amazonaws.com",
        Encryption::Parameter { name: "encrypted", absent: Absent::PlainUnlessAccount },
    ),
    (
        "kubernetes.io/aws-ebs",
        Encryption::Parameter { name: "encrypted", absent: Absent::PlainUnlessAccount },
    ),
    ("efs.csi.aws.com", Encryption::Elsewhere(FILE_SYSTEM)),
    ("disk.csi.azure.com", Encryption::Always),
    ("file.csi.azure.com", Encryption::Always),
    ("blob.csi.azure.com", Encryption::Always),
    ("kubernetes.io/azure-disk", Encryption::Always),
    ("kubernetes.io/azure-file", Encryption::Always),
    ("pd.csi.storage.gke.io", Encryption::Always),
    ("filestore.csi.storage.gke.io", Encryption::Always),
    ("kubernetes.io/gce-pd", Encryption::Always),
    ("driver.longhorn.io", Encryption::Parameter { name: "encrypted", absent: Absent::Plain }),
    (
        "linodebs.csi.linode.com",
        Encryption::Parameter { name: "linodebs.csi.linode.com/encrypted", absent: Absent::Below },
    ),
    ("pxd.portworx.com", Encryption::Parameter { name: "secure", absent: Absent::Below }),
    ("kubernetes.io/portworx-volume", Encryption::Parameter { name: "secure", absent: Absent::Below }),
    ("cinder.csi.openstack.org", Encryption::Elsewhere(BACKEND)),
    ("csi.vsphere.vmware.com", Encryption::Elsewhere(BACKEND)),
    ("nfs.csi.k8s.io", Encryption::Elsewhere(FILE_SYSTEM)),
    ("kubernetes.io/no-provisioner", Encryption::Elsewhere(HOST)),
];

/// Provisioners by the end of their name: operators put the name of their namespace before it.
const ENDINGS: &[(&str, Encryption)] = &[
    ("rbd.csi.ceph.com", Encryption::Parameter { name: "encrypted", absent: Absent::Below }),
    ("cephfs.csi.ceph.com", Encryption::Parameter { name: "encrypted", absent: Absent::Below }),
];

/// Provisioners whose volumes are folders of the node.
const HOST_FOLDERS: &[&str] = &[
    "docker.io/hostpath",
    "hostpath.csi.k8s.io",
    "k8s.io/minikube-hostpath",
    "kubernetes.io/host-path",
    "microk8s.io/hostpath",
    "openebs.io/local",
    "rancher.io/local-path",
];

/// What is known of a provisioner; `None` when nothing is.
pub(super) fn encryption(provisioner: &str) -> Option<Encryption> {
    if keeps_on_host(provisioner) {
        return Some(Encryption::Elsewhere(HOST));
    }
    let whole = DRIVERS.iter().find(|(name, _)| *name == provisioner);
    let ending = || {
        ENDINGS.iter().find(|(end, _)| {
            provisioner.strip_suffix(end).is_some_and(|start| start.is_empty() || start.ends_with('.'))
        })
    };
    whole.or_else(ending).map(|(_, encryption)| *encryption)
}

/// Whether the volumes of a provisioner are folders of the node.
pub(super) fn keeps_on_host(provisioner: &str) -> bool {
    HOST_FOLDERS.contains(&provisioner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn provisioners_are_known_by_name_and_by_ending() {
        let encrypted = Encryption::Parameter { name: "encrypted", absent: Absent::Below };
        assert_eq!(encryption("rbd.csi.ceph.com"), Some(encrypted));
        assert_eq!(encryption("rook-ceph.rbd.csi.ceph.com"), Some(encrypted));
        assert_eq!(encryption("evilrbd.csi.ceph.com"), None);
        assert_eq!(encryption("example.com/nfs"), None);
    }
}
