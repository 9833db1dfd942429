//! What detections need to see: classes of requests, each with the least level at which it tells something.

use super::policy::{Level, Request};

/// Requests that detections look at.
#[derive(Debug)]
pub(super) struct Need {
    /// Group and resource, with its subresource behind a slash.
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    pub(super) namespaced: bool,
    pub(super) verbs: &'static [&'static str],
    /// The least level.
    pub(super) level: Level,
}

const WRITES: &[&str] = &["create", "update", "patch"];
const CHANGES: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];
const DELETES: &[&str] = &["delete", "deletecollection"];
/// SPDY comes as create, WebSocket as get.
const CONNECTS: &[&str] = &["create", "get"];
const READS: &[&str] = &["get", "list", "watch"];

const RBAC: &str = "rbac.authorization.k8s.io";
const ADMISSION: &str = "admissionregistration.k8s.io";

const fn need(
    group: &'static str,
    resource: &'static str,
    namespaced: bool,
    verbs: &'static [&'static str],
    level: Level,
) -> Need {
    Need { group, resource, namespaced, verbs, level }
}

/// Everything that detections need. A role, a binding or a pod is judged by what it holds, so that its body is needed;
/// of the rest it is enough to know that it happened.
pub(super) const NEEDS: &[Need] = &[
    need("", "pods/exec", true, CONNECTS, Level::Metadata),
    need("", "pods/attach", true, CONNECTS, Level::Metadata),
    need("", "pods/portforward", true, CONNECTS, Level::Metadata),
    need("", "pods/proxy", true, CONNECTS, Level::Metadata),
    need("", "services/proxy", true, CONNECTS, Level::Metadata),
    need("", "nodes/proxy", false, CONNECTS, Level::Metadata),
    need("", "pods/ephemeralcontainers", true, &["update", "patch"], Level::Metadata),
    need("", "secrets", true, READS, Level::Metadata),
    need("", "secrets", true, CHANGES, Level::Metadata),
    need("", "configmaps", true, CHANGES, Level::Metadata),
    need("", "serviceaccounts", true, &["create"], Level::Metadata),
    need("", "serviceaccounts/token", true, &["create"], Level::Metadata),
    need("", "namespaces", false, CHANGES, Level::Metadata),
    need("", "pods", true, &["create"], Level::Request),
    need("", "pods", true, DELETES, Level::Metadata),
    need("apps", "daemonsets", true, WRITES, Level::Request),
    need("apps", "deployments", true, WRITES, Level::Request),
    need("apps", "statefulsets", true, WRITES, Level::Request),
    need("batch", "cronjobs", true, WRITES, Level::Request),
    need("batch", "jobs", true, WRITES, Level::Request),
    need(RBAC, "clusterrolebindings", false, WRITES, Level::Request),
    need(RBAC, "clusterroles", false, WRITES, Level::Request),
    need(RBAC, "rolebindings", true, WRITES, Level::Request),
    need(RBAC, "roles", true, WRITES, Level::Request),
    need(RBAC, "clusterrolebindings", false, DELETES, Level::Metadata),
    need(RBAC, "rolebindings", true, DELETES, Level::Metadata),
    need(ADMISSION, "mutatingwebhookconfigurations", false, CHANGES, Level::Metadata),
    need(ADMISSION, "validatingwebhookconfigurations", false, CHANGES, Level::Metadata),
    need(ADMISSION, "validatingadmissionpolicies", false, CHANGES, Level::Metadata),
    need(ADMISSION, "validatingadmissionpolicybindings", false, CHANGES, Level::Metadata),
    need("authentication.k8s.io", "tokenreviews", false, &["create"], Level::Metadata),
    need("certificates.k8s.io", "certificatesigningrequests", false, &["create"], Level::Metadata),
    need(
        "certificates.k8s.io",
        "certificatesigningrequests/approval",
        false,
        &["update", "patch"],
        Level::Metadata,
    ),
    need("networking.k8s.io", "networkpolicies", true, CHANGES, Level::Metadata),
];

impl Need {
    /// The request of one of its verbs.
    pub(super) fn request(&self, verb: &'static str) -> Request {
        let (resource, subresource) = self.resource.split_once('/').unwrap_or((self.resource, ""));
        Request { verb, group: self.group, resource, subresource, namespaced: self.namespaced }
    }

    /// As people say it: "create `pods/exec`" for some verbs of it.
    pub(super) fn describe(&self, verbs: &[&str]) -> String {
        let verbs = match verbs {
            ["get", "list", "watch"] => "read".to_owned(),
            ["create", "update", "patch"] => "write".to_owned(),
            ["create", "update", "patch", "delete", "deletecollection"] => "change".to_owned(),
            ["delete", "deletecollection"] => "delete".to_owned(),
            verbs => verbs.join(" and "),
        };
        format!("{verbs} `{}`", self.resource)
    }
}
