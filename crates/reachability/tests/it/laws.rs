//! Laws that hold for any policies, on random ones.

use std::net::{IpAddr, Ipv4Addr};

use fastrand::Rng;
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_reachability::{Direction, Endpoint, Port, Protocol, Truth, World};

use crate::objects;

/// A policy: what it selects, and its ingress and egress rules as they are written.
#[derive(Clone)]
struct Draft {
    namespace: &'static str,
    selector: String,
    rules: [Option<Vec<String>>; 2],
}

impl Draft {
    fn random(rng: &mut Rng) -> Draft {
        let mut rules = || (rng.u8(..3) > 0).then(|| (0..rng.usize(..3)).map(|_| rule(rng)).collect());
        let rules = [rules(), rules()];
        Draft { namespace: ["a", "b"][rng.usize(..2)], selector: selector(rng), rules }
    }

    fn write(&self) -> String {
        let mut types = Vec::new();
        let mut fields = String::new();
        for (direction, rules) in Direction::ALL.iter().zip(&self.rules) {
            let Some(rules) = rules else { continue };
            let field = direction.peers_field();
            let rules: Vec<String> = rules.iter().map(|rule| rule.replace("PEERS", field)).collect();
            types.push(direction.policy_type());
            fields.push_str(&format!(", {}: [{}]", direction.name(), rules.join(", ")));
        }
        if types.is_empty() {
            return String::new();
        }
        format!(
            "---\n{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {{name: p, namespace: {}}}, \
             spec: {{podSelector: {}, policyTypes: [{}]{fields}}}}}\n",
            self.namespace,
            self.selector,
            types.join(", ")
        )
    }
}

fn selector(rng: &mut Rng) -> String {
    let all = [
        "{}",
        "{matchLabels: {app: x}}",
        "{matchLabels: {app: z, tier: t}}",
        "{matchExpressions: [{key: tier, operator: DoesNotExist}]}",
        "{matchExpressions: [{key: app, operator: NotIn, values: [x]}]}",
    ];
    all[rng.usize(..all.len())].to_owned()
}

fn rule(rng: &mut Rng) -> String {
    let peers: Vec<String> = (0..rng.usize(..3)).map(|_| peer(rng)).collect();
    let ports = [
        "{port: 80}",
        "{port: http}",
        "{port: 10, endPort: 90}",
        "{protocol: UDP}",
        "{port: 53, protocol: UDP}",
    ];
    let ports: Vec<&str> = (0..rng.usize(..3)).map(|_| ports[rng.usize(..ports.len())]).collect();
    format!("{{PEERS: [{}], ports: [{}]}}", peers.join(", "), ports.join(", "))
}

fn peer(rng: &mut Rng) -> String {
    let namespace = "namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: b}}";
    match rng.u8(..5) {
        0 => format!("{{podSelector: {}}}", selector(rng)),
        1 => format!("{{{namespace}}}"),
        2 => format!("{{{namespace}, podSelector: {}}}", selector(rng)),
        3 => "{ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}}".to_owned(),
        _ => "{ipBlock: {cidr: 0.0.0.0/0}}".to_owned(),
    }
}

const PODS: &str = "
{apiVersion: v1, kind: Pod, metadata: {name: one, namespace: a, labels: {app: x}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 80}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: two, namespace: a, labels: {app: z, tier: t}}, spec: {containers: [{name: c, ports: [{name: http, containerPort: 85}]}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: three, namespace: b, labels: {app: x, tier: t}}, spec: {containers: [{name: c}]}}
---
{apiVersion: v1, kind: Pod, metadata: {name: four, namespace: b}, spec: {hostNetwork: true, containers: [{name: c}]}}
";

