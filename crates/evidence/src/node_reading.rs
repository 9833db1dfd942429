//! What a node showed of itself: files with their modes and owners, certificates, sockets, what the kernel enforces. A
//! collector writes it down as a document of kind `NodeReading`; here are the views by which controls look at it.
//!
//! ```yaml
//! apiVersion: seaworthy.dev/v1alpha1
//! kind: NodeReading
//! metadata: {name: n1}
//! at: "2026-11-21T17:00:00Z"
//! files:
//! - {path: /var/lib/kubelet/config.yaml, role: kubelet-configuration, program: kubelet, mode: "0600", uid: 0, gid: 0,
//!    user: root, group: root, type: file, reachable: "0700 /var/lib/kubelet"}
//! - {path: /etc/kubernetes/pki/sa.key, role: pki-key, error: "permission denied"}
//! certificates:
//! - {path: /etc/kubernetes/pki/apiserver.crt, role: serving, notAfter: "2027-01-01T00:00:00Z", algorithm: rsa, bits: 2048}
//! security: {apparmor: enabled, selinux: disabled, seccomp: true}
//! sockets:
//! - {protocol: tcp, address: 127.0.0.1, port: 10248, program: kubelet, pid: 812}
//! ```

use seaworthy_document::Value;

use crate::collection::GROUP;
use crate::index::Evidence;
use crate::object::Object;

/// The kind of the document.
pub const KIND: &str = "NodeReading";

/// What a file is for. The word in the document is [`Role::name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// The manifest of a static pod; `program` names what it runs, where that is known.
    StaticPodManifest,
    /// Configuration of the pod network, and the addresses that it has given out.
    Cni,
    /// The data folder of etcd.
    EtcdData,
    /// The kubeconfig of an administrator: `admin.conf`, `super-admin.conf`.
    AdminKubeconfig,
    /// The kubeconfig of `program`.
    Kubeconfig,
    /// The folder of the keys and certificates, and folders in it.
    PkiFolder,
    /// A certificate in it.
    PkiCertificate,
    /// A key in it.
    PkiKey,
    /// The unit of the kubelet's service, and its drop-ins.
    KubeletUnit,
    /// A configuration file of the kubelet, or a drop-in.
    KubeletConfiguration,
    /// The CA by which the kubelet knows its clients.
    ClientCa,
    /// The configuration file of kube-proxy.
    KubeProxyConfiguration,
    /// A further configuration file of the control plane: encryption, authentication, authorization, admission, audit.
    ComponentConfiguration,
    /// The configuration of a container runtime.
    RuntimeConfiguration,
    /// The socket of a container runtime.
    RuntimeSocket,
    /// The folder of the manifests of static pods.
    StaticPodFolder,
    /// Static tokens of people and programs.
    TokenFile,
    /// Configuration of k3s or RKE2, which holds the token by which nodes join.
    DistributionConfiguration,
    /// The unit of another service than the kubelet.
    ServiceUnit,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 19] = [
        Role::StaticPodManifest,
        Role::Cni,
        Role::EtcdData,
        Role::AdminKubeconfig,
        Role::Kubeconfig,
        Role::PkiFolder,
        Role::PkiCertificate,
        Role::PkiKey,
        Role::KubeletUnit,
        Role::KubeletConfiguration,
        Role::ClientCa,
        Role::KubeProxyConfiguration,
        Role::ComponentConfiguration,
        Role::RuntimeConfiguration,
        Role::RuntimeSocket,
        Role::StaticPodFolder,
        Role::TokenFile,
        Role::DistributionConfiguration,
        Role::ServiceUnit,
    ];

    /// The word in the document.
    pub fn name(self) -> &'static str {
        match self {
            Role::StaticPodManifest => "static-pod-manifest",
            Role::Cni => "cni",
            Role::EtcdData => "etcd-data",
            Role::AdminKubeconfig => "admin-kubeconfig",
            Role::Kubeconfig => "kubeconfig",
            Role::PkiFolder => "pki-folder",
            Role::PkiCertificate => "pki-certificate",
            Role::PkiKey => "pki-key",
            Role::KubeletUnit => "kubelet-unit",
            Role::KubeletConfiguration => "kubelet-configuration",
            Role::ClientCa => "client-ca",
            Role::KubeProxyConfiguration => "kube-proxy-configuration",
            Role::ComponentConfiguration => "component-configuration",
            Role::RuntimeConfiguration => "runtime-configuration",
            Role::RuntimeSocket => "runtime-socket",
            Role::StaticPodFolder => "static-pod-folder",
            Role::TokenFile => "token-file",
            Role::DistributionConfiguration => "distribution-configuration",
            Role::ServiceUnit => "service-unit",
        }
    }

    /// The role of a word.
    pub fn named(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

/// What one node showed.
#[derive(Clone, Copy, Debug)]
pub struct NodeReading<'a> {
    root: Value<'a>,
}

