//! The `connlist` cases of the data folder: all pairs of workloads and address ranges.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;

use oracle_client::data;
use seaworthy_document::Stream;
use seaworthy_evidence::{Evidence, SourceFile};
use seaworthy_reachability::{Direction, Endpoint, Peer, Port, Ports, Protocol, Truth, World};

use crate::expected::{self, Connections, End};
use crate::objects;

#[test]
fn connections_are_those_of_another_analyser() {
    let folder = match data("policy-connections") {
        Ok(folder) => folder,
        Err(skip) => return skip.announce(),
    };
    let cases = std::fs::read_to_string(folder.join("CASES.txt")).expect("the list of cases");
    let (mut run, mut unsupported, mut lines) = (0, 0, 0);
    let mut tally = Tally::default();
    for case in cases.lines().skip(1) {
        let fields: Vec<&str> = case.split('\t').collect();
        let [input, expected, mode, _] = fields[..] else { panic!("not four fields: {case}") };
        if mode != "connlist" {
            unsupported += 1;
            continue;
        }
        run += 1;
        let files = read(&folder.join(input));
        let text = std::fs::read_to_string(folder.join(expected)).expect(expected);
        // A line about what an Ingress leads to is no matter of policies alone.
        let expected: std::collections::BTreeMap<_, _> = expected::parse(&text)
            .into_iter()
            .filter(|((source, _), _)| *source != End::Workload("{ingress-controller}".to_owned()))
            .collect();
        lines += expected.len();
        compare(input, &files, &expected, &mut tally);
    }
    println!(
        "{run} cases run, {lines} expected lines; {} pairs agree, {} disagree; {unsupported} cases of other modes unsupported",
        tally.agree,
        tally.disagree.len()
    );
    assert!(tally.disagree.is_empty(), "{}", tally.disagree.join("\n"));
    assert!(run >= 10 && tally.agree > 1000);
}

#[derive(Default)]
struct Tally {
    agree: usize,
    disagree: Vec<String>,
}

/// The other analyser has no model of pods on the network of their node.
fn read(folder: &Path) -> Vec<SourceFile> {
    let mut paths: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let text = |path: &Path| {
        let text = std::fs::read_to_string(path).expect("a text");
        text.replace("hostNetwork: true", "hostNetwork: false")
            .replace("\"hostNetwork\": true", "\"hostNetwork\": false")
    };
    paths.iter().map(|path| SourceFile::new(path.display().to_string(), Stream::read(text(path)))).collect()
}

type Expected = std::collections::BTreeMap<(End, End), Connections>;

fn compare(case: &str, files: &[SourceFile], expected: &Expected, tally: &mut Tally) {
    let evidence = Evidence::new(files);
    // Nor does it take the address of a pod for one of a block.
    let named = objects::world(&evidence, World::new().with_pod_blocks(Truth::No));
    let world = &named.world;
    let ports = representative_ports(world, expected);
    let ranges = ranges(world, expected);
    let pods = named.pods.iter().map(|(name, id)| (End::Workload(name.clone()), *id));
    let pods: Vec<_> = pods.collect();
    let mut pair = |source: &End, destination: &End, answer: &dyn Fn(Port) -> Truth| {
        let wanted = find(expected, source, destination);
        let differs = ports.iter().find_map(|&port| {
            let expected = wanted.is_some_and(|wanted| wanted.hold(port.protocol, port.number));
            let got = answer(port);
            (got != Truth::from(expected)).then(|| {
                format!("{case}: {source:?} to {destination:?} on {port}: {got}, expected {expected}")
            })
        });
        match differs {
            Some(message) => tally.disagree.push(message),
            None => tally.agree += 1,
        }
    };
    for (name, pod) in &pods {
        for (other_name, other) in pods.iter().filter(|(_, other)| other != pod) {
            pair(name, other_name, &|port| world.reaches(*pod, *other, port));
        }
        for &(first, last) in &ranges {
            let address = Endpoint::Address(IpAddr::V4(Ipv4Addr::from(first)));
            let range = End::Range(first, last);
            pair(name, &range, &|port| world.side_allows(*pod, Direction::Egress, address, port));
            pair(&range, name, &|port| world.side_allows(*pod, Direction::Ingress, address, port));
        }
    }
}

/// The expected connections of a pair; expected ranges may be wider than those that are asked.
fn find<'x>(expected: &'x Expected, source: &End, destination: &End) -> Option<&'x Connections> {
    let within = |asked: &End, known: &End| match (asked, known) {
        (End::Range(first, last), End::Range(from, to)) => from <= first && last <= to,
        (asked, known) => asked == known,
    };
    expected
        .iter()
        .find(|((from, to), _)| within(source, from) && within(destination, to))
        .map(|(_, connections)| connections)
}

/// A port of each interval within which all ports are alike.
fn representative_ports(world: &World<'_>, expected: &Expected) -> Vec<Port> {
    let mut cuts: BTreeSet<u16> =
        expected.values().flat_map(Connections::cuts).filter(|cut| *cut > 0).collect();
    cuts.insert(1);
    for rule in rules(world) {
        for ports in &rule.ports {
            if let Ports::Range(_, first, last) = *ports {
                cuts.extend([first, last.saturating_add(1)]);
            }
        }
    }
    // Numbers that pods may give to names.
    cuts.extend([8956, 8957, 3535, 3536]);
    Protocol::ALL
        .iter()
        .flat_map(|&protocol| cuts.iter().map(move |&number| Port { protocol, number }))
        .collect()
}

fn rules<'w, 'a>(world: &'w World<'a>) -> impl Iterator<Item = &'w seaworthy_reachability::Rule<'a>> {
    world
        .policies()
        .flat_map(move |id| Direction::ALL.into_iter().flat_map(move |it| world.policy(id).rules(it)))
}

/// The ranges within which all addresses are alike.
fn ranges(world: &World<'_>, expected: &Expected) -> Vec<(u32, u32)> {
    let mut cuts: BTreeSet<u64> = BTreeSet::from([0, 1 << 32]);
    for (source, destination) in expected.keys() {
        for end in [source, destination] {
            if let End::Range(first, last) = end {
                cuts.extend([u64::from(*first), u64::from(*last) + 1]);
            }
        }
    }
    for peer in rules(world).flat_map(|rule| &rule.peers) {
        let Peer::Blocks(blocks) = peer else { continue };
        for cidr in blocks.iter().flat_map(|block| block.except().iter().copied().chain(block.cidr())) {
            if let (IpAddr::V4(first), IpAddr::V4(last)) = cidr.bounds() {
                cuts.extend([u64::from(u32::from(first)), u64::from(u32::from(last)) + 1]);
            }
        }
    }
    let cuts: Vec<u64> = cuts.into_iter().collect();
    let number = |value: u64| u32::try_from(value).expect("an address of IPv4");
    cuts.windows(2).map(|pair| (number(pair[0]), number(pair[1] - 1))).collect()
}
