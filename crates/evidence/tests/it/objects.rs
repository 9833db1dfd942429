//! What is an object, what is a pod, and what is found by name.

use seaworthy_evidence::{Evidence, Found, Severity};

use crate::files;

/// The objects of a text, as people say them, and the containers of its pods.
fn read(text: &str) -> (Vec<String>, Vec<String>) {
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    let objects = evidence.objects().iter().map(ToString::to_string).collect();
    let pods = evidence.workloads().iter();
    let containers =
        pods.flat_map(|w| w.pod.containers()).map(|container| container.name().to_owned()).collect();
    (objects, containers)
}

fn diagnostics(text: &str) -> Vec<(Severity, String)> {
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    evidence
        .diagnostics()
        .iter()
        .map(|diagnostic| (diagnostic.severity, diagnostic.message.clone()))
        .collect()
}

#[test]
fn lists_are_taken_apart_and_items_of_typed_lists_inherit_their_kind() {
    let (objects, containers) = read(
        "
apiVersion: v1
kind: PodList
items:
  - metadata: {name: a}
    spec: {containers: [{name: x, image: i}]}
  - metadata: {name: b}
    spec: {containers: [{name: y, image: i}]}
---
apiVersion: v1
kind: List
items:
  - {apiVersion: v1, kind: Pod, metadata: {name: c}, spec: {containers: [{name: z, image: i}]}}
  - {apiVersion: v1, kind: Service, metadata: {name: d}}
",
    );
    assert_eq!(objects, ["Pod a", "Pod b", "Pod c", "Service d"]);
    assert_eq!(containers, ["x", "y", "z"]);
}

#[test]
fn every_built_in_controller_holds_its_pod() {
    for (api_version, kind, path) in [
        ("v1", "ReplicationController", "template"),
        ("apps/v1", "Deployment", "template"),
        ("apps/v1", "ReplicaSet", "template"),
        ("apps/v1", "DaemonSet", "template"),
        ("apps/v1", "StatefulSet", "template"),
        ("batch/v1", "Job", "template"),
        ("extensions/v1beta1", "Deployment", "template"),
        ("batch/v1", "CronJob", "jobTemplate: {spec: {template"),
    ] {
        let close = if kind == "CronJob" { "}}" } else { "" };
        let text = format!(
            "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: a}}\nspec: {{{path}: {{spec: {{containers: [{{name: x, image: i}}]}}}}{close}}}\n"
        );
        assert_eq!(read(&text).1, ["x"], "{text}");
    }
}

#[test]
fn pods_in_custom_resources_are_recognised_by_their_shape() {
    let rollout = "apiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: x, image: i}]}}}\n";
    assert_eq!(read(rollout).1, ["x"]);
    let knative = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{image: i}]}}}\n";
    assert_eq!(read(knative).1, [""]);
    let several = "apiVersion: x.io/v1\nkind: Train\nmetadata: {name: a}\nspec: {replicas: {master: {template: {spec: {containers: [{name: m}]}}}, worker: {podSpec: {containers: [{name: w}]}}}}\n";
    assert_eq!(read(several).1, ["m", "w"]);
}

#[test]
fn what_only_resembles_a_pod_is_none() {
    // A patch of the pods that the operator makes, no pod.
    let prometheus = "apiVersion: monitoring.coreos.com/v1\nkind: Prometheus\nmetadata: {name: a}\nspec: {containers: [{name: x}]}\n";
    assert_eq!(read(prometheus).1, Vec::<String>::new());
    let schema = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: a}\nspec: {versions: [{schema: {spec: {containers: [{name: x}]}}}]}\n";
    assert_eq!(read(schema).1, Vec::<String>::new());
    let config =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {spec: '{containers: [{name: x}]}'}\n";
    assert_eq!(read(config).1, Vec::<String>::new());
}

#[test]
fn what_is_no_object_is_counted_and_what_misses_half_its_identity_is_diagnosed() {
    let files = files(&[
        ("values.yaml", "replicas: 3\n"),
        ("values.yaml", "name: x\nversion: 1.0.0\n"),
        ("patch.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n$patch: delete\n"),
    ]);
    let evidence = Evidence::new(&files);
    assert_eq!((evidence.objects().len(), evidence.foreign_document_count()), (0, 3));
    let missing = |text| diagnostics(text).into_iter().map(|(_, message)| message).collect::<Vec<_>>();
    assert_eq!(
        missing("apiVersion: v1\nmetadata: {name: x}\n"),
        ["`kind` is missing: Kubernetes cannot tell what this object is"]
    );
    assert_eq!(
        missing("kind: Pod\nmetadata: {name: x}\n"),
        ["`apiVersion` is missing: Kubernetes cannot tell what this object is"]
    );
}

#[test]
fn wrong_types_refuse_the_object_unknown_fields_only_warn() {
    let wrong = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: 'no', containers: [{name: x}]}\n";
    let found = diagnostics(wrong);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, Severity::Error);
    assert!(found[0].1.contains("`hostNetwork`"), "{}", found[0].1);
    let unknown = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {securitycontext: {}, containers: [{name: x}]}\n";
    let found = diagnostics(unknown);
    assert_eq!(found[0].0, Severity::Warning);
    assert!(found[0].1.contains("`securityContext`"), "{}", found[0].1);
    // A value that is filled in later says nothing about the type of what will stand there.
    let variable = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {hostNetwork: '${HOST_NETWORK}', containers: [{name: x}]}\n";
    assert_eq!(diagnostics(variable), []);
}

#[test]
fn an_object_is_found_by_name_in_its_own_namespace_and_the_nearest_is_meant() {
    let account = |namespace: &str| {
        format!("apiVersion: v1\nkind: ServiceAccount\nmetadata: {{name: web, namespace: {namespace}}}\n")
    };
    let pod = "---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: a}\nspec: {containers: [{name: x}]}\n";
    let here = account("a") + pod;
    let (a, b) = (account("a"), account("b"));
    let find = |texts: &[(&str, &str)]| {
        let files = files(texts);
        let evidence = Evidence::new(&files);
        let from = evidence.of_kind("Pod").next().expect("the pod");
        match evidence.named("ServiceAccount", "web", from) {
            Found::One(object) => files[object.file as usize].name.clone(),
            Found::None => "none".to_owned(),
            Found::Several => "several".to_owned(),
        }
    };
    assert_eq!(find(&[("x/pod.yaml", pod), ("y/b.yaml", &b)]), "none");
    assert_eq!(find(&[("x/pod.yaml", pod), ("y/a.yaml", &a)]), "y/a.yaml");
    assert_eq!(find(&[("x/a.yaml", &a), ("x/pod.yaml", pod), ("y/a.yaml", &a)]), "x/a.yaml");
    assert_eq!(find(&[("x/pod.yaml", &here), ("y/a.yaml", &a)]), "x/pod.yaml");
    assert_eq!(find(&[("x/pod.yaml", pod), ("y/a.yaml", &a), ("z/a.yaml", &a)]), "several");
}

#[test]
fn bindings_are_found_by_the_account_they_name_also_as_a_user() {
    let text = "
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: r, namespace: a}
subjects:
  - {kind: ServiceAccount, name: web, namespace: a}
  - {kind: User, name: 'system:serviceaccount:b:web'}
  - {kind: Group, name: web}
";
    let files = files(&[("a.yaml", text)]);
    let evidence = Evidence::new(&files);
    let kinds: Vec<_> =
        evidence.bindings_of("web").filter_map(|(_, subject)| subject.get("kind")?.as_str()).collect();
    assert_eq!(kinds, ["ServiceAccount", "User"]);
}
