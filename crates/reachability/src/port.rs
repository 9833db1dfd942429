//! Ports, and what policies say about them.

use std::fmt;

use seaworthy_document::Value;

use crate::labels::is_placeholder;
use crate::pod::Pod;
use crate::truth::Truth;

/// A protocol that policies know. For any other, ICMP included, the API leaves open what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// Its name: `TCP`.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "TCP",
            Protocol::Udp => "UDP",
            Protocol::Sctp => "SCTP",
        }
    }

    /// The protocol under `protocol` of a port, TCP when there is none; `None` for what the API server would refuse.
    pub(crate) fn of(port: Value<'_>) -> Option<Protocol> {
        let Some(value) = port.get("protocol") else { return Some(Protocol::Tcp) };
        let text = value.as_str()?;
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == text)
    }
}

/// A port of a protocol, on the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Port {
    /// The protocol.
    pub protocol: Protocol,
    /// The number.
    pub number: u16,
}

impl Port {
    /// A port of TCP.
    pub fn tcp(number: u16) -> Port {
        Port { protocol: Protocol::Tcp, number }
    }

    /// A port of UDP.
    pub fn udp(number: u16) -> Port {
        Port { protocol: Protocol::Udp, number }
    }
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.protocol.name(), self.number)
    }
}

/// The ports that one entry of a rule means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports<'a> {
    /// All of a protocol.
    All(Protocol),
    /// Those from the first to the last number.
    Range(Protocol, u16, u16),
    /// Those that the destination calls so; of any protocol where none is given.
    Named(Option<Protocol>, &'a str),
    /// Not known: a placeholder, or what the API server would refuse.
    Open,
}

impl<'a> Ports<'a> {
    /// Reads an entry of `ports` of a NetworkPolicy.
    pub(crate) fn read(value: Value<'a>) -> Ports<'a> {
        let Some(protocol) = Protocol::of(value).filter(|_| value.is_mapping()) else { return Ports::Open };
        let end = value.get("endPort");
        let Some(port) = value.get("port") else {
            return if end.is_none() { Ports::All(protocol) } else { Ports::Open };
        };
        if let Some(name) = port.as_str() {
            return Ports::named(Some(protocol), name, end);
        }
        match (number(port), end.map(number)) {
            (Some(first), None) => Ports::Range(protocol, first, first),
            (Some(first), Some(Some(last))) if first <= last => Ports::Range(protocol, first, last),
            _ => Ports::Open,
        }
    }

    /// A port by name. Names of ports have at least one letter (RFC 6335).
    pub(crate) fn named(protocol: Option<Protocol>, name: &'a str, end: Option<Value<'a>>) -> Ports<'a> {
        let is_name = name.bytes().any(|byte| byte.is_ascii_alphabetic()) && !is_placeholder(name);
        if is_name && end.is_none() { Ports::Named(protocol, name) } else { Ports::Open }
    }

    /// Whether they hold a port on a destination; names mean something on pods only.
    pub(crate) fn hold(&self, port: Port, destination: Option<&Pod<'a>>) -> Truth {
        match self {
            Ports::All(protocol) => Truth::from(*protocol == port.protocol),
            Ports::Range(protocol, first, last) => {
                Truth::from(*protocol == port.protocol && (*first..=*last).contains(&port.number))
            }
            Ports::Named(protocol, name) => match destination {
                Some(pod) if protocol.is_none_or(|protocol| protocol == port.protocol) => {
                    pod.calls(port, name)
                }
                _ => Truth::No,
            },
            Ports::Open => Truth::Maybe,
        }
    }
}

/// The number of a port.
pub(crate) fn number(value: Value<'_>) -> Option<u16> {
    value.as_i64().and_then(|number| u16::try_from(number).ok()).filter(|number| *number > 0)
}
