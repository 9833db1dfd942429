//! What installers write into command lines by themselves.

use super::{Program, Setup};

/// Flags that an installer states, by program.
type Table = &'static [(Program, &'static [(&'static str, &'static str)])];

/// The value that an installer gives to a flag of a program.
pub(super) fn flag(setup: Setup, program: Program, name: &str) -> Option<&'static str> {
    let table = match setup {
        Setup::Kubeadm => KUBEADM,
        Setup::K3s => K3S,
        Setup::CommandLine | Setup::ConfigurationFile => return None,
    };
    let (_, flags) = table.iter().find(|(of, _)| *of == program)?;
    flags.iter().find(|(flag, _)| *flag == name).map(|(_, value)| *value)
}

/// The flags that kubeadm writes (`cmd/kubeadm/app/phases/controlplane/manifests.go`, `app/phases/etcd/local.go` and
/// `app/phases/kubelet/flags.go` of v1.36) as far as controls look at them.
const KUBEADM: Table = &[
    (
        Program::ApiServer,
        &[
            ("allow-privileged", "true"),
            ("authorization-mode", "Node,RBAC"),
            ("client-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("enable-admission-plugins", "NodeRestriction"),
            ("enable-bootstrap-token-auth", "true"),
            ("etcd-cafile", "/etc/kubernetes/pki/etcd/ca.crt"),
            ("etcd-certfile", "/etc/kubernetes/pki/apiserver-etcd-client.crt"),
            ("etcd-keyfile", "/etc/kubernetes/pki/apiserver-etcd-client.key"),
            ("etcd-servers", "https://127.0.0.1:2379"),
            ("kubelet-client-certificate", "/etc/kubernetes/pki/apiserver-kubelet-client.crt"),
            ("kubelet-client-key", "/etc/kubernetes/pki/apiserver-kubelet-client.key"),
            ("proxy-client-cert-file", "/etc/kubernetes/pki/front-proxy-client.crt"),
            ("proxy-client-key-file", "/etc/kubernetes/pki/front-proxy-client.key"),
            ("requestheader-allowed-names", "front-proxy-client"),
            ("requestheader-client-ca-file", "/etc/kubernetes/pki/front-proxy-ca.crt"),
            ("secure-port", "6443"),
            ("service-account-issuer", "https://kubernetes.default.svc.cluster.local"),
            ("service-account-key-file", "/etc/kubernetes/pki/sa.pub"),
            ("service-account-signing-key-file", "/etc/kubernetes/pki/sa.key"),
            ("tls-cert-file", "/etc/kubernetes/pki/apiserver.crt"),
            ("tls-private-key-file", "/etc/kubernetes/pki/apiserver.key"),
        ],
    ),
    (
        Program::ControllerManager,
        &[
            ("authentication-kubeconfig", "/etc/kubernetes/controller-manager.conf"),
            ("authorization-kubeconfig", "/etc/kubernetes/controller-manager.conf"),
            ("bind-address", "127.0.0.1"),
            ("client-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("cluster-signing-cert-file", "/etc/kubernetes/pki/ca.crt"),
            ("cluster-signing-key-file", "/etc/kubernetes/pki/ca.key"),
            ("kubeconfig", "/etc/kubernetes/controller-manager.conf"),
            ("requestheader-client-ca-file", "/etc/kubernetes/pki/front-proxy-ca.crt"),
            ("root-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("service-account-private-key-file", "/etc/kubernetes/pki/sa.key"),
            ("use-service-account-credentials", "true"),
        ],
    ),
    (
        Program::Scheduler,
        &[
            ("authentication-kubeconfig", "/etc/kubernetes/scheduler.conf"),
            ("authorization-kubeconfig", "/etc/kubernetes/scheduler.conf"),
            ("bind-address", "127.0.0.1"),
            ("kubeconfig", "/etc/kubernetes/scheduler.conf"),
        ],
    ),
    (
        Program::Etcd,
        &[
            ("cert-file", "/etc/kubernetes/pki/etcd/server.crt"),
            ("client-cert-auth", "true"),
            ("data-dir", "/var/lib/etcd"),
            ("key-file", "/etc/kubernetes/pki/etcd/server.key"),
            ("listen-client-urls", "https://127.0.0.1:2379"),
            ("listen-peer-urls", "https://127.0.0.1:2380"),
            ("peer-cert-file", "/etc/kubernetes/pki/etcd/peer.crt"),
            ("peer-client-cert-auth", "true"),
            ("peer-key-file", "/etc/kubernetes/pki/etcd/peer.key"),
            ("peer-trusted-ca-file", "/etc/kubernetes/pki/etcd/ca.crt"),
            ("trusted-ca-file", "/etc/kubernetes/pki/etcd/ca.crt"),
        ],
    ),
    (
        Program::Kubelet,
        &[
            ("bootstrap-kubeconfig", "/etc/kubernetes/bootstrap-kubelet.conf"),
            ("config", "/var/lib/kubelet/config.yaml"),
            ("kubeconfig", "/etc/kubernetes/kubelet.conf"),
        ],
    ),
];

/// The flags that k3s states, as far as they are certain.
const K3S: Table = &[];