/// Every answer: pods to pods, and pods from and to some addresses, on some ports.
fn answers(policies: &[String]) -> Vec<Truth> {
    let text = format!("{PODS}{}", policies.concat());
    let files = [SourceFile::new("case.yaml", Stream::read(text))];
    let evidence = Evidence::new(&files);
    assert!(evidence.diagnostics().is_empty(), "{:?}", evidence.diagnostics());
    let named = objects::world(&evidence, World::new());
    let world = &named.world;
    let numbers = [9, 10, 53, 80, 85, 90, 91];
    let ports: Vec<Port> = numbers
        .into_iter()
        .flat_map(|number| [Protocol::Tcp, Protocol::Udp].map(|protocol| Port { protocol, number }))
        .collect();
    let addresses = [[10, 0, 0, 1], [10, 1, 0, 1], [8, 8, 8, 8]].map(|it| IpAddr::V4(Ipv4Addr::from(it)));
    let mut answers = Vec::new();
    for &from in named.pods.values() {
        for &port in &ports {
            answers.extend(named.pods.values().map(|&to| world.reaches(from, to, port)));
            for (direction, address) in
                Direction::ALL.iter().flat_map(|it| addresses.map(|address| (*it, address)))
            {
                answers.push(world.side_allows(from, direction, Endpoint::Address(address), port));
            }
        }
    }
    answers
}

fn drafts(seed: u64) -> Vec<Draft> {
    let mut rng = Rng::with_seed(seed);
    (0..rng.usize(1..4)).map(|_| Draft::random(&mut rng)).collect()
}

fn written(drafts: &[Draft]) -> Vec<String> {
    drafts.iter().map(Draft::write).collect()
}

#[test]
fn order_changes_nothing() {
    for seed in 0..60 {
        let mut policies = written(&drafts(seed));
        let before = answers(&policies);
        policies.reverse();
        assert_eq!(answers(&policies), before, "{policies:#?}");
    }
}

#[test]
fn a_policy_for_each_rule_changes_nothing() {
    for seed in 0..60 {
        let drafts = drafts(seed);
        let split: Vec<Draft> = drafts.iter().flat_map(split).collect();
        assert_eq!(answers(&written(&split)), answers(&written(&drafts)), "seed {seed}");
    }
}

/// One policy that denies, and one for each rule.
fn split(draft: &Draft) -> Vec<Draft> {
    let empty = draft.rules.clone().map(|rules| rules.map(|_| Vec::new()));
    let mut parts = vec![Draft { rules: empty, ..draft.clone() }];
    for (side, rules) in draft.rules.iter().enumerate() {
        for rule in rules.iter().flatten() {
            let mut alone = [None, None];
            alone[side] = Some(vec![rule.clone()]);
            parts.push(Draft { rules: alone, ..draft.clone() });
        }
    }
    parts
}

#[test]
fn two_halves_of_a_block_are_the_block() {
    for seed in 0..60 {
        let policies = written(&drafts(seed));
        let halves = policies.iter().map(|policy| {
            policy.replace(
                "{ipBlock: {cidr: 0.0.0.0/0}}",
                "{ipBlock: {cidr: 0.0.0.0/1}}, {ipBlock: {cidr: 128.0.0.0/1}}",
            )
        });
        assert_eq!(answers(&halves.collect::<Vec<_>>()), answers(&policies), "seed {seed}");
    }
}

#[test]
fn a_further_rule_takes_nothing_away() {
    for seed in 0..60 {
        let mut rng = Rng::with_seed(seed + 1000);
        let mut drafts = drafts(seed);
        let before = answers(&written(&drafts));
        let further = rule(&mut rng);
        for rules in drafts[0].rules.iter_mut().flatten() {
            rules.push(further.clone());
        }
        let after = answers(&written(&drafts));
        assert!(before.iter().zip(&after).all(|(before, after)| before <= after), "seed {seed}");
    }
}

#[test]
fn a_further_isolated_direction_gives_nothing() {
    for seed in 0..60 {
        let mut drafts = drafts(seed);
        let before = answers(&written(&drafts));
        let deny = [Some(Vec::new()), Some(Vec::new())];
        drafts.push(Draft { namespace: "a", selector: "{}".to_owned(), rules: deny });
        let after = answers(&written(&drafts));
        assert!(before.iter().zip(&after).all(|(before, after)| after <= before), "seed {seed}");
    }
}
