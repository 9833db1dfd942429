//! What installers write into command lines by themselves.

use super::{Program, Setup};

/// Flags that an installer states, by program.
type Table = &'static [(Program, &'static [(&'static str, &'static str)])];

/// The value that an installer gives to a flag of a program.
pub(super) fn flag(setup: Setup, program: Program, name: &str) -> Option<&'static str> {
    let table = match setup {
        Setup::Kubeadm => KUBEADM,
        Setup::K3s => K3S,
        Setup::CommandLine | Setup::ConfigurationFile | Setup::Running | Setup::Unread => return None,
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
            // Fields that it writes into the kubelet's file (`app/componentconfigs/kubelet.go`), as their flags.
            ("anonymous-auth", "false"),
            ("authentication-token-webhook", "true"),
            ("authorization-mode", "Webhook"),
            ("client-ca-file", "/etc/kubernetes/pki/ca.crt"),
            ("config", "/var/lib/kubelet/config.yaml"),
            ("pod-manifest-path", "/etc/kubernetes/manifests"),
            ("rotate-certificates", "true"),
            ("kubeconfig", "/etc/kubernetes/kubelet.conf"),
        ],
    ),
];

/// The flags that k3s states (`pkg/daemons/control/server.go`, `pkg/daemons/agent` and `pkg/etcd/etcd.go` of v1.33 to
/// v1.36; RKE2 starts its programs through the same code) as far as controls look at them. Paths are those of k3s.
const K3S: Table = &[
    (
        Program::ApiServer,
        &[
            ("allow-privileged", "true"),
            ("anonymous-auth", "false"),
            ("authorization-mode", "Node,RBAC"),
            ("client-ca-file", "/var/lib/rancher/k3s/server/tls/client-ca.crt"),
            ("enable-admission-plugins", "NodeRestriction"),
            ("enable-bootstrap-token-auth", "true"),
            ("kubelet-certificate-authority", "/var/lib/rancher/k3s/server/tls/server-ca.crt"),
            ("kubelet-client-certificate", "/var/lib/rancher/k3s/server/tls/client-kube-apiserver.crt"),
            ("kubelet-client-key", "/var/lib/rancher/k3s/server/tls/client-kube-apiserver.key"),
            ("profiling", "false"),
            ("proxy-client-cert-file", "/var/lib/rancher/k3s/server/tls/client-auth-proxy.crt"),
            ("proxy-client-key-file", "/var/lib/rancher/k3s/server/tls/client-auth-proxy.key"),
            ("requestheader-allowed-names", "system:auth-proxy"),
            ("requestheader-client-ca-file", "/var/lib/rancher/k3s/server/tls/request-header-ca.crt"),
            ("service-account-issuer", "https://kubernetes.default.svc.cluster.local"),
            ("service-account-key-file", "/var/lib/rancher/k3s/server/tls/service.key"),
            ("service-account-signing-key-file", "/var/lib/rancher/k3s/server/tls/service.current.key"),
            ("tls-cert-file", "/var/lib/rancher/k3s/server/tls/serving-kube-apiserver.crt"),
            ("tls-private-key-file", "/var/lib/rancher/k3s/server/tls/serving-kube-apiserver.key"),
        ],
    ),
    (
        Program::ControllerManager,
        &[
            ("authentication-kubeconfig", "/var/lib/rancher/k3s/server/cred/controller.kubeconfig"),
            ("authorization-kubeconfig", "/var/lib/rancher/k3s/server/cred/controller.kubeconfig"),
            ("bind-address", "127.0.0.1"),
            ("kubeconfig", "/var/lib/rancher/k3s/server/cred/controller.kubeconfig"),
            ("profiling", "false"),
            ("root-ca-file", "/var/lib/rancher/k3s/server/tls/server-ca.crt"),
            ("service-account-private-key-file", "/var/lib/rancher/k3s/server/tls/service.current.key"),
            ("use-service-account-credentials", "true"),
        ],
    ),
    (
        Program::Scheduler,
        &[
            ("authentication-kubeconfig", "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig"),
            ("authorization-kubeconfig", "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig"),
            ("bind-address", "127.0.0.1"),
            ("kubeconfig", "/var/lib/rancher/k3s/server/cred/scheduler.kubeconfig"),
            ("profiling", "false"),
        ],
    ),
    (
        Program::Etcd,
        &[
            ("cert-file", "/var/lib/rancher/k3s/server/tls/etcd/server-client.crt"),
            ("client-cert-auth", "true"),
            ("key-file", "/var/lib/rancher/k3s/server/tls/etcd/server-client.key"),
            ("peer-cert-file", "/var/lib/rancher/k3s/server/tls/etcd/peer-server-client.crt"),
            ("peer-client-cert-auth", "true"),
            ("peer-key-file", "/var/lib/rancher/k3s/server/tls/etcd/peer-server-client.key"),
            ("peer-trusted-ca-file", "/var/lib/rancher/k3s/server/tls/etcd/peer-ca.crt"),
            ("trusted-ca-file", "/var/lib/rancher/k3s/server/tls/etcd/server-ca.crt"),
        ],
    ),
    (
        Program::Kubelet,
        &[
            ("anonymous-auth", "false"),
            ("authentication-token-webhook", "true"),
            ("authorization-mode", "Webhook"),
            ("client-ca-file", "/var/lib/rancher/k3s/agent/client-ca.crt"),
            ("read-only-port", "0"),
            ("tls-cert-file", "/var/lib/rancher/k3s/agent/serving-kubelet.crt"),
            ("tls-private-key-file", "/var/lib/rancher/k3s/agent/serving-kubelet.key"),
        ],
    ),
];
