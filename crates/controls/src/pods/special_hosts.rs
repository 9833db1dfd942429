//! Names and addresses behind which stands what gives out credentials or takes commands.

use std::net::IpAddr;

/// Domains of the interfaces by which clouds are controlled.
const CLOUD_DOMAINS: &[&str] = &[
    "amazonaws.com",
    "amazonaws.com.cn",
    "azure.com",
    "azure.net",
    "googleapis.com",
    "login.microsoftonline.com",
    "windows.net",
];

/// Names of the services that tell a machine its cloud credentials.
const METADATA_NAMES: &[&str] =
    &["instance-data", "instance-data.ec2.internal", "metadata", "metadata.google.internal"];

/// Their addresses: the common one, that of AWS in IPv6, the wire server of Azure and that of Alibaba Cloud.
const METADATA_ADDRESSES: &[&str] = &["169.254.169.254", "fd00:ec2::254", "168.63.129.16", "100.100.100.200"];

/// Whether it is a name of the API server inside a cluster, as `kubernetes.default.svc.cluster.local`.
pub(super) fn is_api_server(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let mut labels = host.trim_end_matches('.').split('.');
    labels.next() == Some("kubernetes")
        && labels.next().is_none_or(|namespace| namespace == "default")
        && labels.next().is_none_or(|kind| kind == "svc")
}

/// Whether it is a name of an interface by which a cloud is controlled.
pub(super) fn is_cloud(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    CLOUD_DOMAINS.iter().any(|domain| {
        host.strip_suffix(domain).is_some_and(|labels| labels.is_empty() || labels.ends_with('.'))
    })
}

/// Whether it is a name or an address of a service that tells a machine its cloud credentials.
pub(super) fn is_metadata(host: &str) -> bool {
    let name = host.to_ascii_lowercase();
    let same_address = |known: &str| host.parse::<IpAddr>().is_ok_and(|ip| known.parse() == Ok(ip));
    METADATA_NAMES.contains(&name.trim_end_matches('.'))
        || METADATA_ADDRESSES.iter().any(|known| same_address(known))
}

/// Whether it is the node itself for a program that runs there, such as the kubelet.
pub(super) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback() || ip.is_unspecified())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_match_by_whole_labels() {
        for host in [
            "kubernetes",
            "Kubernetes.default",
            "kubernetes.default.svc",
            "kubernetes.default.svc.cluster.local.",
        ] {
            assert!(is_api_server(host), "{host}");
        }
        for host in
            ["kubernetes.io", "kubernetes-dashboard", "kubernetes.shop.svc", "mykubernetes.default.svc"]
        {
            assert!(!is_api_server(host), "{host}");
        }
        assert!(is_cloud("sts.eu-west-1.amazonaws.com") && is_cloud("amazonaws.com"));
        assert!(!is_cloud("notamazonaws.com") && !is_cloud("amazonaws.com.example.org"));
    }

    #[test]
    fn addresses_match_in_any_spelling() {
        assert!(is_metadata("fd00:0ec2:0:0::254") && is_metadata("169.254.169.254"));
        assert!(!is_metadata("169.254.169.25") && !is_metadata("metadata.example.org"));
        assert!(is_loopback("127.0.0.53") && is_loopback("::1") && !is_loopback("10.0.0.1"));
    }
}
