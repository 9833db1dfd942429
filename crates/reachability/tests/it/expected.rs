//! Expected connections, as another analyser writes them.

use std::collections::BTreeMap;

use seaworthy_reachability::Protocol;

/// Ranges of ports by protocol.
#[derive(Debug, Default)]
pub(crate) struct Connections(Vec<(Protocol, u16, u16)>);

impl Connections {
    fn parse(text: &str) -> Connections {
        if text == "All Connections" {
            return Connections(Protocol::ALL.iter().map(|protocol| (*protocol, 1, u16::MAX)).collect());
        }
        let mut protocol = Protocol::Tcp;
        let mut ranges = Vec::new();
        for part in text.split(',') {
            let numbers = match part.split_once(' ') {
                Some((name, numbers)) => {
                    protocol = *Protocol::ALL.iter().find(|it| it.name() == name).expect("a protocol");
                    numbers
                }
                None => part,
            };
            let (first, last) = numbers.split_once('-').unwrap_or((numbers, numbers));
            ranges.push((protocol, first.parse().expect("a port"), last.parse().expect("a port")));
        }
        Connections(ranges)
    }

    pub(crate) fn hold(&self, protocol: Protocol, number: u16) -> bool {
        self.0.iter().any(|&(it, first, last)| it == protocol && (first..=last).contains(&number))
    }

    pub(crate) fn cuts(&self) -> impl Iterator<Item = u16> {
        self.0.iter().flat_map(|&(_, first, last)| [first, last.saturating_add(1)])
    }
}

/// One end of an expected connection.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Workload(String),
    /// First and last address.
    Range(u32, u32),
}

impl End {
    fn parse(text: &str) -> End {
        let Some(range) = text.strip_suffix("[External]") else { return End::Workload(text.to_owned()) };
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let number = |text: &str| u32::from(text.parse::<std::net::Ipv4Addr>().expect("an address"));
        End::Range(number(first), number(last))
    }
}

/// All connections of one case.
pub(crate) fn parse(text: &str) -> BTreeMap<(End, End), Connections> {
    let ends = |source: &str, destination: &str, connections: &str| {
        ((End::parse(source), End::parse(destination)), Connections::parse(connections))
    };
    if text.trim_start().starts_with('[') {
        let list: Vec<serde_json::Value> = serde_json::from_str(text).expect("a list");
        let field = |item: &serde_json::Value, key: &str| item[key].as_str().expect("a text").to_owned();
        return list
            .iter()
            .map(|it| ends(&field(it, "src"), &field(it, "dst"), &field(it, "conn")))
            .collect();
    }
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .map(|line| {
            let (source, rest) = line.split_once(" => ").expect("an arrow");
            let (destination, connections) = rest.split_once(" : ").expect("a colon");
            ends(source, destination, connections)
        })
        .collect()
}
