//! `rbac/nodes-proxy`; prose and cases in `nodes_proxy.md`.

use rustc_hash::FxHashSet;
use seaworthy_authorization::{Holder, Rule};
use seaworthy_probe::{
    Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, encode, expect,
};
use serde_json::json;

use crate::change;
use crate::control::{Control, Mappings, Phase, Scope, Severity};
use crate::probe::{self, Ground, Probe, kubelets};
use crate::rbac::holders::{self, Held};
use crate::rbac::review;
use crate::rbac::risky::{self, Right, Risk};
use crate::scope::ObjectScope;
use crate::verdict::Verdict;

static RISK: Risk = Risk {
    rights: &[
        // A WebSocket begins with a GET, and the kubelet runs the command.
        Right::cluster("", "nodes/proxy", &["get", "create", "update", "patch", "delete"]),
    ],
    severity: Severity::Critical,
    consequence: "by which the kubelet runs commands in every pod of a node",
    by_verb: false,
};

pub(super) static CONTROL: Control = Control {
    id: "rbac/nodes-proxy",
    title: "No one but system components holds nodes/proxy",
    phase: Phase::NextStep,
    step: 9,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ROLES,
    page: include_str!("nodes_proxy.md"),
    mappings: Mappings {
        cis: &["5.1.10"],
        nsa: &["rbac"],
        attack: &["MS-TA9030", "T1609", "T1613"],
        kubescape: &["C-0279"],
        trivy: &["KSV-0047"],
        checkov: &["CKV2_K8S_2"],
        ..Mappings::NONE
    },
    check: risky::roles(check),
    guard: None,
    probes: &[RIGHTS, EXEC],
};

const RIGHTS: Probe = review::probe(
    "The caller asks by SubjectAccessReview whether subjects of bindings, a made-up user and made-up accounts may use `nodes/proxy`",
    plan_rights,
);

fn plan_rights(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    review::attempts(ground, &RISK)
}

const EXEC: Probe = Probe {
    name: "exec",
    asks: "Every authenticated user, and each holder of `get nodes/proxy` by RBAC, impersonated, opens a WebSocket on \
           `/api/v1/nodes/NODE/proxy/exec` of a pod that does not exist",
    proved_by: "403 of the API server, which names the user and `nodes/proxy`",
    refuted_by: "400, 404 or 405: the request was authorised, and for a pod that exists the command would run",
    not_fooled_by: "an impersonation that is refused, whose 403 names it; rules for some nodes alone: one of these is tried; a \
                    refusal by the kubelet, which is no JSON",
    positive_control: "the same user, impersonated in the same way, asks the API server who it is",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        probe::Right { group: "", resource: "users", verbs: &["impersonate"] },
        probe::Right { group: "", resource: "groups", verbs: &["impersonate"] },
    ],
    plan,
};

/// Holders that are tried: a cluster in which more have the right has other troubles.
const MOST: usize = 20;

/// Who is tried, and on which node.
struct Trial {
    subject: Subject,
    user: String,
    groups: Vec<String>,
    node: Option<String>,
}

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let nodes = ground.evidence.of_kind("Node").filter(|object| object.is("", "Node"));
    // Whether there is such a node, the API server looks up once it has granted the request.
    let any =
        nodes.map(|node| node.name).next().map_or(format!("seaworthy-probe-{}", ground.run), str::to_owned);
    let mut trials = vec![trial(&Holder::Group("system:authenticated"), None)];
    trials.extend(holders_of_right(ground));
    let more = trials.len().saturating_sub(MOST + 1);
    let mut attempts: Vec<Attempt> =
        trials.into_iter().take(MOST + 1).map(|trial| attempt(ground, trial, &any)).collect();
    if more > 0 {
        let reason = format!("{MOST} holders are tried, and {more} more are not");
        let needs = "fewer roles that grant `get nodes/proxy`";
        attempts.push(Attempt::cannot(Subject::cluster("other holders"), reason, needs));
    }
    attempts
}

