//! The words of the API, one by one (`staging/src/k8s.io/api/networking/v1/types.go`).

use std::net::IpAddr;

use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_reachability::{Direction, Endpoint, Family, PodId, Port, Protocol, Reason, Truth, World};

use crate::objects;

/// Two namespaces with three pods each of whose objects the first namespace's is known.
const PODS: &str = "
{apiVersion: v1, kind: Namespace, metadata: {name: shop, labels: {team: a}}}
---
{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop, labels: {app: web, tier: front}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 8080}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: db, namespace: shop, labels: {app: db}}, spec: {containers: [{name: c, ports: [{name: sql, containerPort: 5432}, {name: dns, containerPort: 53, protocol: UDP}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: node, namespace: shop, labels: {app: db}}, spec: {hostNetwork: true, containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: far, namespace: other, labels: {app: web}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: open, namespace: shop, labels: {app: '${APP}'}}, spec: {containers: [{name: c}]}}
---
";

/// Asks with one policy in namespace `shop`, its `spec` given.
fn with(spec: &str, ask: impl Fn(&World<'_>, &dyn Fn(&str) -> PodId)) {
    let policy = format!(
        "{PODS}{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: shop}}, spec: {spec}}}"
    );
    let files = [SourceFile::new("case.yaml", Stream::read(policy))];
    let evidence = Evidence::new(&files);
    let named = objects::world(&evidence, World::new());
    ask(&named.world, &|name| named.pods[&format!("{name}[Pod]")]);
}

fn isolated(spec: &str) -> [Truth; 2] {
    let mut answers = Vec::new();
    let cell = std::cell::RefCell::new(&mut answers);
    with(spec, |world, pod| {
        for direction in Direction::ALL {
            cell.borrow_mut().push(world.is_isolated(pod("shop/db"), direction));
        }
    });
    [answers[0], answers[1]]
}

/// Whether web may reach db on a port.
fn reaches(spec: &str, from: &str, port: Port) -> Truth {
    let answer = std::cell::Cell::new(Truth::Maybe);
    with(spec, |world, pod| answer.set(world.reaches(pod(from), pod("shop/db"), port)));
    answer.get()
}

const SQL: Port = Port { protocol: Protocol::Tcp, number: 5432 };

#[test]
fn isolation_by_types_and_their_defaults() {
    use Truth::{Maybe, No, Yes};
    for (spec, expected) in [
        ("{podSelector: {}}", [Yes, No]),
        ("{}", [Yes, No]),
        ("{podSelector: {}, egress: []}", [Yes, No]),
        ("{podSelector: {}, egress: [{}]}", [Yes, Yes]),
        ("{podSelector: {}, policyTypes: []}", [Yes, No]),
        ("{podSelector: {}, policyTypes: [Egress]}", [No, Yes]),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{}]}", [Yes, No]),
        ("{podSelector: {matchLabels: {app: web}}}", [No, No]),
        ("{podSelector: {matchLabels: {app: '{{ .Values.app }}'}}}", [Maybe, No]),
        ("{podSelector: {}, policyTypes: ['${TYPE}']}", [Maybe, Maybe]),
        ("{podSelector: {matchLabels: }}", [Yes, No]),
        ("{podSelector: {matchExpressions: [{key: tier, operator: DoesNotExist}]}}", [Yes, No]),
        ("{podSelector: {matchExpressions: [{key: tier, operator: NotIn, values: [front]}]}}", [Yes, No]),
        ("{podSelector: {matchExpressions: [{key: app, operator: NotIn, values: [db]}]}}", [No, No]),
        ("{podSelector: {matchExpressions: [{key: app, operator: In, values: [web, db]}]}}", [Yes, No]),
        ("{podSelector: {matchExpressions: [{key: app, operator: Exists}]}}", [Yes, No]),
        ("{podSelector: {matchExpressions: [{key: app, operator: Near, values: [db]}]}}", [Maybe, No]),
    ] {
        assert_eq!(isolated(spec), expected, "{spec}");
    }
}

#[test]
fn peers() {
    use Truth::{Maybe, No, Yes};
    for (from, web, far) in [
        ("[]", Yes, Yes),
        ("[{}]", No, No),
        ("[{podSelector: {}}]", Yes, No),
        ("[{podSelector: {matchLabels: {app: web}}}]", Yes, No),
        ("[{namespaceSelector: {}}]", Yes, Yes),
        ("[{namespaceSelector: {}, podSelector: {matchLabels: {app: web}}}]", Yes, Yes),
        ("[{namespaceSelector: {}, podSelector: {matchLabels: {tier: front}}}]", Yes, No),
        ("[{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]", No, Yes),
        // The labels of the other namespace are not known.
        ("[{namespaceSelector: {matchLabels: {team: a}}}]", Yes, Maybe),
        ("[{namespaceSelector: {matchLabels: {team: b}}}, {podSelector: {}}]", Yes, Maybe),
        ("[{namespaceSelector: {matchLabels: {team: b}}, podSelector: {}}]", No, Maybe),
        // Whether blocks mean pods depends on the plugin.
        ("[{ipBlock: {cidr: 10.0.0.0/8}}]", Maybe, Maybe),
        ("[{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]", No, No),
    ] {
        let spec = format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{from: {from}}}]}}");
        assert_eq!([reaches(&spec, "shop/web", SQL), reaches(&spec, "other/far", SQL)], [web, far], "{from}");
    }
}

