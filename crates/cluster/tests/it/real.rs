//! A real API server: what it serves is what is gathered, and the rights that are printed suffice.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::PathBuf;

use lab::{Lab, Profile};
use seaworthy_cluster::{ClusterOptions, Gathered, Rights, gather, rights};
use seaworthy_evidence::{Evidence, Known};
use serde_json::Value;

use crate::server::{names, reasons};

const OBJECTS: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.example.com/web:1"}]}
---
apiVersion: v1
kind: Secret
metadata: {name: db, namespace: shop, annotations: {kubectl.kubernetes.io/last-applied-configuration: "geheimnis"}}
stringData: {password: geheimnis, user: shop}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: kube-proxy, namespace: kube-system}
data:
  config.conf: |
    apiVersion: kubeproxy.config.k8s.io/v1alpha1
    kind: KubeProxyConfiguration
    metricsBindAddress: 0.0.0.0:10249
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: rockets.example.com}
spec:
  group: example.com
  names: {kind: Rocket, plural: rockets}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
apiVersion: example.com/v1
kind: Rocket
metadata: {name: manned, namespace: shop}
spec: {template: {spec: {containers: [{name: pilot, image: "registry.example.com/pilot:1"}]}}}
---
apiVersion: example.com/v1
kind: Rocket
metadata: {name: empty, namespace: shop}
spec: {fuel: 3}
"#;

/// More ConfigMaps than stand on one page.
const MANY: usize = 520;

fn start() -> Option<Lab> {
    let lab = match Lab::start(Profile::hardened()) {
        Ok(lab) => lab,
        Err(skip) => {
            skip.announce();
            return None;
        }
    };
    lab.apply(OBJECTS).unwrap();
    let mut maps = String::new();
    for number in 0..MANY {
        let _ = write!(
            maps,
            "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: m{number}, namespace: shop}}\n"
        );
    }
    lab.apply(&maps).unwrap();
    Some(lab)
}

fn options(kubeconfig: PathBuf) -> ClusterOptions {
    ClusterOptions { kubeconfig: Some(kubeconfig), requests_per_second: 500, ..ClusterOptions::default() }
}

fn text<'g>(gathered: &'g Gathered, name: &str) -> &'g str {
    let file = gathered.files.iter().find(|file| file.name == name);
    file.unwrap_or_else(|| panic!("{name} is not among {:?}", names(&gathered.files))).stream.text()
}

#[test]
fn a_real_cluster_is_gathered_with_the_rights_that_are_printed_and_no_more() {
    let Some(lab) = start() else { return };
    let admin = options(lab.kubeconfig("admin"));
    let all = gather(&admin, &|_| {}).unwrap();
    as_served(&lab, &all);

    // With exactly the printed role, a user is told the same.
    let role = rights(&admin, Rights::OfThisCluster).unwrap();
    let scanner = options(lab.identity("scanner", "scanner", &[]).unwrap());
    bind(&lab, &role);
    let with_role = gather(&scanner, &|_| {}).unwrap();
    assert_eq!(reasons(&with_role), [""; 0]);
    let set =
        |gathered: &Gathered| names(&gathered.files).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    let mut expected = set(&all);
    expected.extend([
        "/apis/rbac.authorization.k8s.io/v1/clusterroles/seaworthy".to_owned(),
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/seaworthy".to_owned(),
    ]);
    assert_eq!(set(&with_role), expected);

    // The role that leaves out Secrets leaves out Secrets.
    bind(&lab, &rights(&ClusterOptions { secrets: false, ..admin }, Rights::OfThisCluster).unwrap());
    let without = gather(&scanner, &|_| {}).unwrap();
    assert_eq!(reasons(&without), ["forbidden: list secrets in all namespaces"]);
    let evidence = Evidence::new(&without.files);
    assert!(matches!(evidence.known("", "Secret", None), Known::Refused(_)));
    assert_eq!(evidence.known("", "ConfigMap", None), Known::All);
    let asked_for_none = gather(&ClusterOptions { secrets: false, ..scanner }, &|_| {}).unwrap();
    assert_eq!(reasons(&asked_for_none), [""; 0]);

    // Who has no rights at all is told nothing but what everybody is told, and the reasons name every right.
    let nobody = gather(&options(lab.kubeconfig("nobody")), &|_| {}).unwrap();
    assert_eq!(names(&nobody.files), ["collection.json", "components/kube-apiserver.json"]);
    assert!(nobody.refusals.iter().all(|refusal| refusal.forbidden), "{:?}", nobody.refusals);
    assert!(reasons(&nobody).contains(&"forbidden: list pods in all namespaces"));
}