/// Who has the right by a role that Kubernetes does not bring, beside those who may do everything.
fn holders_of_right(ground: &Ground<'_, '_>) -> Vec<Trial> {
    let policy = ground.evidence.access().policy();
    let mut seen = FxHashSet::default();
    seen.insert(Holder::Group("system:authenticated"));
    let mut trials = Vec::new();
    for role in policy.roles().iter().filter(|role| !role.descent.is_built_in()) {
        let grants = |rule: &Rule<'_>| !rule.is_full() && rule.allows("get", "", "nodes/proxy").is_some();
        let Some(rule) = role.own_rules().find(grants) else { continue };
        let Held::By(holdings) = holders::of(policy, role) else { continue };
        let node = rule.names().next().map(|name| name.text.to_owned());
        for holding in
            holdings.iter().filter(|holding| holding.place == seaworthy_authorization::Place::Cluster)
        {
            if seen.insert(holding.holder) {
                trials.push(trial(&holding.holder, node.clone()));
            }
        }
    }
    trials
}

fn trial(holder: &Holder<'_>, node: Option<String>) -> Trial {
    const AUTHENTICATED: &str = "system:authenticated";
    let owned = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect();
    let subject = Subject::new(holder.kind(), holder.namespace(), holder.name());
    let (user, groups) = match *holder {
        Holder::User(name) => (name.to_owned(), owned(&[AUTHENTICATED])),
        Holder::Group("system:unauthenticated") => {
            ("system:anonymous".to_owned(), owned(&["system:unauthenticated"]))
        }
        Holder::Group(AUTHENTICATED) => ("seaworthy-probe".to_owned(), owned(&[AUTHENTICATED])),
        Holder::Group(name) => ("seaworthy-probe".to_owned(), owned(&[name, AUTHENTICATED])),
        Holder::ServiceAccount { namespace, name } => {
            let namespace = namespace.unwrap_or("default");
            let of_namespace = format!("system:serviceaccounts:{namespace}");
            let groups = owned(&["system:serviceaccounts", &of_namespace, AUTHENTICATED]);
            (format!("system:serviceaccount:{namespace}:{name}"), groups)
        }
    };
    Trial { subject, user, groups, node }
}

fn attempt(ground: &Ground<'_, '_>, trial: Trial, any: &str) -> Attempt {
    let Trial { subject, user, groups, node } = trial;
    let node = encode(node.as_deref().unwrap_or(any));
    let who = Identity::Impersonated { user: user.clone(), groups };
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let itself = Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews", &review);
    let pod = kubelets::no_pod(ground.run);
    let exec = format!("/api/v1/nodes/{node}/proxy/exec/{pod}?command=id&output=1");
    let steps = vec![
        Step::control("itself", itself.by(who.clone()), expect::ok),
        Step::ask("exec", Request::get(exec).header("accept", kubelets::ANY).websocket().by(who)),
    ];
    let judged = Attempt::new(subject, steps, move |answers| match answers.status("exec") {
        Some(403) => {
            let message = answers.message("exec");
            let refused = message.contains(&format!("User \"{user}\" cannot get"))
                && message.contains("\"nodes/proxy\"");
            match refused {
                true => {
                    Outcome::proved("exec", format!("`{user}` may not reach kubelets through the API server"))
                }
                false => answers.inconclusive("exec"),
            }
        }
        // Of the kubelet for a pod that it lacks, or of the API server for a node that it does not know.
        Some(101 | 400 | 404 | 405) => {
            let reason = format!(
                "`{user}` may `get nodes/proxy`, by which the kubelet runs commands in every pod of a node"
            );
            Outcome::refuted("exec", reason)
        }
        _ => answers.inconclusive("exec"),
    });
    judged.otherwise_needs("the right to impersonate users and groups")
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    risky::judge(scope, &RISK)
}
