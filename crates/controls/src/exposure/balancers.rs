//! Load balancers that not everybody reaches, by the fields and annotations of their Service.

use seaworthy_evidence::Object;

/// Annotations by which a cloud is asked for a balancer with a private address: the key, and the values that do.
/// An empty list takes every value.
const INTERNAL: &[(&str, &[&str])] = &[
    ("cloud.google.com/load-balancer-type", &["internal"]),
    ("load-balancer.hetzner.cloud/disable-public-network", &["true"]),
    ("networking.gke.io/load-balancer-type", &["internal"]),
    ("service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type", &["intranet"]),
    ("service.beta.kubernetes.io/aws-load-balancer-internal", &["true", "0.0.0.0/0"]),
    ("service.beta.kubernetes.io/aws-load-balancer-scheme", &["internal"]),
    ("service.beta.kubernetes.io/azure-load-balancer-internal", &["true"]),
    ("service.beta.kubernetes.io/oci-load-balancer-internal", &["true"]),
    ("service.beta.kubernetes.io/openstack-internal-load-balancer", &["true"]),
    ("service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type", &["private"]),
    ("service.kubernetes.io/qcloud-loadbalancer-internal-subnetid", &[]),
];

/// The annotation from which `loadBalancerSourceRanges` came, still read where the field is empty.
const SOURCE_RANGES: &str = "service.beta.kubernetes.io/load-balancer-source-ranges";

/// Why not everybody reaches a balancer, when that is so.
pub(super) fn narrowed(service: &Object<'_>) -> Option<&'static str> {
    let spec = service.value.get("spec")?;
    let internal = INTERNAL.iter().any(|(key, values)| {
        service.value.at(&["metadata", "annotations", key]).is_some_and(|value| {
            values.is_empty() || values.iter().any(|known| value.text().eq_ignore_ascii_case(known))
        })
    });
    if internal {
        return Some("the balancer is internal");
    }
    if spec.get("loadBalancerClass").is_some_and(|class| class.text() == "tailscale") {
        return Some("the balancer is in a private network");
    }
    let mut ranges: Vec<&str> = match spec.get("loadBalancerSourceRanges") {
        Some(list) => list.items().map(|range| range.text()).collect(),
        None => Vec::new(),
    };
    if ranges.is_empty() {
        ranges = service.annotation(SOURCE_RANGES).into_iter().flat_map(|text| text.split(',')).collect();
    }
    let everybody = |range: &&str| range.trim().ends_with("/0");
    (!ranges.is_empty() && !ranges.iter().any(everybody)).then_some("`loadBalancerSourceRanges` bounds it")
}
