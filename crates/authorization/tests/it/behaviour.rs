//! Rules, holders, aggregation and names, by example.

use seaworthy_authorization::{Attributes, Covering, Holder, Place, Policy, Rule, Target, covers};
use seaworthy_document::Stream;

use crate::sources::{policy, rules, streams};

fn grants(rule: &str, attributes: Attributes<'_>) -> bool {
    let stream = Stream::read(rule);
    Rule::new(stream.documents().next().expect("the text can be read").root()).grants(&attributes)
}

#[test]
fn a_rule_matches_as_the_authorizer_does() {
    let get = |resource| Attributes::resource("get", "", resource);
    for (rule, attributes, expected) in [
        ("{verbs: [get], apiGroups: [''], resources: [pods]}", get("pods"), true),
        ("{verbs: [get], apiGroups: [''], resources: [pods]}", get("pods/log"), false),
        ("{verbs: [get], apiGroups: [''], resources: ['pods/*']}", get("pods/log"), false),
        ("{verbs: [get], apiGroups: [''], resources: ['*/log']}", get("pods/log"), true),
        ("{verbs: [get], apiGroups: [''], resources: ['*/log']}", get("log"), false),
        ("{verbs: [get], apiGroups: [''], resources: ['*']}", get("pods/log"), true),
        ("{verbs: ['*'], apiGroups: ['*'], resources: [secrets]}", get("secrets"), true),
        ("{verbs: ['get*'], apiGroups: [''], resources: ['pod*']}", get("pods"), false),
        ("{verbs: [get], apiGroups: [apps], resources: [pods]}", get("pods"), false),
        ("{verbs: [get], apiGroups: [null], resources: [pods]}", get("pods"), true),
        ("{verbs: [get], resources: [pods]}", get("pods"), false),
        ("{verbs: get, apiGroups: [''], resources: [pods]}", get("pods"), false),
        ("{verbs: [get], apiGroups: [''], resources: [pods], resourceNames: [a]}", get("pods"), false),
        (
            "{verbs: [get], apiGroups: [''], resources: [pods], resourceNames: [a]}",
            get("pods").named("a"),
            true,
        ),
        (
            "{verbs: [get], apiGroups: [''], resources: [pods], resourceNames: []}",
            get("pods").named("b"),
            true,
        ),
        (
            "{verbs: [get], apiGroups: [''], resources: [pods], resourceNames: [7]}",
            get("pods").named("7"),
            false,
        ),
        ("{verbs: [get], nonResourceURLs: ['/a**']}", Attributes::Url { verb: "get", path: "/abc" }, true),
        ("{verbs: [get], nonResourceURLs: ['/a/*']}", Attributes::Url { verb: "get", path: "/a" }, false),
        ("{verbs: [get], nonResourceURLs: ['*']}", get("pods"), false),
        ("[get]", get("pods"), false),
    ] {
        assert_eq!(grants(rule, attributes), expected, "{rule} {attributes:?}");
    }
}

#[test]
fn handing_out_needs_each_part_in_one_rule() {
    let covered = |owner: &str, wanted: &str| {
        let (owner, wanted) = (Stream::read(owner), Stream::read(wanted));
        match covers(&rules(&owner), &rules(&wanted)) {
            Covering::Yes => "yes".to_owned(),
            Covering::No(single) => single.to_string(),
            Covering::TooLarge => "too large".to_owned(),
        }
    };
    let all = "[{verbs: ['*'], apiGroups: ['*'], resources: ['*']}]";
    let pods = "[{verbs: [get, list], apiGroups: ['', apps], resources: [pods, pods/log]}]";
    assert_eq!(covered(all, pods), "yes");
    assert_eq!(covered(pods, all), "`*` on `*` of `*`");
    assert_eq!(
        covered("[{verbs: [get, list], apiGroups: ['*'], resources: [pods]}]", pods),
        "`get` on `pods/log`"
    );
    assert_eq!(covered(all, "[{verbs: [get], nonResourceURLs: [/metrics]}]"), "`get` on `/metrics`");
    let many = (0..9000).map(|n| format!("r{n}")).collect::<Vec<_>>().join(",");
    let hostile = format!("[{{verbs: [{many}], apiGroups: [{many}], resources: [{many}]}}]");
    assert_eq!(covered(all, &hostile), "too large");
}

fn said(policy: &Policy<'_>, role: &str) -> Vec<String> {
    let role = policy.roles().iter().find(|other| other.name == role).expect("the role is there");
    let place = |place| match place {
        Place::Cluster => "everywhere".to_owned(),
        Place::Namespace(Some(namespace)) => format!("in {namespace}"),
        Place::Namespace(None) => "somewhere".to_owned(),
    };
    policy.grants(role).map(|grant| format!("{} {}", grant.holder, place(grant.place))).collect()
}

