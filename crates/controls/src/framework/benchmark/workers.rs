//! Section 4: the nodes that run workloads.

use seaworthy_evidence::Program::{KubeProxy, Kubelet};

use super::checks;
use super::recommendation::Judge::{Control, Files, Person, Setting};
use super::recommendation::Want::{Check, Unset};
use super::recommendation::{Recommendation, automated, manual};

const KUBELET: &str = "kubelet";
const PROXY: &str = "kube-proxy";

pub(super) static ITEMS: &[Recommendation] = &[
    automated("4.1.1", "unit of the kubelet: mode 600 at most", Files(KUBELET)),
    automated("4.1.2", "unit of the kubelet: owned by root", Files(KUBELET)),
    manual("4.1.3", "kubeconfig of kube-proxy: mode 600 at most", Files(PROXY)),
    manual("4.1.4", "kubeconfig of kube-proxy: owned by root", Files(PROXY)),
    automated("4.1.5", "kubeconfig of the kubelet: mode 600 at most", Files(KUBELET)),
    automated("4.1.6", "kubeconfig of the kubelet: owned by root", Files(KUBELET)),
    manual("4.1.7", "CA of the kubelet's clients: mode 644 at most", Files(KUBELET)),
    manual("4.1.8", "CA of the kubelet's clients: owned by root", Files(KUBELET)),
    automated("4.1.9", "configuration of the kubelet: mode 600 at most", Files(KUBELET)),
    automated("4.1.10", "configuration of the kubelet: owned by root", Files(KUBELET)),
    automated("4.2.1", "the kubelet refuses anonymous requests", Control(Kubelet, "kubelet/anonymous-auth")),
    automated("4.2.2", "the kubelet asks who may do what", Control(Kubelet, "kubelet/authorization-mode")),
    automated("4.2.3", "the kubelet knows clients by a CA", Control(Kubelet, "kubelet/client-ca")),
    manual("4.2.4", "the read-only port is closed", Control(Kubelet, "kubelet/read-only-port")),
    manual("4.2.5", "idle streams end", Setting(Kubelet, Check(checks::idle_streams))),
    automated(
        "4.2.6",
        "the kubelet keeps its firewall rules",
        Setting(Kubelet, Check(checks::firewall_chains)),
    ),
    manual("4.2.7", "nodes keep their host names", Setting(Kubelet, Unset("--hostname-override"))),
    manual("4.2.8", "events are limited sensibly", Setting(Kubelet, Check(checks::event_rate))).deep(),
    manual(
        "4.2.9",
        "the kubelet has a certificate of its own",
        Setting(Kubelet, Check(checks::serving_certificate)),
    ),
    automated(
        "4.2.10",
        "client certificates of kubelets rotate",
        Setting(Kubelet, Check(checks::client_rotation)),
    ),
    manual(
        "4.2.11",
        "serving certificates of kubelets rotate",
        Setting(Kubelet, Check(checks::serving_rotation)),
    ),
    manual("4.2.12", "only strong cipher suites", Setting(Kubelet, Check(checks::kubelet_suites))),
    manual("4.2.13", "the processes of a pod are limited", Control(Kubelet, "kubelet/pod-pids-limit")),
    manual("4.2.14", "pods have a seccomp profile by default", Control(Kubelet, "kubelet/seccomp-default")),
    manual(
        "4.2.15",
        "systemd limits who reaches the kubelet",
        Person("`IPAddressDeny` and `IPAddressAllow` of the kubelet's unit"),
    ),
    automated(
        "4.3.1",
        "metrics of kube-proxy stay on the node",
        Control(KubeProxy, "kube-proxy/metrics-bind"),
    ),
];