impl<'a> NodeReading<'a> {
    /// The view of an object, when it is a reading.
    pub fn of(object: &Object<'a>) -> Option<NodeReading<'a>> {
        object.is(GROUP, KIND).then_some(NodeReading { root: object.value })
    }

    /// The whole document.
    pub fn value(&self) -> Value<'a> {
        self.root
    }

    /// The name of the node.
    pub fn node(&self) -> &'a str {
        text(self.root.at(&["metadata", "name"]))
    }

    /// When it was read, as RFC 3339 says it; empty when that is not known.
    pub fn at(&self) -> &'a str {
        text(self.root.get("at"))
    }

    /// The files that were looked at.
    pub fn files(&self) -> impl Iterator<Item = NodeFile<'a>> + use<'a> {
        items(self.root, "files").map(|value| NodeFile { value })
    }

    /// The certificates that were read.
    pub fn certificates(&self) -> impl Iterator<Item = Certificate<'a>> + use<'a> {
        items(self.root, "certificates").map(|value| Certificate { value })
    }

    /// The sockets that somebody listens on.
    pub fn sockets(&self) -> impl Iterator<Item = Socket<'a>> + use<'a> {
        items(self.root, "sockets").map(|value| Socket { value })
    }

    /// The processes that are known programs.
    pub fn processes(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        items(self.root, "processes")
    }

    /// What the settings of processes name: path, role, and the program that names it. A file may be named by several.
    pub fn uses(&self) -> impl Iterator<Item = (&'a str, Role, &'a str)> + use<'a> {
        self.processes().flat_map(|process| {
            let program = text(process.get("program"));
            let uses: Vec<_> = items(process, "uses").collect();
            uses.into_iter().filter_map(move |named| {
                Some((text(named.get("path")), Role::named(text(named.get("role")))?, program))
            })
        })
    }

    /// Whether a program runs on the node, by its name.
    pub fn runs(&self, program: &str) -> bool {
        self.processes().any(|process| text(process.get("program")) == program)
    }

    /// A fact about what the kernel enforces, as `apparmor`.
    pub fn security(&self, name: &str) -> Option<Value<'a>> {
        self.root.at(&["security", name])
    }
}

/// A file or folder of a node.
#[derive(Clone, Copy, Debug)]
pub struct NodeFile<'a> {
    value: Value<'a>,
}

impl<'a> NodeFile<'a> {
    /// Its entry in the document.
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// Its absolute path on the node.
    pub fn path(&self) -> &'a str {
        text(self.value.get("path"))
    }

    /// What it is for, when that is a word that is known.
    pub fn role(&self) -> Option<Role> {
        Role::named(text(self.value.get("role")))
    }

    /// The program that it belongs to; empty when it is none in particular.
    pub fn program(&self) -> &'a str {
        text(self.value.get("program"))
    }

    /// Whether it is a folder.
    pub fn is_folder(&self) -> bool {
        text(self.value.get("type")) == "folder"
    }

    /// Its permission bits, with set-id and sticky bits. They are written in octal digits.
    pub fn mode(&self) -> Option<u32> {
        let mode = self.value.get("mode")?.as_str()?;
        u32::from_str_radix(mode.trim_start_matches("0o"), 8).ok().map(|mode| mode & 0o7777)
    }

    /// The number of its owner.
    pub fn uid(&self) -> Option<i64> {
        self.value.get("uid")?.as_i64()
    }

    /// The number of its group.
    pub fn gid(&self) -> Option<i64> {
        self.value.get("gid")?.as_i64()
    }

    /// The name of its owner, where the node names it.
    pub fn user(&self) -> &'a str {
        text(self.value.get("user"))
    }

    /// The name of its group, where the node names it.
    pub fn group(&self) -> &'a str {
        text(self.value.get("group"))
    }

    /// Why it could not be looked at.
    pub fn error(&self) -> Option<&'a str> {
        self.value.get("error").map(|error| error.text())
    }

    /// Whether it is known not to be there, which is no breach.
    pub fn is_missing(&self) -> bool {
        self.error().is_some_and(|error| {
            let error = error.to_ascii_lowercase();
            error.contains("no such file") || error.contains("not found")
        })
    }

    /// The strictest folder on its path: mode and path.
    pub fn folder(&self) -> Option<(u32, &'a str)> {
        let (mode, path) = text(self.value.get("reachable")).split_once(' ')?;
        Some((u32::from_str_radix(mode, 8).ok()?, path.trim()))
    }

    /// The folder on its path that nobody but its owner passes, so that the file's own bits reach nobody else.
    pub fn closed_folder(&self) -> Option<&'a str> {
        self.folder().filter(|(mode, _)| mode & 0o011 == 0).map(|(_, path)| path)
    }
}