#[test]
fn holders_are_named_as_requests_name_them() {
    let files = streams(&[(
        "a.yaml",
        r#"
kind: ClusterRole
metadata: {name: read}
---
kind: RoleBinding
metadata: {name: a, namespace: shop}
roleRef: {kind: ClusterRole, name: read}
subjects:
- {kind: ServiceAccount, name: web}
- {kind: ServiceAccount, name: web, namespace: other}
- {kind: User, name: "system:serviceaccount:shop:web"}
- {kind: User, name: "system:serviceaccount:shop"}
- {kind: Group, name: team}
- {kind: Robot, name: r2}
- {kind: User}
- nonsense
---
kind: ClusterRoleBinding
metadata: {name: b, namespace: ignored}
roleRef: {kind: ClusterRole, name: read}
subjects: [{kind: ServiceAccount, name: web}]
"#,
    )]);
    let policy = policy(&files);
    let expected = [
        "ServiceAccount `shop/web` in shop",
        "ServiceAccount `other/web` in shop",
        "ServiceAccount `shop/web` in shop",
        "User `system:serviceaccount:shop` in shop",
        "Group `team` in shop",
        "ServiceAccount `web` everywhere",
    ];
    assert_eq!(said(&policy, "read"), expected);
    assert_eq!(policy.held_by_account(Some("shop"), "web").len(), 2);
    assert_eq!(policy.held_by_account(None, "web").len(), 1);
    assert_eq!(policy.held_by(&Holder::Group("team")).count(), 1);
}

#[test]
fn rules_flow_by_aggregation_through_several_roles_and_built_in_ones() {
    let files = streams(&[(
        "a.yaml",
        r#"
kind: ClusterRole
metadata: {name: crd, labels: {rbac.authorization.k8s.io/aggregate-to-view: "true", tier: base}}
rules: [{verbs: [get], apiGroups: [example.com], resources: [things]}]
---
kind: ClusterRole
metadata: {name: whole, labels: {tier: top}}
aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: tier, operator: In, values: [base, top]}]}]}
---
kind: ClusterRole
metadata: {name: none}
aggregationRule: {clusterRoleSelectors: [{matchExpressions: [{key: tier, operator: In}]}]}
---
kind: ClusterRoleBinding
metadata: {name: a}
roleRef: {kind: ClusterRole, name: whole}
subjects: [{kind: User, name: ann}]
---
kind: RoleBinding
metadata: {name: b, namespace: shop}
roleRef: {kind: ClusterRole, name: admin}
subjects: [{kind: User, name: bob}]
"#,
    )]);
    let policy = policy(&files);
    assert_eq!(said(&policy, "crd"), ["User `ann` everywhere", "User `bob` in shop"]);
    let count = |name: &str| {
        let role = policy.roles().iter().find(|role| role.name == name).expect("the role is there");
        policy.rules(role).count()
    };
    assert_eq!((count("whole"), count("none")), (1, 0));
    assert!(policy.allows("bob", &[], Some("shop"), &Attributes::resource("get", "example.com", "things")));
    assert!(policy.allows("bob", &[], Some("shop"), &Attributes::resource("list", "", "secrets")));
    assert!(!policy.allows("bob", &[], Some("other"), &Attributes::resource("list", "", "secrets")));
    assert!(!policy.allows("bob", &[], None, &Attributes::resource("list", "", "secrets")));
}

#[test]
fn the_nearest_role_of_a_name_is_meant() {
    let role = "kind: Role\nmetadata: {name: read, namespace: shop}\n";
    let binding =
        "kind: RoleBinding\nmetadata: {name: b, namespace: shop}\nroleRef: {kind: Role, name: read}\n";
    let open = "kind: RoleBinding\nmetadata: {name: b}\nroleRef: {kind: Role, name: read}\n";
    let other = "kind: Role\nmetadata: {name: read, namespace: other}\n";
    let of = |files: &[(&str, &str)]| {
        let files = streams(files);
        let policy = policy(&files);
        match policy.bindings()[0].target {
            Target::Role(number) => {
                let source = policy.role(number).and_then(|role| role.source).expect("a role of the files");
                format!("source {source}")
            }
            target => format!("{target:?}"),
        }
    };
    assert_eq!(of(&[("a/b.yaml", binding), ("a/r.yaml", role), ("c/r.yaml", role)]), "source 1");
    assert_eq!(of(&[("a/b.yaml", binding), ("a/x/r.yaml", role), ("c/r.yaml", role)]), "source 1");
    assert_eq!(of(&[("a/b.yaml", binding), ("c/r.yaml", role), ("d/r.yaml", role)]), "Several");
    assert_eq!(of(&[("a/b.yaml", binding), ("c/r.yaml", role)]), "source 1");
    assert_eq!(of(&[("a/b.yaml", binding), ("a/r.yaml", other)]), "Missing");
    assert_eq!(of(&[("a/b.yaml", open), ("a/r.yaml", role)]), "source 1");
    assert_eq!(of(&[("a/b.yaml", open), ("c/r.yaml", role)]), "Missing");
    let wrong = "kind: ClusterRoleBinding\nmetadata: {name: b}\nroleRef: {kind: Role, name: read}\n";
    assert_eq!(of(&[("a/b.yaml", wrong), ("a/r.yaml", role)]), "Unreadable");
}

#[test]
fn hostile_policies_are_answered_in_bounded_time() {
    use std::fmt::Write;
    let mut text = String::new();
    for n in 0..3000 {
        let _ = write!(
            text,
            "kind: ClusterRole\nmetadata: {{name: r{n}, labels: {{a: b}}}}\n\
             aggregationRule: {{clusterRoleSelectors: [{{}}, {{matchLabels: {{a: b}}}}]}}\n---\n\
             kind: ClusterRoleBinding\nmetadata: {{name: b}}\nroleRef: {{kind: ClusterRole, name: r{n}}}\n\
             subjects: [{{kind: User, name: u{n}}}]\n---\n"
        );
    }
    let files = streams(&[("a.yaml", &text)]);
    let policy = policy(&files);
    let holders: usize = policy.roles().iter().map(|role| policy.grants(role).take(100).count()).sum();
    assert!(holders > 0);
}
