//! Where something listens, and who says so.

use std::fmt;

/// An address that may be asked, since somebody gave it or the cluster told it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Endpoint {
    /// A host name or an address of IPv4 or IPv6, without brackets.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Who says so.
    pub origin: Origin,
}

/// Who names an address. No probe goes anywhere else.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Origin {
    /// A flag or the configuration file: `--etcd`.
    Given(&'static str),
    /// An object of the cluster: `Node node1`.
    Told(String),
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(f, "[{}]:{}", self.host, self.port),
            false => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Given(flag) => f.write_str(flag),
            Origin::Told(object) => f.write_str(object),
        }
    }
}
