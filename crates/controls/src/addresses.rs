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
