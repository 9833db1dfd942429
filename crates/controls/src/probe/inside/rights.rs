//! What the account of the pod may do, right by right. SelfSubjectRulesReview is no proof: it is incomplete wherever more than
//! RBAC decides.

use seaworthy_probe::{Attempt, Identity, Outcome, Request, Step, expect};
use serde_json::{Value, json};

use super::{Inside, InsideProbe, Texts};

/// A right that is dangerous in a pod: name of the step, verb, group, resource, subresource, whether in the own namespace.
type Risk = (&'static str, &'static str, &'static str, &'static str, &'static str, bool);

const TEXTS: Texts = Texts {
    asks: "the account of the pod asks by SelfSubjectAccessReview, right by right, what it may do",
    proved_by: "every right is refused",
    refuted_by: "one is granted",
    not_fooled_by: "a token that is not accepted, and a review with an error: nothing is concluded",
    positive_control: "a review of what every account may do is answered with yes",
};

const fn probe(control: &'static str, attempts: fn(&Inside) -> Vec<Attempt>) -> InsideProbe {
    InsideProbe::new(control, TEXTS, attempts).leaving(seaworthy_probe::SideEffect::AuditLine)
}

pub(super) const PROBES: &[InsideProbe] = &[
    probe("rbac/secret-access", |inside| {
        reviews(
            inside,
            &[
                ("get-secrets", "get", "", "secrets", "", true),
                ("list-secrets", "list", "", "secrets", "", true),
                ("list-all-secrets", "list", "", "secrets", "", false),
            ],
        )
    }),
    probe("rbac/workload-creation", |inside| {
        reviews(
            inside,
            &[
                ("create-pods", "create", "", "pods", "", true),
                ("create-jobs", "create", "batch", "jobs", "", true),
                ("create-all-pods", "create", "", "pods", "", false),
            ],
        )
    }),
    probe("rbac/exec-access", |inside| {
        reviews(
            inside,
            &[
                ("create-exec", "create", "", "pods", "exec", true),
                ("get-exec", "get", "", "pods", "exec", true),
                ("create-attach", "create", "", "pods", "attach", true),
            ],
        )
    }),
    probe("rbac/nodes-proxy", |inside| {
        reviews(
            inside,
            &[
                ("get-nodes-proxy", "get", "", "nodes", "proxy", false),
                ("create-nodes-proxy", "create", "", "nodes", "proxy", false),
            ],
        )
    }),
    probe("rbac/token-creation", |inside| {
        reviews(inside, &[("create-tokens", "create", "", "serviceaccounts", "token", true)])
    }),
    probe("rbac/escalate-bind-impersonate", |inside| {
        reviews(
            inside,
            &[
                ("escalate", "escalate", "rbac.authorization.k8s.io", "clusterroles", "", false),
                ("bind", "bind", "rbac.authorization.k8s.io", "clusterroles", "", false),
                ("impersonate", "impersonate", "", "users", "", false),
            ],
        )
    }),
    probe("rbac/admission-write", |inside| {
        const GROUP: &str = "admissionregistration.k8s.io";
        reviews(
            inside,
            &[
                ("mutating", "create", GROUP, "mutatingwebhookconfigurations", "", false),
                ("validating", "create", GROUP, "validatingwebhookconfigurations", "", false),
            ],
        )
    }),
    probe("rbac/csr-approval", |inside| {
        reviews(
            inside,
            &[("approve", "update", "certificates.k8s.io", "certificatesigningrequests", "approval", false)],
        )
    }),
    probe("rbac/node-and-volume-write", |inside| {
        reviews(
            inside,
            &[
                ("patch-nodes", "patch", "", "nodes", "", false),
                ("create-volumes", "create", "", "persistentvolumes", "", false),
            ],
        )
    }),
    probe("rbac/network-write", |inside| {
        reviews(inside, &[("delete-policies", "delete", "networking.k8s.io", "networkpolicies", "", true)])
    }),
    probe("rbac/evidence-tampering", |inside| {
        reviews(inside, &[("delete-events", "delete", "", "events", "", true)])
    }),
    probe("rbac/cluster-admin", |inside| reviews(inside, &[("everything", "*", "*", "*", "", false)])),
];

fn review(attributes: &Value) -> Request {
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": attributes},
    });
    Request::post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", &review).by(Identity::Caller)
}

fn reviews(inside: &Inside, risks: &'static [Risk]) -> Vec<Attempt> {
    if !inside.has_account {
        // Who has no token has no rights: `service-accounts/automount-token` says so.
        return Vec::new();
    }
    let everybody =
        json!({"verb": "create", "group": "authorization.k8s.io", "resource": "selfsubjectaccessreviews"});
    let mut steps = vec![Step::control("may-ask", review(&everybody), expect::allowed)];
    for (name, verb, group, resource, subresource, own) in risks {
        let mut attributes = json!({"verb": verb, "group": group, "resource": resource});
        if !subresource.is_empty() {
            attributes["subresource"] = (*subresource).into();
        }
        if *own {
            attributes["namespace"] = inside.namespace.as_str().into();
        }
        steps.push(Step::ask(name, review(&attributes)));
    }
    vec![inside.attempt(steps, move |answers| {
        let mut last = "may-ask";
        for (name, verb, _, resource, subresource, own) in risks {
            let what = if subresource.is_empty() {
                format!("{verb} {resource}")
            } else {
                format!("{verb} {resource}/{subresource}")
            };
            let place = if *own { "in its namespace" } else { "everywhere" };
            match answers.allowed(name) {
                Some((false, _)) => last = name,
                Some((true, _)) => {
                    return Outcome::refuted(name, format!("the account of the pod may {what} {place}"));
                }
                None => return answers.inconclusive(name),
            }
        }
        Outcome::proved(last, "the account of the pod may do nothing of this")
    })]
}
