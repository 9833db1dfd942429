//! Sections 1 to 3: the control plane, etcd, authentication and audit.

use seaworthy_evidence::Program::{ApiServer, ControllerManager, Etcd, Scheduler};

use super::checks;
use super::recommendation::Judge::{AuditPolicy, Control, Files, Person, Setting};
use super::recommendation::Want::{AtLeast, Check, KeptPlugin, NoPlugin, Off, On, Plugin, Set, Unset};
use super::recommendation::{Recommendation, automated, manual};

const API: &str = "kube-apiserver";
const MANAGER: &str = "kube-controller-manager";
const SCHEDULER: &str = "kube-scheduler";
const ETCD: &str = "etcd";

pub(super) static ITEMS: &[Recommendation] = &[
    automated("1.1.1", "manifest of the API server: mode 600 at most", Files(API)),
    automated("1.1.2", "manifest of the API server: owned by root", Files(API)),
    automated("1.1.3", "manifest of the controller manager: mode 600 at most", Files(MANAGER)),
    automated("1.1.4", "manifest of the controller manager: owned by root", Files(MANAGER)),
    automated("1.1.5", "manifest of the scheduler: mode 600 at most", Files(SCHEDULER)),
    automated("1.1.6", "manifest of the scheduler: owned by root", Files(SCHEDULER)),
    automated("1.1.7", "manifest of etcd: mode 600 at most", Files(ETCD)),
    automated("1.1.8", "manifest of etcd: owned by root", Files(ETCD)),
    manual("1.1.9", "files of the pod network: mode 600 at most", Files(API)),
    manual("1.1.10", "files of the pod network: owned by root", Files(API)),
    automated("1.1.11", "data folder of etcd: mode 700 at most", Files(ETCD)),
    automated("1.1.12", "data folder of etcd: owned by etcd", Files(ETCD)),
    automated("1.1.13", "kubeconfigs of administrators: mode 600 at most", Files(API)),
    automated("1.1.14", "kubeconfigs of administrators: owned by root", Files(API)),
    automated("1.1.15", "kubeconfig of the scheduler: mode 600 at most", Files(SCHEDULER)),
    automated("1.1.16", "kubeconfig of the scheduler: owned by root", Files(SCHEDULER)),
    automated("1.1.17", "kubeconfig of the controller manager: mode 600 at most", Files(MANAGER)),
    automated("1.1.18", "kubeconfig of the controller manager: owned by root", Files(MANAGER)),
    automated("1.1.19", "PKI with all its files: owned by root", Files(API)),
    manual("1.1.20", "certificates of the PKI: mode 644 at most", Files(API)),
    manual("1.1.21", "keys of the PKI: mode 600 at most", Files(API)),
    manual("1.2.1", "anonymous requests are refused", Control(ApiServer, "api-server/anonymous-auth")),
    automated("1.2.2", "no file of static tokens", Setting(ApiServer, Unset("--token-auth-file"))),
    manual("1.2.3", "`DenyServiceExternalIPs` is on", Setting(ApiServer, Plugin("DenyServiceExternalIPs"))),
    automated(
        "1.2.4",
        "the API server shows kubelets a certificate",
        Setting(ApiServer, Set(&["--kubelet-client-certificate", "--kubelet-client-key"])),
    ),
    automated(
        "1.2.5",
        "the API server verifies kubelets",
        Setting(ApiServer, Set(&["--kubelet-certificate-authority"])),
    ),
    automated("1.2.6", "`AlwaysAllow` is no authorizer", Setting(ApiServer, Check(checks::no_always_allow))),
    automated("1.2.7", "`Node` is an authorizer", Setting(ApiServer, Check(checks::node_authorizer))),
    automated("1.2.8", "`RBAC` is an authorizer", Setting(ApiServer, Check(checks::rbac_authorizer))),
    manual("1.2.9", "`EventRateLimit` is on", Setting(ApiServer, Plugin("EventRateLimit"))),
    automated("1.2.10", "`AlwaysAdmit` is off", Setting(ApiServer, NoPlugin("AlwaysAdmit"))),
    manual("1.2.11", "`AlwaysPullImages` is on", Setting(ApiServer, Plugin("AlwaysPullImages"))),
    automated("1.2.12", "`ServiceAccount` stays on", Setting(ApiServer, KeptPlugin("ServiceAccount"))),
    automated(
        "1.2.13",
        "`NamespaceLifecycle` stays on",
        Setting(ApiServer, KeptPlugin("NamespaceLifecycle")),
    ),
    automated("1.2.14", "`NodeRestriction` is on", Setting(ApiServer, Plugin("NodeRestriction"))),
    automated("1.2.15", "profiling of the API server is off", Control(ApiServer, "api-server/profiling")),
    automated("1.2.16", "the audit log is written", Setting(ApiServer, Set(&["--audit-log-path"]))),
    automated(
        "1.2.17",
        "audit logs are kept for 30 days",
        Setting(ApiServer, AtLeast("--audit-log-maxage", 30)),
    ),
    automated(
        "1.2.18",
        "10 old audit logs are kept",
        Setting(ApiServer, AtLeast("--audit-log-maxbackup", 10)),
    ),
    automated(
        "1.2.19",
        "audit logs rotate at 100 MB",
        Setting(ApiServer, AtLeast("--audit-log-maxsize", 100)),
    ),
    manual(
        "1.2.20",
        "requests end after a sensible time",
        Setting(ApiServer, Check(checks::request_timeout)),
    ),
    automated(
        "1.2.21",
        "tokens of deleted service accounts are refused",
        Setting(ApiServer, On("--service-account-lookup", true)),
    ),
    automated(
        "1.2.22",
        "tokens have a key of their own",
        Setting(ApiServer, Set(&["--service-account-key-file"])),
    ),
    automated(
        "1.2.23",
        "the API server shows etcd a certificate",
        Setting(ApiServer, Set(&["--etcd-certfile", "--etcd-keyfile"])),
    ),
    automated(
        "1.2.24",
        "the API server has a certificate of its own",
        Setting(ApiServer, Set(&["--tls-cert-file", "--tls-private-key-file"])),
    ),
    automated("1.2.25", "clients are known by a CA", Setting(ApiServer, Set(&["--client-ca-file"]))),
    automated("1.2.26", "the API server verifies etcd", Setting(ApiServer, Set(&["--etcd-cafile"]))),
    manual(
        "1.2.27",
        "encryption at rest is configured",
        Setting(ApiServer, Set(&["--encryption-provider-config"])),
    ),
    manual(
        "1.2.28",
        "encryption at rest uses a sound provider",
        Setting(ApiServer, Check(checks::providers)),
    ),
    manual("1.2.29", "only strong cipher suites", Setting(ApiServer, Check(checks::api_server_suites))),
    automated(
        "1.2.30",
        "tokens of pods are not prolonged",
        Setting(ApiServer, Off("--service-account-extend-token-expiration", true)),
    ),
    manual(
        "1.3.1",
        "finished pods are cleared away in time",
        Setting(ControllerManager, Check(checks::terminated_pods)),
    ),
    automated(
        "1.3.2",
        "profiling of the controller manager is off",
        Control(ControllerManager, "api-server/profiling"),
    ),
    automated(
        "1.3.3",
        "each controller has its own account",
        Setting(ControllerManager, On("--use-service-account-credentials", false)),
    ),
    automated(
        "1.3.4",
        "tokens are signed by a key of their own",
        Setting(ControllerManager, Set(&["--service-account-private-key-file"])),
    ),
    automated("1.3.5", "pods are told the CA", Setting(ControllerManager, Set(&["--root-ca-file"]))),
    automated(
        "1.3.6",
        "serving certificates of kubelets rotate",
        Setting(ControllerManager, Check(checks::rotation_gate)),
    )
    .deep(),
    automated(
        "1.3.7",
        "the controller manager listens on loopback",
        Control(ControllerManager, "control-plane/bind-address"),
    ),
    automated("1.4.1", "profiling of the scheduler is off", Control(Scheduler, "api-server/profiling")),
    automated("1.4.2", "the scheduler listens on loopback", Control(Scheduler, "control-plane/bind-address")),
    automated("2.1", "etcd serves over TLS", Setting(Etcd, Set(&["--cert-file", "--key-file"]))),
    automated("2.2", "etcd demands certificates of clients", Setting(Etcd, Check(checks::etcd_clients))),
    automated("2.3", "certificates of etcd are not self-made", Setting(Etcd, Off("--auto-tls", false))),
    automated(
        "2.4",
        "members of etcd speak TLS",
        Setting(Etcd, Set(&["--peer-cert-file", "--peer-key-file"])),
    ),
    automated("2.5", "members of etcd demand certificates", Setting(Etcd, Check(checks::etcd_peers))),
    automated(
        "2.6",
        "certificates of members are not self-made",
        Setting(Etcd, Off("--peer-auto-tls", false)),
    ),
    manual("2.7", "etcd has a CA of its own", Control(Etcd, "etcd/dedicated-ca")).deep(),
    manual(
        "3.1.1",
        "people do not log in with client certificates",
        Person("how people log in: certificates cannot be taken back, an identity provider can"),
    )
    .deep(),
    manual(
        "3.1.2",
        "people do not log in with tokens of service accounts",
        Person("who uses tokens of service accounts: they are for programs in the cluster"),
    ),
    manual(
        "3.1.3",
        "people do not log in with bootstrap tokens",
        Person("which bootstrap tokens exist, and for how long: they are for nodes that join"),
    ),
    manual("3.2.1", "there is an audit policy", Setting(ApiServer, Set(&["--audit-policy-file"]))),
    manual("3.2.2", "the audit policy covers what matters", AuditPolicy(&["audit/policy-coverage"])).deep(),
];