/// What was gathered is what the API server serves.
fn as_served(lab: &Lab, gathered: &Gathered) {
    assert_eq!(reasons(gathered), [""; 0]);
    assert_eq!(gathered.version.as_deref(), Some(lab.version()));
    assert_eq!(gathered.url, lab.url());

    let path = "/apis/apps/v1/namespaces/shop/deployments/web";
    let answer = lab.request("admin", "GET", path).unwrap();
    let mut served: Value = serde_json::from_str(&answer.body).unwrap();
    served["metadata"].as_object_mut().unwrap().remove("managedFields");
    assert_eq!(serde_json::from_str::<Value>(text(gathered, path)).unwrap(), served);

    let all = names(&gathered.files);
    let maps = all.iter().filter(|name| name.starts_with("/api/v1/namespaces/shop/configmaps/m")).count();
    assert_eq!(maps, MANY, "all pages were read");
    let rockets: Vec<_> = all.iter().filter(|name| name.contains("/rockets/")).collect();
    assert_eq!(rockets, [&"/apis/example.com/v1/namespaces/shop/rockets/manned"]);
    assert!(!all.iter().any(|name| name.contains("/events/") || name.contains("/leases/")));

    let secret: Value = serde_json::from_str(text(gathered, "/api/v1/namespaces/shop/secrets/db")).unwrap();
    assert_eq!(secret["type"], "Opaque");
    assert_eq!(secret["metadata"]["annotations"]["seaworthy.dev/keys"], "2");
    assert!(secret.get("data").is_none());
    for file in &gathered.files {
        let text = file.stream.text();
        assert!(!text.contains("geheimnis") && !text.contains("Z2VoZWltbmlz"), "{}", file.name);
    }

    let evidence = Evidence::new(&gathered.files);
    assert_eq!(evidence.of_kind("KubeProxyConfiguration").count(), 1, "the file in the ConfigMap is a file");
    for kind in ["Pod", "Secret", "Namespace", "ConfigMap"] {
        assert_eq!(evidence.known("", kind, None), Known::All, "{kind}");
    }
    assert_eq!(evidence.known("cilium.io", "CiliumNetworkPolicy", None), Known::All, "it is not served");
    assert_eq!(evidence.known("example.com", "Rocket", None), Known::NotAsked);
    assert_eq!(evidence.known("", "Event", None), Known::NotAsked);
}

/// Binds a printed role to the user `scanner` instead of an account.
fn bind(lab: &Lab, printed: &str) {
    let account = "- kind: ServiceAccount\n  name: seaworthy\n  namespace: seaworthy";
    assert!(printed.contains(account), "{printed}");
    let user = "- kind: User\n  apiGroup: rbac.authorization.k8s.io\n  name: scanner";
    lab.apply(&printed.replace(account, user)).unwrap();
}

#[test]
fn a_server_that_stops_while_it_is_asked_is_an_end_and_no_hang() {
    let Some(lab) = start() else { return };
    let options = options(lab.kubeconfig("admin"));
    let processes = lab.processes();
    let (_, pid) = processes.iter().find(|(program, _)| program == "kube-apiserver").unwrap();
    let stopped = std::cell::Cell::new(false);
    let start = std::time::Instant::now();
    let gathered = gather(&options, &|event| {
        if matches!(event, seaworthy_cluster::Event::Listed) && !stopped.replace(true) {
            // It dies as it would with its host; the lab notices and cleans up all the same.
            let outcome = std::process::Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(outcome.unwrap().success());
        }
    })
    .unwrap();
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
    assert!(!gathered.files.is_empty() && !gathered.refusals.is_empty());
    let evidence = Evidence::new(&gathered.files);
    let unknown = ["Service", "ServiceAccount", "Secret"];
    assert!(
        unknown.iter().any(|kind| matches!(evidence.known("", kind, None), Known::Refused(_))),
        "{:?}",
        reasons(&gathered)
    );
}
