//! Addresses that programs listen on or talk to.

use std::net::IpAddr;

/// The host of an address as flags state it: `10.0.0.1`, `10.0.0.1:80`, `[::1]:80`, `:80`, `https://host:80/path`.
pub(crate) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split(['/', '?']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    if let Some(rest) = rest.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    // An address of version 6 without brackets has more than one colon.
    match rest.split_once(':') {
        Some((host, port)) if !port.contains(':') => host,
        _ => rest,
    }
}

/// Whether a host is the machine itself, and nothing else.
pub(crate) fn is_loopback(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|address| address.is_loopback())
        }
        Ok(IpAddr::V4(address)) => address.is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    }
}

/// Whether a host is an address that the Internet routes; `None` for names, which only a resolver can tell.
pub(crate) fn is_public(host: &str) -> Option<bool> {
    let public_v4 = |address: std::net::Ipv4Addr| {
        let [a, b, c, _] = address.octets();
        let special = address.is_private()
            || address.is_loopback()
            || address.is_link_local()
            || address.is_unspecified()
            || address.is_broadcast()
            || address.is_documentation()
            || address.is_multicast();
        // Shared by carriers, for protocols, for benchmarks, and reserved (RFC 6890).
        let reserved = a == 0
            || a == 100 && (64..128).contains(&b)
            || a == 192 && b == 0 && c == 0
            || a == 198 && (18..20).contains(&b)
            || a >= 240;
        !special && !reserved
    };
    Some(match host.parse::<IpAddr>().ok()? {
        IpAddr::V4(address) => public_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => public_v4(address),
            // Global unicast, without the range for documentation.
            None => {
                address.segments()[0] & 0xe000 == 0x2000
                    && !(address.segments()[0] == 0x2001 && address.segments()[1] == 0x0db8)
            }
        },
    })
}

/// Whether a URL is of plain HTTP.
pub(crate) fn is_plain_http(url: &str) -> bool {
    url.trim().get(..7).is_some_and(|start| start.eq_ignore_ascii_case("http://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_taken_out_of_addresses() {
        for (address, expected) in [
            ("127.0.0.1", "127.0.0.1"),
            ("127.0.0.1:10249", "127.0.0.1"),
            ("[::1]:10249", "::1"),
            ("::", "::"),
            (":10249", ""),
            ("https://etcd.example.com:2379/v3", "etcd.example.com"),
            ("http://user:word@host:80", "host"),
            ("", ""),
            ("[", ""),
        ] {
            assert_eq!(host(address), expected, "{address}");
        }
    }

    #[test]
    fn loopback_is_told_from_all_else() {
        assert!(
            ["127.0.0.1", "127.9.9.9", "::1", "localhost", "::ffff:127.0.0.1"].into_iter().all(is_loopback)
        );
        assert!(!["0.0.0.0", "10.0.0.1", "::", "", "localhost.example.com"].into_iter().any(is_loopback));
        assert!(is_plain_http("HTTP://x") && !is_plain_http("https://x") && !is_plain_http("é"));
    }
}
