//! Which policies are for which pods, when files leave namespaces open.

use seaworthy_evidence::Evidence;
use seaworthy_reachability::{Direction, Truth};

use crate::files;

const POD: &str = "{apiVersion: v1, kind: Pod, metadata: {name: web}, spec: {containers: [{name: c}]}}";
const NAMED: &str =
    "{apiVersion: v1, kind: Pod, metadata: {name: web, namespace: shop}, spec: {containers: [{name: c}]}}";
const DENY: &str = "{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: deny}, spec: {podSelector: {}}}";

/// For each zone with pods, how many there are, whether the first is isolated, and whether that is in doubt.
fn zones(texts: &[(&str, &str)]) -> Vec<(usize, Truth, bool)> {
    let files = files(texts);
    let evidence = Evidence::new(&files);
    let network = evidence.network();
    let zones = network.zones.iter().filter(|zone| !zone.pods.is_empty());
    zones
        .map(|zone| {
            let isolated = network.world.is_isolated(zone.pods[0].1, Direction::Ingress);
            (zone.pods.len(), isolated, zone.doubtful)
        })
        .collect()
}

#[test]
fn a_policy_without_namespace_is_for_its_folder_and_those_below() {
    use Truth::{No, Yes};
    for (paths, expected) in [
        (&["a/pod.yaml", "a/deny.yaml"], vec![(1, Yes, false)]),
        (&["a/pods/pod.yaml", "a/deny.yaml"], vec![(1, Yes, false)]),
        (&["a/pods/pod.yaml", "a/policies/deny.yaml"], vec![(1, Yes, false)]),
        (&["pod.yaml", "deny.yaml"], vec![(1, Yes, false)]),
        (&["a/pod.yaml", "b/deny.yaml"], vec![(1, Yes, false)]),
        (&["x/a/pod.yaml", "x/b/c/deny.yaml"], vec![(1, No, false)]),
    ] {
        let [pod, deny] = paths;
        assert_eq!(zones(&[(*pod, POD), (*deny, DENY)]), expected, "{paths:?}");
    }
}

#[test]
fn what_lies_beside_is_another_matter() {
    let texts = [("bank/pod.yaml", POD), ("shop/pod.yaml", POD), ("shop/policies/deny.yaml", DENY)];
    assert_eq!(zones(&texts), [(1, Truth::No, false), (1, Truth::Yes, false)]);
}

#[test]
fn all_folders_under_a_policy_are_applied_together() {
    let texts = [("shop/a/pod.yaml", POD), ("shop/b/pod.yaml", POD), ("shop/deny.yaml", DENY)];
    assert_eq!(zones(&texts), [(2, Truth::Yes, false)]);
}

#[test]
fn a_policy_without_namespace_beside_a_pod_with_one_is_a_doubt() {
    assert_eq!(zones(&[("a/pod.yaml", NAMED), ("a/deny.yaml", DENY)]), [(1, Truth::No, true)]);
    assert_eq!(zones(&[("a/b/pod.yaml", NAMED), ("c/d/deny.yaml", DENY)]), [(1, Truth::No, false)]);
    let named = DENY.replace("name: deny", "name: deny, namespace: shop");
    assert_eq!(zones(&[("a/pod.yaml", NAMED), ("b/deny.yaml", &named)]), [(1, Truth::Yes, false)]);
    assert_eq!(zones(&[("a/pod.yaml", POD), ("a/deny.yaml", &named)]), [(1, Truth::No, true)]);
}

#[test]
fn pods_that_have_finished_are_no_pods() {
    let done = "{apiVersion: v1, kind: Pod, metadata: {name: job}, spec: {containers: [{name: c}]}, status: {phase: Succeeded}}";
    assert_eq!(zones(&[("a.yaml", done)]), []);
}
