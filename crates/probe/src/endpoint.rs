//! Where something listens, and who says so.

use std::fmt;
use std::net::IpAddr;

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

impl Endpoint {
    /// Whether somebody gave it as a place of etcd, which an authority of its own may vouch for.
    pub fn is_of_etcd(&self) -> bool {
        matches!(self.origin, Origin::Given("--etcd" | "--etcd-peer"))
    }
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

/// Where clouds hand out credentials and talk to their machines, beside the addresses of the link.
const OF_CLOUDS: &[&str] =
    &["100.100.100.200", "168.63.129.16", "192.0.0.192", "fd00:ec2::254", "fd20:ce::254"];

/// Whether an address that the cluster tells may be one of its own: not one of this machine, of the link or of a cloud (where
/// credentials are handed out), or of a group. A hostile cluster must not choose whom we talk to there. A name is no address:
/// what it stands for changes.
pub fn may_be_told(address: &str) -> bool {
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let address = match address {
        IpAddr::V6(long) => long.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    };
    let of_cloud = OF_CLOUDS.iter().any(|known| known.parse() == Ok(address));
    let of_here = match address {
        IpAddr::V4(address) => address.is_link_local() || address.is_broadcast() || address.octets()[0] == 0,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    };
    !(of_cloud || of_here || address.is_loopback() || address.is_unspecified() || address.is_multicast())
}

#[cfg(test)]
mod tests {
    use super::may_be_told;

    #[test]
    fn a_cluster_cannot_point_at_this_machine_or_at_a_cloud() {
        for address in ["10.0.0.5", "192.168.1.1", "8.8.8.8", "fd00::1", "::ffff:10.0.0.5"] {
            assert!(may_be_told(address), "{address}");
        }
        for address in [
            "127.0.0.1",
            "127.9.9.9",
            "169.254.169.254",
            "0.0.0.0",
            "0.1.2.3",
            "255.255.255.255",
            "224.0.0.1",
            "100.100.100.200",
            "168.63.129.16",
            "fd00:ec2::254",
            "::",
            "::1",
            "fe80::1",
            "ff02::1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "example.org",
            "2130706433",
            "0177.0.0.1",
            "[::1]",
            "",
        ] {
            assert!(!may_be_told(address), "{address}");
        }
    }
}