#[test]
fn ports() {
    use Truth::{Maybe, No, Yes};
    for (ports, sql, ssh, dns) in [
        ("[]", Yes, Yes, Yes),
        ("[{}]", Yes, Yes, No),
        ("[{port: 5432}]", Yes, No, No),
        ("[{port: sql}]", Yes, No, No),
        ("[{port: sql, protocol: UDP}]", No, No, No),
        ("[{port: dns, protocol: UDP}]", No, No, Yes),
        ("[{port: dns}]", No, No, No),
        ("[{port: 1, endPort: 6000}]", Yes, Yes, No),
        ("[{port: 5432, endPort: 5431}]", Maybe, Maybe, Maybe),
        ("[{port: sql, endPort: 6000}]", Maybe, Maybe, Maybe),
        ("[{protocol: UDP}]", No, No, Yes),
        ("[{protocol: SCTP}]", No, No, No),
        ("[{port: '${PORT}'}]", Maybe, Maybe, Maybe),
    ] {
        let spec = format!("{{podSelector: {{matchLabels: {{app: db}}}}, ingress: [{{ports: {ports}}}]}}");
        let got = [SQL, Port::tcp(22), Port::udp(53)].map(|port| reaches(&spec, "shop/web", port));
        assert_eq!(got, [sql, ssh, dns], "{ports}");
    }
}

#[test]
fn addresses_of_both_families() {
    let ask = |to: &str, address: &str| {
        let answer = std::cell::Cell::new(Truth::Maybe);
        let spec = format!("{{policyTypes: [Egress], egress: [{{to: {to}}}]}}");
        let address: IpAddr = address.parse().expect("an address");
        with(&spec, |world, pod| {
            let end = Endpoint::Address(address);
            answer.set(world.side_allows(pod("shop/web"), Direction::Egress, end, Port::tcp(80)));
        });
        answer.get()
    };
    use Truth::{Maybe, No, Yes};
    for (to, address, expected) in [
        ("[{ipBlock: {cidr: 0.0.0.0/0}}]", "169.254.169.254", Yes),
        ("[{ipBlock: {cidr: 0.0.0.0/0}}]", "fd00:ec2::254", No),
        ("[{ipBlock: {cidr: '::/0'}}]", "fd00:ec2::254", Yes),
        ("[{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}]", "169.254.169.254", No),
        (
            "[{ipBlock: {cidr: 0.0.0.0/0, except: [169.254.0.0/16]}}, {ipBlock: {cidr: 169.254.169.254/32}}]",
            "169.254.169.254",
            Yes,
        ),
        ("[{ipBlock: {cidr: 0.0.0.0/0, except: ['${NODES}']}}]", "10.0.0.1", Maybe),
        ("[{ipBlock: {cidr: '${NODES}'}}]", "10.0.0.1", Maybe),
        ("[{ipBlock: {cidr: 10.0.0.0/33}}]", "10.0.0.1", No),
        ("[{podSelector: {}}, {namespaceSelector: {}}]", "10.0.0.1", No),
        ("[]", "10.0.0.1", Yes),
    ] {
        assert_eq!(ask(to, address), expected, "{to} {address}");
    }
}

