//! Paths of escalation, by example and at scale.

use std::fmt::Write;
use std::time::Instant;

use seaworthy_authorization::Rule;
use seaworthy_authorization::paths::{Goal, MOST_STEPS, Path, Running, Terrain, paths};
use seaworthy_authorization::powers::Powers;
use seaworthy_document::Stream;

use crate::sources::{policy, streams};

fn role(name: &str, namespace: &str, rule: &str, subject: &str) -> String {
    format!(
        "---\nkind: Role\nmetadata: {{name: {name}, namespace: {namespace}}}\nrules: [{rule}]\n\
         ---\nkind: RoleBinding\nmetadata: {{name: {name}, namespace: {namespace}}}\n\
         roleRef: {{kind: Role, name: {name}}}\nsubjects: [{subject}]\n"
    )
}

fn cluster_role(name: &str, rule: &str, subject: &str) -> String {
    format!(
        "---\nkind: ClusterRole\nmetadata: {{name: {name}}}\nrules: [{rule}]\n\
         ---\nkind: ClusterRoleBinding\nmetadata: {{name: {name}}}\n\
         roleRef: {{kind: ClusterRole, name: {name}}}\nsubjects: [{subject}]\n"
    )
}

const PODS: &str = "{apiGroups: [''], resources: [pods], verbs: [create]}";
const EXEC: &str = "{apiGroups: [''], resources: [pods/exec], verbs: [create]}";
const BIND: &str = "{apiGroups: [rbac.authorization.k8s.io], resources: ['*'], verbs: [bind, create]}";
const ANN: &str = "{kind: User, name: ann}";

fn told(text: &str, terrain: &Terrain<'_>) -> Vec<String> {
    let files = streams(&[("a.yaml", text)]);
    let policy = policy(&files);
    let tell = |path: &Path<'_>| format!("{} {:?} in {}", path.holder, path.goal, path.steps.len());
    paths(&policy, terrain).iter().map(tell).collect()
}

#[test]
fn rights_of_two_roles_are_put_together_for_one_holder() {
    let bind = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind]}";
    let write = "{apiGroups: [rbac.authorization.k8s.io], resources: [clusterrolebindings], verbs: [create]}";
    let alone = cluster_role("a", bind, ANN);
    assert!(told(&alone, &Terrain::default()).is_empty());
    let apart = alone.clone() + &cluster_role("b", write, "{kind: User, name: bob}");
    assert!(told(&apart, &Terrain::default()).is_empty());
    let both = alone + &cluster_role("b", write, ANN);
    assert_eq!(told(&both, &Terrain::default()), ["User `ann` ClusterAdmin in 1"]);
}

#[test]
fn a_path_leads_through_the_accounts_of_a_namespace_and_no_other() {
    let operator = "{kind: ServiceAccount, name: operator, namespace: shop}";
    let here = role("deploy", "shop", PODS, ANN) + &cluster_role("operator", BIND, operator);
    let expected = ["User `ann` ClusterAdmin in 5", "ServiceAccount `shop/operator` ClusterAdmin in 1"];
    assert_eq!(told(&here, &Terrain::default()), expected);
    let elsewhere = role("deploy", "other", PODS, ANN) + &cluster_role("operator", BIND, operator);
    assert_eq!(told(&elsewhere, &Terrain::default()), expected[1..]);
    // Nobody is known in a namespace that the files leave open.
    let open = role("deploy", "shop", PODS, ANN).replace(", namespace: shop", "")
        + &cluster_role("operator", BIND, "{kind: ServiceAccount, name: operator}");
    assert_eq!(told(&open, &Terrain::default()), ["ServiceAccount `operator` ClusterAdmin in 1"]);
}

#[test]
fn every_right_outright_ends_a_path_and_begins_none() {
    let all = "{apiGroups: ['*'], resources: ['*'], verbs: ['*']}";
    let operator = "{kind: ServiceAccount, name: operator, namespace: shop}";
    let held = cluster_role("operator", all, operator);
    assert!(told(&held, &Terrain::default()).is_empty());
    let ann = role("deploy", "shop", PODS, ANN) + &held;
    assert_eq!(told(&ann, &Terrain::default()), ["User `ann` ClusterAdmin in 4"]);
    // What else such a holder may do is still looked at.
    let more = held + &cluster_role("exec", EXEC, operator);
    assert_eq!(told(&more, &Terrain::default()), ["ServiceAccount `shop/operator` NodeRoot in 1"]);
}

#[test]
fn a_node_is_reached_where_it_is_known_to_be_open() {
    let text = role("deploy", "shop", PODS, ANN);
    assert!(told(&text, &Terrain::default()).is_empty());
    let terrain = Terrain { open: ["shop"].into_iter().collect(), ..Terrain::default() };
    assert_eq!(told(&text, &terrain), ["User `ann` NodeRoot in 2"]);
}

#[test]
fn a_binding_inside_a_namespace_gives_nothing_of_the_cluster() {
    let node = "{apiGroups: ['', rbac.authorization.k8s.io], resources: [nodes/proxy, clusterroles, users], \
                verbs: [get, escalate, patch, impersonate]}";
    assert!(told(&role("a", "shop", node, ANN), &Terrain::default()).is_empty());
    assert_eq!(told(&cluster_role("a", node, ANN), &Terrain::default()), ["User `ann` ClusterAdmin in 1"]);
}

#[test]
fn names_limit_a_rule_unless_they_are_the_worst() {
    let powers = |text: &str| {
        let stream = Stream::read(text);
        Powers::of_rule(&Rule::new(stream.documents().next().expect("the text can be read").root()))
    };
    let bind = |name: &str| {
        powers(&format!(
            "{{apiGroups: [rbac.authorization.k8s.io], resources: [clusterroles], verbs: [bind], \
             resourceNames: [{name}]}}"
        ))
    };
    assert!(bind("view").is_empty());
    assert!(bind("cluster-admin").has(Powers::BIND));
    assert!(powers("{apiGroups: ['*'], resources: ['*'], verbs: ['*']}").has(Powers::FULL));
    assert!(powers("{apiGroups: [''], resources: ['pods/*'], verbs: ['*']}").is_empty());
}

/// A chain through all namespaces, seen from each of its ends; and everybody in one place.
#[test]
fn long_chains_and_many_holders_cost_no_square() {
    let mut text = String::new();
    for number in 0..3000 {
        let subject = format!("{{kind: ServiceAccount, name: a, namespace: n{}}}", number + 1);
        text += &role("a", &format!("n{number}"), EXEC, &subject);
        write!(text, "{}", cluster_role(&format!("c{number}"), PODS, "{kind: Group, name: g}")).unwrap();
    }
    text += &cluster_role("last", BIND, "{kind: ServiceAccount, name: a, namespace: n0}");
    let files = streams(&[("a.yaml", &text)]);
    let policy = policy(&files);
    let names: Vec<String> = (0..3001).map(|number| format!("n{number}")).collect();
    let pods = names.iter().map(|name| Running { namespace: name, account: Some("a"), on_node: false });
    let terrain = Terrain { pods: pods.collect(), ..Terrain::default() };
    let start = Instant::now();
    let found = paths(&policy, &terrain);
    assert!(start.elapsed().as_secs() < 5);
    assert_eq!(found.len(), 3002);
    assert!(found.iter().all(|path| path.steps.len() <= MOST_STEPS && path.goal == Goal::ClusterAdmin));
    assert_eq!(found.iter().map(|path| path.steps.len()).max(), Some(MOST_STEPS));
}
