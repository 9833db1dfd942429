//! What controls say of a live cluster: of one that tells everything, and of one that refuses to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use seaworthy_controls::{Check, Control, Scope, Settings, Status, catalogue, evaluate};
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};

/// Groups of kinds that no API server holds: configuration files of programs, and what Seaworthy writes itself.
const FILES: &[&str] = &[
    "apiserver.config.k8s.io",
    "audit.k8s.io",
    "eventratelimit.admission.k8s.io",
    "github.com",
    "gitlab.com",
    "helm.sh",
    "imagepolicy.admission.k8s.io",
    "k0s.k0sproject.io",
    "kubeadm.k8s.io",
    "kubelet.config.k8s.io",
    "kubeproxy.config.k8s.io",
    "kustomize.config.k8s.io",
    "machineconfig",
    "pod-security.admission.config.k8s.io",
    "seaworthy.dev",
];

/// Kinds of the group that is empty which are files: see `evidence/src/configuration.rs`.
fn is_of_an_api((group, kind): &(&str, &str)) -> bool {
    let configuration = group.is_empty()
        && (kind.ends_with("Configuration")
            || kind.ends_with("Registries")
            || matches!(*kind, "RegistryHosts" | "Config"));
    !configuration && !FILES.contains(group)
}

fn api_kinds(control: &Control) -> Vec<(&'static str, &'static str)> {
    control.kinds().into_iter().filter(is_of_an_api).collect()
}

fn all_kinds() -> BTreeSet<(&'static str, &'static str)> {
    catalogue::all().flat_map(api_kinds).collect()
}

fn collection(of: impl Fn((&str, &str)) -> String) -> String {
    let mut text = String::from(
        "apiVersion: seaworthy.dev/v1alpha1\nkind: Collection\nmetadata: {name: test}\nat: \"2026-11-21T17:00:00Z\"\n\
         server: {version: v1.36.3}\nlists:\n",
    );
    for (group, kind) in all_kinds() {
        let version = if group.is_empty() { "v1".to_owned() } else { format!("{group}/v1") };
        let rest = of((group, kind));
        writeln!(text, "- {{apiVersion: {version}, kind: {kind}{rest}}}").expect("a text");
    }
    text
}

/// The status of every control, with the reasons where it is unknown.
fn statuses(texts: &[(&str, &str)]) -> BTreeMap<&'static str, (Status, Vec<String>)> {
    let files: Vec<SourceFile> =
        texts.iter().map(|(name, text)| SourceFile::new(*name, Stream::read((*text).to_owned()))).collect();
    let evidence = Evidence::new(&files);
    let controls: Vec<&'static Control> = catalogue::all().collect();
    let settings = Settings::default();
    let assessment = evaluate(&controls, &evidence, &settings);
    let reasons = |id: &str| -> Vec<String> {
        let unknown = assessment.unknown.iter().filter(|unknown| unknown.control.id == id);
        unknown.map(|unknown| format!("{} | {}", unknown.reason, unknown.needs)).collect()
    };
    assessment
        .controls
        .iter()
        .map(|result| (result.control.id, (result.counts.status(), reasons(result.control.id))))
        .collect()
}

