//! Addresses and blocks of them, both families.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use seaworthy_document::Value;

use crate::labels::is_placeholder;
use crate::truth::Truth;

/// A family of addresses. What holds for one says nothing about the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    /// Both.
    pub const ALL: [Family; 2] = [Family::V4, Family::V6];

    /// Its name: `IPv4`.
    pub fn name(self) -> &'static str {
        match self {
            Family::V4 => "IPv4",
            Family::V6 => "IPv6",
        }
    }

    fn of(address: IpAddr) -> Family {
        if address.is_ipv4() { Family::V4 } else { Family::V6 }
    }
}

/// The addresses that share a prefix, as `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    family: Family,
    /// The first address; those of IPv4 are numbers below 2³².
    first: u128,
    last: u128,
}

impl Cidr {
    /// Reads a block; bits behind the prefix are ignored, as the API does.
    pub fn parse(text: &str) -> Option<Cidr> {
        let (address, length) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        // Signs and leading zeroes are no part of a prefix length.
        let plain =
            length.bytes().all(|byte| byte.is_ascii_digit()) && (length == "0" || !length.starts_with('0'));
        let length: u32 = length.parse().ok().filter(|_| plain)?;
        let (family, bits) = (Family::of(address), number(address));
        let width: u32 = if family == Family::V4 { 32 } else { 128 };
        let below = width.checked_sub(length)?;
        let rest = if below == 128 { u128::MAX } else { (1_u128 << below) - 1 };
        Some(Cidr { family, first: bits & !rest, last: bits | rest })
    }

    /// Its family.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Its first and last address.
    pub fn bounds(&self) -> (IpAddr, IpAddr) {
        (address(self.family, self.first), address(self.family, self.last))
    }

    /// Whether an address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        Family::of(address) == self.family && (self.first..=self.last).contains(&number(address))
    }

    /// Whether it holds all addresses of its family.
    pub fn is_whole(&self) -> bool {
        let last = if self.family == Family::V4 { u128::from(u32::MAX) } else { u128::MAX };
        self.first == 0 && self.last == last
    }

    /// Whether all addresses of another lie in it.
    pub fn covers(&self, other: &Cidr) -> bool {
        self.family == other.family && self.first <= other.first && other.last <= self.last
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

fn address(family: Family, number: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(number).unwrap_or(u32::MAX))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(number)),
    }
}

/// What a peer says about addresses: a block without some blocks inside it.
#[derive(Clone, Debug)]
pub struct Block {
    /// `None` when a placeholder stands in its place.
    cidr: Option<Cidr>,
    except: Vec<Cidr>,
    /// Whether a placeholder is among the exceptions.
    except_open: bool,
}

impl Block {
    /// Reads an `ipBlock`; `None` when the API server would refuse it.
    pub(crate) fn read(value: Value<'_>) -> Option<Block> {
        let cidr = read(value.get("cidr")?)?;
        let mut block = Block { cidr: cidr.known(), except: Vec::new(), except_open: false };
        for item in value.get("except").iter().flat_map(Value::items) {
            match read(item)? {
                Read::Cidr(cidr) => block.except.push(cidr),
                Read::Placeholder => block.except_open = true,
            }
        }
        Some(block)
    }

    /// A block without exceptions, from its text; `None` when the API server would refuse it.
    pub(crate) fn network(value: Value<'_>) -> Option<Block> {
        Some(Block { cidr: read(value)?.known(), except: Vec::new(), except_open: false })
    }

    /// The block, when it is known.
    pub fn cidr(&self) -> Option<Cidr> {
        self.cidr
    }

    /// What is taken out of it, as far as it is known.
    pub fn except(&self) -> &[Cidr] {
        &self.except
    }

    /// Whether an address is meant.
    pub fn holds(&self, address: IpAddr) -> Truth {
        let Some(cidr) = self.cidr else { return Truth::Maybe };
        if !cidr.contains(address) || self.except.iter().any(|except| except.contains(address)) {
            return Truth::No;
        }
        if self.except_open { Truth::Maybe } else { Truth::Yes }
    }

    /// Whether an address of which only the family is known is meant.
    pub fn holds_some(&self, family: Family) -> Truth {
        match self.cidr {
            None => Truth::Maybe,
            Some(cidr) if cidr.family != family => Truth::No,
            Some(cidr) if self.except.iter().any(|except| except.covers(&cidr)) => Truth::No,
            Some(_) if self.is_whole(family) => Truth::Yes,
            Some(_) => Truth::Maybe,
        }
    }

    /// Whether all addresses of a family are meant.
    pub fn is_whole(&self, family: Family) -> bool {
        let whole = self.cidr.is_some_and(|cidr| cidr.family == family && cidr.is_whole());
        whole && self.except.is_empty() && !self.except_open
    }
}

enum Read {
    Cidr(Cidr),
    Placeholder,
}

impl Read {
    fn known(self) -> Option<Cidr> {
        match self {
            Read::Cidr(cidr) => Some(cidr),
            Read::Placeholder => None,
        }
    }
}

fn read(value: Value<'_>) -> Option<Read> {
    let text = value.as_str()?;
    if is_placeholder(text) {
        return Some(Read::Placeholder);
    }
    Cidr::parse(text).map(Read::Cidr)
}
