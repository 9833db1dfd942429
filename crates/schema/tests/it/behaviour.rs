//! What people read, and how hostile objects are met.

use seaworthy_document::{Kind, Stream};
use seaworthy_schema::{Expected, LIMIT, Problem, kind, named, refusals};

fn told(text: &str) -> Vec<String> {
    let stream = Stream::read(text);
    let root = stream.documents().next().expect("the text can be read").root();
    let text = |key: &str| root.get(key).and_then(|value| value.as_str()).expect("the object has a kind");
    let of = kind(text("apiVersion"), text("kind")).expect("the kind is built in");
    refusals(of, root).iter().map(ToString::to_string).collect()
}

#[test]
fn refusals_are_sentences() {
    let pod = "
apiVersion: v1
kind: Pod
metadata:
  annotations:
    prometheus.io/scrape: true
    owner: payments
  creationTimestamp: yesterday
spec:
  hostNetwork: 'true'
  containers:
  - name: app
    imagepullpolicy: Always
    args: [--port, 80]
    ports:
    - containerPort: '80'
    - containerPort: 80.5
    - containerPort: 3000000000
    resources:
      limits: {memory: 1GB}
  securityContext: []
";
    let expected = [
        "`annotations[prometheus.io/scrape]` must be a string, not a boolean (put it in quotes): \
         the API server refuses this object",
        "`creationTimestamp` must be a time such as `2026-01-31T12:00:00Z`: the API server refuses this object",
        "`hostNetwork` must be a boolean (`true` or `false`), not a string (remove the quotes): \
         the API server refuses this object",
        "`imagepullpolicy` is not a field of `Container`, did you mean `imagePullPolicy`? \
         the API server refuses it under strict validation and ignores it otherwise",
        "`args[1]` must be a string, not an integer (put it in quotes): the API server refuses this object",
        "`containerPort` must be an integer, not a string (remove the quotes): the API server refuses this object",
        "`containerPort` must be an integer, not a number with a fraction: the API server refuses this object",
        "`containerPort` must be an integer between -2147483648 and 2147483647: the API server refuses this object",
        "`memory` must be a quantity such as `2`, `500m` or `2Gi`: the API server refuses this object",
        "`securityContext` must be a map, not a list: the API server refuses this object",
    ];
    assert_eq!(told(pod), expected);
}

#[test]
fn custom_and_unknown_kinds_are_not_judged() {
    assert_eq!(kind("cert-manager.io/v1", "Certificate"), None);
    assert_eq!(kind("v1", "Deployment"), None);
    assert_eq!(kind("v1", "pod"), None);
    assert_eq!(kind("", ""), None);
    assert_eq!(kind("apps/v1", "Deployment").map(|of| of.name()), Some("io.k8s.api.apps.v1.Deployment"));
}

#[test]
fn a_part_of_a_custom_resource_can_be_judged_by_its_type() {
    let stream = Stream::read("template:\n  spec:\n    containers: app\n");
    let root = stream.documents().next().expect("the text can be read").root();
    let template = root.get("template").expect("the text has a template");
    let of = named("io.k8s.api.core.v1.PodTemplateSpec").expect("the type is built in");
    assert_eq!(of.short_name(), "PodTemplateSpec");
    assert_eq!(of.fields().collect::<Vec<_>>(), ["metadata", "spec"]);
    let found = refusals(of, template);
    let [refusal] = found[..] else { panic!("{found:?}") };
    assert_eq!(refusal.value.path(), "template.spec.containers");
    assert_eq!(refusal.problem, Problem::WrongType { expected: Expected::List, found: Kind::String });
    assert_eq!(named("PodTemplateSpec"), None);
}

#[test]
fn the_object_itself_may_be_of_the_wrong_type() {
    let pod = kind("v1", "Pod").expect("the kind is built in");
    for (text, faults) in [("[]", 1), ("text", 1), ("1", 1), ("{}", 0)] {
        let stream = Stream::read(text);
        let found = refusals(pod, stream.documents().next().expect("the text can be read").root());
        assert_eq!(found.len(), faults, "{text}: {found:?}");
        for refusal in found {
            assert!(refusal.to_string().starts_with("`the object` must be a map"), "{refusal}");
        }
    }
}

#[test]
fn refusals_of_each_sort_are_limited_apart() {
    let unknown: String = (0..LIMIT * 10).map(|n| format!("  field{n}: 1\n")).collect();
    let text = format!("apiVersion: v1\nkind: Pod\nspec:\n{unknown}  containers: none\n");
    let found = told(&text);
    assert_eq!(found.len(), LIMIT + 1);
    assert!(found[LIMIT].starts_with("`containers` must be a list"), "{}", found[LIMIT]);
}

#[test]
fn schemas_may_nest_deeply() {
    let depth = 4_000;
    let text = format!("{}{{type: 1}}{}", "{not: ".repeat(depth), "}".repeat(depth));
    let stream = Stream::read(text);
    let root = stream.documents().next().expect("the text can be read").root();
    let schema = "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps";
    let found = refusals(named(schema).expect("the type is built in"), root);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].problem, Problem::WrongType { expected: Expected::String, found: Kind::Int });
}