/// A certificate on a node.
#[derive(Clone, Copy, Debug)]
pub struct Certificate<'a> {
    value: Value<'a>,
}

impl<'a> Certificate<'a> {
    /// Its entry in the document.
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// The file that holds it.
    pub fn path(&self) -> &'a str {
        text(self.value.get("path"))
    }

    /// Whom it is of.
    pub fn subject(&self) -> &'a str {
        text(self.value.get("subject"))
    }

    /// When it ends, as RFC 3339 says it.
    pub fn not_after(&self) -> Option<Value<'a>> {
        self.value.get("notAfter")
    }

    /// When it begins, as RFC 3339 says it.
    pub fn not_before(&self) -> Option<Value<'a>> {
        self.value.get("notBefore")
    }

    /// Whether it signs others.
    pub fn is_ca(&self) -> bool {
        self.value.get("ca").and_then(|ca| ca.as_bool()) == Some(true)
    }

    /// Why it could not be read.
    pub fn error(&self) -> Option<&'a str> {
        self.value.get("error").map(|error| error.text())
    }
}

/// A socket that somebody listens on.
#[derive(Clone, Copy, Debug)]
pub struct Socket<'a> {
    value: Value<'a>,
}

impl<'a> Socket<'a> {
    /// Its entry in the document.
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// `tcp`, `tcp6`, `udp` and the like.
    pub fn protocol(&self) -> &'a str {
        text(self.value.get("protocol"))
    }

    /// The address that it is bound to.
    pub fn address(&self) -> &'a str {
        text(self.value.get("address"))
    }

    /// Its port.
    pub fn port(&self) -> Option<i64> {
        self.value.get("port")?.as_i64()
    }

    /// The program that listens; empty when that is not known.
    pub fn program(&self) -> &'a str {
        text(self.value.get("program"))
    }
}

impl<'a> Evidence<'a> {
    /// The readings of nodes, by the names of nodes.
    pub fn node_readings<'e>(
        &'e self,
    ) -> impl Iterator<Item = (&'e Object<'a>, NodeReading<'a>)> + use<'e, 'a> {
        self.of_kind(KIND).filter_map(|object| Some((object, NodeReading::of(object)?)))
    }
}

fn text(value: Option<Value<'_>>) -> &str {
    value.and_then(|value| value.as_str()).unwrap_or_default()
}

fn items<'a>(root: Value<'a>, key: &str) -> impl Iterator<Item = Value<'a>> + use<'a> {
    root.get(key).into_iter().flat_map(|list| list.items().collect::<Vec<_>>())
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::*;
    use crate::index::SourceFile;

    #[test]
    fn a_file_is_what_stat_says_of_it() {
        let text = "apiVersion: seaworthy.dev/v1alpha1\nkind: NodeReading\nmetadata: {name: n1}\nat: '2026-11-21T17:00:00Z'\n\
            processes: [{program: kubelet, pid: 812}]\nfiles:\n\
            - {path: /a, role: kubelet-configuration, mode: '0644', uid: 0, gid: 0, reachable: '0700 /var/lib/kubelet'}\n\
            - {path: /b, role: whatever, mode: 644, reachable: '0755 /etc'}\n\
            - {path: /c, role: pki-key, error: 'No such file or directory (os error 2)'}\n\
            - {path: /d, role: pki-key, error: 'permission denied'}\n";
        let files = [SourceFile::new("nodes/n1.json", Stream::read(text))];
        let evidence = Evidence::new(&files);
        let (_, reading) = evidence.node_readings().next().expect("a reading");
        assert_eq!((reading.node(), reading.at()), ("n1", "2026-11-21T17:00:00Z"));
        assert!(reading.runs("kubelet") && !reading.runs("kube"));
        let files: Vec<_> = reading.files().collect();
        assert_eq!(files[0].role(), Some(Role::KubeletConfiguration));
        assert_eq!(
            (files[0].mode(), files[0].uid(), files[0].closed_folder()),
            (Some(0o644), Some(0), Some("/var/lib/kubelet"))
        );
        // A number of YAML is none of octal digits: nobody knows what was meant.
        assert_eq!((files[1].role(), files[1].mode(), files[1].closed_folder()), (None, None, None));
        assert!(files[2].is_missing() && !files[3].is_missing());
        for role in Role::ALL {
            assert_eq!(Role::named(role.name()), Some(role));
        }
    }
}