#[test]
fn an_address_of_which_only_the_family_is_known() {
    with(
        "{policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}]}",
        |world, pod| {
            let ask = |family| {
                world.side_allows(pod("shop/web"), Direction::Egress, Endpoint::SomeAddress(family), SQL)
            };
            assert_eq!([ask(Family::V4), ask(Family::V6)], [Truth::Maybe, Truth::No]);
        },
    );
}

#[test]
fn pods_of_the_node_are_outside_of_all_policies() {
    with("{policyTypes: [Ingress, Egress]}", |world, pod| {
        let node = pod("shop/node");
        assert_eq!(world.is_isolated(node, Direction::Ingress), Truth::No);
        // Nothing keeps connections from it, but those to it must leave their source.
        assert_eq!(world.reaches(pod("other/far"), node, SQL), Truth::Yes);
        assert_eq!(world.reaches(pod("shop/web"), node, SQL), Truth::No);
    });
    with("{ingress: [{from: [{podSelector: {}}]}]}", |world, pod| {
        assert_eq!(world.reaches(pod("shop/node"), pod("shop/db"), SQL), Truth::No);
    });
}

#[test]
fn what_is_not_known_stays_so() {
    with("{podSelector: {matchLabels: {app: web}}}", |world, pod| {
        assert_eq!(world.is_isolated(pod("shop/open"), Direction::Ingress), Truth::Maybe);
        assert_eq!(world.reaches(pod("shop/db"), pod("shop/open"), SQL), Truth::Maybe);
    });
    // Isolated or not: all is allowed.
    with("{podSelector: {matchLabels: {app: web}}, ingress: [{}]}", |world, pod| {
        assert_eq!(world.reaches(pod("shop/db"), pod("shop/open"), SQL), Truth::Yes);
    });
}

#[test]
fn grounds_name_policy_and_rule() {
    let spec = "{podSelector: {matchLabels: {app: db}}, ingress: [{ports: [{port: 1}]}, {from: [{podSelector: {}}]}]}";
    with(spec, |world, pod| {
        let (web, far) = (world.endpoint(pod("shop/web")), world.endpoint(pod("other/far")));
        let grounds = world.explain_side(pod("shop/db"), Direction::Ingress, web, SQL);
        assert_eq!(grounds.len(), 1);
        assert_eq!(
            (grounds[0].reason, grounds[0].rule, grounds[0].certain),
            (Reason::Allowed, Some(2), true)
        );
        let grounds = world.explain_side(pod("shop/db"), Direction::Ingress, far, SQL);
        assert_eq!((grounds[0].reason, grounds[0].rule), (Reason::Isolated, None));
        let grounds = world.explain_side(pod("shop/web"), Direction::Ingress, far, SQL);
        assert_eq!(grounds[0].reason, Reason::NothingSaid);
    });
}

#[test]
fn too_many_policies_are_no_answer() {
    let policies: String = (0..1500)
        .map(|number| {
            format!(
                "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p{number}, namespace: shop}}, spec: {{podSelector: {{matchExpressions: [{{key: k{number}, operator: Exists}}]}}}}}}\n"
            )
        })
        .collect();
    let files = [SourceFile::new("case.yaml", Stream::read(format!("{PODS}{policies}")))];
    let evidence = Evidence::new(&files);
    let named = objects::world(&evidence, World::new());
    assert_eq!(named.world.is_isolated(named.pods["shop/db[Pod]"], Direction::Ingress), Truth::Maybe);
}

#[test]
fn many_pods_at_once_are_answered_as_each_alone() {
    with("{podSelector: {matchLabels: {app: db}}, policyTypes: [Egress]}", |world, _| {
        let pods: Vec<PodId> = world.pods().collect();
        let address = Endpoint::Address("169.254.169.254".parse().expect("an address"));
        let alone = pods.iter().map(|pod| world.side_allows(*pod, Direction::Egress, address, SQL));
        assert_eq!(world.egress_to(&pods, &[(address, SQL)]), [alone.collect::<Vec<_>>()]);
    });
}
