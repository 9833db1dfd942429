//! The examples that the README starts with.

use crate::program::{findings, report, seaworthy, stdout};

#[test]
fn the_insecure_shop_has_the_weaknesses_that_it_was_written_to_have() {
    let found = findings(&report(&["examples/shop-insecure"]));
    for expected in [
        "pods/privileged CronJob/image-builder builder",
        "pods/runtime-socket CronJob/image-builder",
        "pods/host-namespaces DaemonSet/node-debug",
        "pods/capabilities-added DaemonSet/node-debug shell",
        "pods/run-as-user Deployment/web log-shipper",
        "pods/resource-limits Deployment/web web",
        "images/tag-fixed Deployment/web web",
        "images/tag-fixed Deployment/web log-shipper",
        "secrets/in-config-maps ConfigMap/shop-config",
        "secrets/in-repository Secret/db",
        "secrets/in-pod-spec Deployment/cart cart",
        "service-accounts/default-account-bindings ClusterRoleBinding/shop-default-admin",
        "service-accounts/legacy-tokens Secret/ci-token",
        "service-accounts/automount-token Deployment/web",
        "namespaces/pod-security-enforce Namespace/shop",
        "namespaces/resource-quotas Namespace/shop",
    ] {
        assert!(
            found.iter().any(|finding| finding == expected || finding.starts_with(&format!("{expected} "))),
            "`{expected}` is missing among\n{}",
            found.join("\n")
        );
    }
}

#[test]
fn the_hardened_shop_has_no_finding() {
    assert_eq!(findings(&report(&["examples/shop-hardened"])), Vec::<String>::new());
    let output = seaworthy(&["scan", "examples/shop-hardened"]);
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn the_roadmap_of_the_examples_names_phases_changes_and_places() {
    let output = seaworthy(&["scan", "examples"]);
    assert_eq!(output.status.code(), Some(1));
    let text = stdout(&output).to_lowercase();
    for expected in
        ["quick wins", "next steps", "research", "complete the `securitycontext` of", "shop.yaml:"]
    {
        assert!(text.contains(expected), "`{expected}` is missing in\n{text}");
    }
}

#[test]
fn no_secret_of_the_examples_is_printed() {
    for format in ["terminal", "json", "sarif", "html"] {
        let output = seaworthy(&["scan", "--all", "--format", format, "examples"]);
        let text = stdout(&output);
        for secret in ["sunflower-42", "pk-7f3a91c2d4e84b60"] {
            assert!(!text.contains(secret), "{format} prints `{secret}`");
        }
    }
}
