//! Objects from which something in the cluster makes pods that no file shows: releases of charts, applications of GitOps,
//! custom resources of operators.

use std::collections::HashSet;

use seaworthy_evidence::{Evidence, Object};

/// Kinds of custom resources of which no pods are made, by group; an empty kind stands for all of the group.
const HARMLESS: &[(&str, &str)] = &[
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "PrometheusRule"),
    ("monitoring.coreos.com", "Probe"),
    ("monitoring.coreos.com", "ScrapeConfig"),
    ("monitoring.coreos.com", "AlertmanagerConfig"),
    ("cert-manager.io", ""),
    ("acme.cert-manager.io", ""),
    ("external-secrets.io", ""),
    ("bitnami.com", ""),
    ("gateway.networking.k8s.io", ""),
    ("networking.istio.io", ""),
    ("security.istio.io", ""),
    ("telemetry.istio.io", ""),
    ("policy.linkerd.io", ""),
    ("traefik.io", ""),
    ("cilium.io", ""),
    ("projectcalico.org", ""),
    ("crd.projectcalico.org", ""),
    ("policy.networking.k8s.io", ""),
    ("kustomize.config.k8s.io", ""),
    ("kyverno.io", ""),
    ("templates.gatekeeper.sh", ""),
    ("snapshot.storage.k8s.io", ""),
    ("source.toolkit.fluxcd.io", ""),
    ("notification.toolkit.fluxcd.io", ""),
    ("image.toolkit.fluxcd.io", ""),
    ("secrets-store.csi.x-k8s.io", ""),
    ("metallb.io", ""),
    ("autoscaling.k8s.io", ""),
    ("keda.sh", ""),
];

/// Groups of releases and applications: they deploy to other namespaces than their own.
const ANYWHERE: &[&str] = &[
    "helm.toolkit.fluxcd.io",
    "kustomize.toolkit.fluxcd.io",
    "argoproj.io",
    "helm.cattle.io",
    "fleet.cattle.io",
];

/// Where pods may be made.
#[derive(Debug, Default)]
pub(super) struct Makers<'a> {
    anywhere: bool,
    namespaces: HashSet<Option<&'a str>>,
}

/// Finds them.
pub(super) fn find<'a>(evidence: &Evidence<'a>) -> Makers<'a> {
    let mut makers = Makers::default();
    // What holds a pod template shows its pods.
    let shown: HashSet<u32> = evidence.workloads().iter().map(|workload| workload.object).collect();
    for (index, object) in (0..).zip(evidence.objects()) {
        if !is_custom(object) || shown.contains(&index) {
            continue;
        }
        makers.anywhere |= ANYWHERE.contains(&object.group());
        makers.namespaces.insert(object.namespace);
    }
    makers
}

impl Makers<'_> {
    /// Whether pods may be made in a namespace.
    pub(super) fn may_make_pods_in(&self, namespace: Option<&str>) -> bool {
        self.anywhere || self.namespaces.contains(&namespace) || self.namespaces.contains(&None)
    }
}

/// Whether an object is of a kind that some operator knows, and not known to make no pods. Groups of Kubernetes itself
/// have no dot or end in `.k8s.io`.
fn is_custom(object: &Object<'_>) -> bool {
    let group = object.group();
    let harmless = |(of, kind): &(&str, &str)| *of == group && (kind.is_empty() || *kind == object.kind);
    group.contains('.') && !group.ends_with(".k8s.io") && !HARMLESS.iter().any(harmless)
}