#[test]
fn a_cluster_that_refuses_every_list_leaves_every_control_unknown() {
    let record = collection(|(_, kind)| format!(", refused: 'forbidden: list {}s'", kind.to_lowercase()));
    let statuses = statuses(&[("collection.json", &record)]);
    let mut wrong = Vec::new();
    for control in catalogue::all() {
        let Some((status, reasons)) = statuses.get(control.id) else {
            wrong.push(format!("{} was not evaluated", control.id));
            continue;
        };
        let unknown = *status == Status::Unknown;
        let named = reasons.iter().any(|reason| reason.contains("list "));
        match api_kinds(control).is_empty() || !control.scopes.contains(&Scope::Cluster) {
            true if matches!(status, Status::Unknown | Status::NotApplicable) => {}
            false if unknown && named => {}
            _ => wrong.push(format!("{} is {status:?}: {reasons:?}", control.id)),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Controls that look at everything say what they look at, or nobody would know what was refused.
#[test]
fn whoever_looks_at_everything_says_at_what() {
    fn reads(check: &Check) -> bool {
        match check {
            Check::Reads(_) => true,
            Check::Several(checks) => checks.iter().any(reads),
            _ => false,
        }
    }
    /// Judged by files alone, by what components tell, or by kinds that its other checks name.
    const OTHERWISE: &[&str] = &[
        "admission/obsolete-policy",
        "control-plane/config-drift",
        "kubelet/config-drift",
        "supply-chain/pipeline-gate",
    ];
    let silent = catalogue::all().filter(|control| {
        control.looks_at_everything() && !reads(&control.check) && !OTHERWISE.contains(&control.id)
    });
    assert_eq!(silent.map(|control| control.id).collect::<Vec<_>>(), [""; 0]);
}

const WORKLOAD: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\nspec:\n  \
    selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n    spec:\n      \
    serviceAccountName: web\n      automountServiceAccountToken: true\n      \
    containers: [{name: web, image: registry.example/web:1}]\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {team: shop}}\n";

/// One kind refused, the others told: what is said of a namespace without policies, quotas, accounts and bindings.
#[test]
fn one_refused_kind_leaves_open_what_depends_on_it() {
    let of = |refused: Option<(&str, &str)>| {
        let record = collection(|kind| match refused == Some(kind) {
            true => ", refused: 'forbidden: list these'".to_owned(),
            false => String::new(),
        });
        statuses(&[
            ("collection.json", &record),
            ("apis/apps/v1/namespaces/shop/deployments/web.json", WORKLOAD),
            ("api/v1/namespaces/shop.json", NAMESPACE),
        ])
    };
    let all = of(None);
    for (id, status, kind) in [
        ("network/default-deny-ingress", Status::Open, ("networking.k8s.io", "NetworkPolicy")),
        ("network/default-deny-egress", Status::Open, ("networking.k8s.io", "NetworkPolicy")),
        ("network/metadata-egress", Status::Open, ("cilium.io", "CiliumNetworkPolicy")),
        ("namespaces/resource-quotas", Status::Open, ("", "ResourceQuota")),
        ("namespaces/pod-security-enforce", Status::Open, ("", "Namespace")),
        ("pods/resource-limits", Status::Open, ("", "LimitRange")),
        ("service-accounts/automount-token", Status::Open, ("rbac.authorization.k8s.io", "RoleBinding")),
        ("service-accounts/default-account", Status::Open, ("", "ServiceAccount")),
        ("pods/privileged", Status::Done, ("", "Pod")),
        ("rbac/secret-access", Status::NotApplicable, ("rbac.authorization.k8s.io", "ClusterRole")),
        ("rbac/escalation-paths", Status::NotApplicable, ("rbac.authorization.k8s.io", "RoleBinding")),
    ] {
        assert_eq!(all[id].0, status, "{id} with everything told: {:?}", all[id].1);
        let (status, reasons) = &of(Some(kind))[id];
        let named = reasons.iter().any(|reason| reason.contains("list these"));
        assert!(named, "{id} without {kind:?} is {status:?}: {reasons:?}");
        assert_eq!(*status, Status::Unknown, "{id} without {kind:?}");
    }
}

/// A control that asks an API server for objects says that it is evaluated on clusters.
#[test]
fn what_an_api_server_holds_is_judged_on_clusters() {
    // What lies in a repository does not lie in a cluster.
    let of_files = ["secrets/in-repository"];
    let silent = catalogue::all().filter(|control| {
        let lacks = !api_kinds(control).is_empty() && !control.scopes.contains(&Scope::Cluster);
        lacks && !of_files.contains(&control.id)
    });
    assert_eq!(silent.map(|control| control.id).collect::<Vec<_>>(), [""; 0]);
}

/// A scan may leave Secrets out: then nobody knows.
#[test]
fn what_was_not_asked_for_is_unknown_where_the_cluster_has_it() {
    let mut record = collection(|_| String::new());
    record = record
        .lines()
        .filter(|line| !line.contains("kind: Secret}"))
        .fold(String::new(), |text, line| text + line + "\n");
    let all = statuses(&[("collection.json", &record)]);
    assert_eq!(
        all["service-accounts/legacy-tokens"].0,
        Status::NotApplicable,
        "{:?}",
        all["service-accounts/legacy-tokens"].1
    );
    let names: Vec<String> = all_kinds()
        .iter()
        .map(|(group, kind)| if group.is_empty() { (*kind).to_owned() } else { format!("{kind}.{group}") })
        .collect();
    let record = format!("{record}served: [{}]\n", names.join(", "));
    let all = statuses(&[("collection.json", &record)]);
    for id in ["service-accounts/legacy-tokens", "secrets/rotation", "images/registry-credentials"] {
        assert_eq!(all[id].0, Status::Unknown, "{id}");
        assert!(
            all[id].1.iter().any(|reason| reason.contains("Secret were not asked for")),
            "{:?}",
            all[id].1
        );
    }
}
