//! Cluster policies: tiers, priorities, actions (`sigs.k8s.io/network-policy-api`, `apis/v1alpha2`).

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_reachability::{Port, Truth, World};

use crate::objects;

const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: other}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: other, labels: {app: web}}, spec: {containers: [{name: c}]}}
";

/// A policy on all pods, with some ingress rules.
fn cluster(tier: &str, priority: u16, rules: &str) -> String {
    format!(
        "---\n{{apiVersion: policy.networking.k8s.io/v1alpha2, kind: ClusterNetworkPolicy, metadata: {{name: c}}, spec: {{tier: {tier}, priority: {priority}, subject: {{namespaces: {{}}}}, ingress: [{rules}]}}}}\n"
    )
}

fn network(ingress: &str) -> String {
    format!(
        "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: n, namespace: shop}}, spec: {{ingress: [{ingress}]}}}}\n"
    )
}

const DENY: &str = "{action: Deny, from: [{namespaces: {}}]}";
const ACCEPT: &str = "{action: Accept, from: [{namespaces: {}}]}";
const PASS: &str = "{action: Pass, from: [{namespaces: {}}]}";

fn web_reaches_db(policies: &[String]) -> Truth {
    let files = [SourceFile::new("case.yaml", Stream::read(format!("{PODS}{}", policies.concat())))];
    let evidence = Evidence::new(&files);
    let named = objects::world(&evidence, World::new());
    named.world.reaches(named.pods["other/web[Pod]"], named.pods["shop/db[Pod]"], Port::tcp(5432))
}

#[test]
fn tiers_come_in_their_order() {
    use Truth::{Maybe, No, Yes};
    let (admin, baseline) = (|rule| cluster("Admin", 1, rule), |rule| cluster("Baseline", 1, rule));
    for (policies, expected) in [
        (vec![], Yes),
        (vec![admin(DENY)], No),
        (vec![admin(DENY), network("{}")], No),
        (vec![admin(ACCEPT), network("")], Yes),
        (vec![admin(PASS), network("")], No),
        (vec![admin(PASS), network("{}")], Yes),
        (vec![admin(PASS), baseline(DENY)], No),
        (vec![baseline(DENY)], No),
        (vec![baseline(DENY), network("{}")], Yes),
        (vec![baseline(ACCEPT), network("")], No),
        (vec![baseline(PASS)], Yes),
        // Low first.
        (vec![cluster("Admin", 2, DENY), cluster("Admin", 1, ACCEPT)], Yes),
        (vec![cluster("Admin", 1, DENY), cluster("Admin", 2, ACCEPT)], No),
        (vec![cluster("Admin", 1, PASS), cluster("Admin", 2, DENY)], Yes),
        // Any of those with one priority may win.
        (vec![cluster("Admin", 1, DENY), cluster("Admin", 1, ACCEPT)], Maybe),
        (vec![cluster("Admin", 1, DENY), cluster("Admin", 1, DENY)], No),
        // Rules of one policy in their order.
        (vec![admin(&format!("{ACCEPT}, {DENY}"))], Yes),
        (vec![admin(&format!("{DENY}, {ACCEPT}"))], No),
        (vec![cluster("'${TIER}'", 1, DENY)], Maybe),
    ] {
        assert_eq!(web_reaches_db(&policies), expected, "{policies:#?}");
    }
}

#[test]
fn peers_and_protocols() {
    use Truth::{No, Yes};
    for (rule, expected) in [
        ("{action: Deny, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: other}}}]}", No),
        ("{action: Deny, from: [{namespaces: {matchLabels: {kubernetes.io/metadata.name: shop}}}]}", Yes),
        (
            "{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}}]}",
            No,
        ),
        (
            "{action: Deny, from: [{pods: {namespaceSelector: {}, podSelector: {matchLabels: {app: db}}}}]}",
            Yes,
        ),
        (
            "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 5432}}}]}",
            No,
        ),
        (
            "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {number: 5433}}}]}",
            Yes,
        ),
        (
            "{action: Deny, from: [{namespaces: {}}], protocols: [{tcp: {destinationPort: {range: {start: 5000, end: 6000}}}}]}",
            No,
        ),
        (
            "{action: Deny, from: [{namespaces: {}}], protocols: [{udp: {destinationPort: {number: 5432}}}]}",
            Yes,
        ),
        ("{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: sql}]}", No),
        ("{action: Deny, from: [{namespaces: {}}], protocols: [{destinationNamedPort: ssh}]}", Yes),
        // Closed in doubt.
        ("{action: Deny, from: [{}]}", No),
        ("{action: Deny, from: [{planets: {}}], protocols: [{udp: {destinationPort: {number: 1}}}]}", No),
    ] {
        assert_eq!(web_reaches_db(&[cluster("Admin", 1, rule)]), expected, "{rule}");
    }
    assert_eq!(
        web_reaches_db(&[cluster("Admin", 1, &format!("{{action: Accept, from: [{{}}]}}, {DENY}"))]),
        No
    );
}

#[test]
fn the_older_kinds() {
    let policy = |kind: &str, spec: &str| {
        format!(
            "---\n{{apiVersion: policy.networking.k8s.io/v1alpha1, kind: {kind}, metadata: {{name: default}}, spec: {spec}}}\n"
        )
    };
    let deny = policy(
        "AdminNetworkPolicy",
        "{priority: 5, subject: {pods: {namespaceSelector: {}, podSelector: {}}}, ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portNumber: {protocol: TCP, port: 5432}}]}]}",
    );
    let baseline = policy(
        "BaselineAdminNetworkPolicy",
        "{subject: {namespaces: {}}, ingress: [{action: Deny, from: [{namespaces: {}}], ports: [{portRange: {start: 1, end: 9000}}]}]}",
    );
    let allow = policy(
        "AdminNetworkPolicy",
        "{priority: 4, subject: {namespaces: {}}, ingress: [{action: Allow, from: [{namespaces: {}}], ports: [{namedPort: sql}]}]}",
    );
    assert_eq!(web_reaches_db(std::slice::from_ref(&deny)), Truth::No);
    assert_eq!(web_reaches_db(std::slice::from_ref(&baseline)), Truth::No);
    assert_eq!(web_reaches_db(&[deny, baseline, allow]), Truth::Yes);
}
