//! `mesh/authorization`; prose and cases in `authorization.md`.

use seaworthy_evidence::{Evidence, Object, Place};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::mesh::callers::{self, Callers};
use crate::mesh::linkerd;
use crate::mesh::membership::{self, Membership};
use crate::mesh::peers::{self, Mode, Peers};
use crate::nearby::{Locality, Nearby, Selectors};
use crate::scope::{PodScope, Surroundings};
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "mesh/authorization",
    title: "Mesh authorization allows only named identities",
    phase: Phase::Research,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::MESH,
    page: include_str!("authorization.md"),
    mappings: Mappings { nsa: &["mesh"], attack: &["MS-TA9034", "T1210"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::MESH),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[],
};

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let root = around.settings.parameters.mesh_root_namespace.as_str();
    let peers = Peers::new(evidence, root);
    let mut judged = callers::of_linkerd(evidence, linkerd::GROUP);
    for policy in policies(evidence) {
        judged.push(Judged { object: policy, verdict: judge(around, policy, &peers) });
    }
    let denying = Denying::new(evidence, root);
    for workload in evidence.workloads() {
        let scope = PodScope { workload, around: *around };
        let Membership::In(mesh) = membership::of_pod(&scope) else { continue };
        if mesh.is_istio() && !workload.refused {
            judged.push(Judged { object: scope.owner(), verdict: denying.workload(&scope) });
        }
    }
    judged
}

fn policies<'e, 'a>(evidence: &'e Evidence<'a>) -> impl Iterator<Item = &'e Object<'a>> {
    evidence.of_kind("AuthorizationPolicy").filter(|object| object.group() == peers::GROUP)
}

fn action<'a>(policy: &Object<'a>) -> &'a str {
    policy.value.at(&["spec", "action"]).map_or("ALLOW", |action| action.text())
}

fn judge<'a>(around: &Surroundings<'_, 'a>, policy: &Object<'a>, peers: &Peers<'a>) -> Verdict<'a> {
    let evidence = around.evidence;
    let Some(spec) = policy.value.get("spec") else { return Verdict::Pass };
    if spec.get("selector").is_some()
        && let Some(targets) = spec.get("targetRefs").or_else(|| spec.get("targetRef"))
    {
        let message = "a policy with both `selector` and `targetRefs` is not valid, and refused";
        return Verdict::fail(Fault::new(Place::at(targets), message));
    }
    match action(policy) {
        "ALLOW" if is_for_gateway(policy) => Verdict::NotApplicable,
        "ALLOW" => Verdict::of(callers::rules(spec).filter_map(allowed).collect()),
        "DENY" => {
            let Some(identity) = callers::rules(spec).find_map(callers::identity) else {
                return Verdict::Pass;
            };
            let closed = around.has_all(peers::GROUP, "PeerAuthentication", None);
            match peers.mode(Locality::of(evidence, policy), peers::selector(policy)) {
                Mode::Strict => Verdict::Pass,
                mode @ (Mode::Permissive | Mode::Disable | Mode::Unset) if mode != Mode::Unset || closed => {
                    let key = match identity.key().map(|key| key.text()) {
                        Some(key) if key != "key" => key,
                        _ => identity.text(),
                    };
                    let message = format!(
                        "`{key}` needs mutual TLS, which is not demanded here: callers dodge this DENY by plaintext"
                    );
                    Verdict::fail(Fault::new(Place::at(identity), message))
                }
                _ => Verdict::unknown(
                    "a DENY by identity is dodged by plaintext unless mutual TLS is STRICT, which the files do not say",
                    "the PeerAuthentications of the namespace and of the root namespace",
                ),
            }
        }
        "AUDIT" | "CUSTOM" => Verdict::NotApplicable,
        _ => Verdict::unknown(
            "`action` is none that is known, or is filled in later",
            "the object as it is applied",
        ),
    }
}

/// A gateway takes callers from outside, who have no identity in the mesh.
fn is_for_gateway(policy: &Object<'_>) -> bool {
    let targets = policy.value.at(&["spec", "targetRefs"]);
    let gateway = |target: seaworthy_document::Value<'_>| {
        target.get("kind").is_some_and(|kind| kind.text() == "Gateway")
    };
    let selected = peers::selector(policy).and_then(|labels| labels.get("istio"));
    targets.is_some_and(|targets| targets.items().any(gateway))
        || policy.value.at(&["spec", "targetRef"]).is_some_and(gateway)
        || selected.is_some_and(|value| value.text().contains("gateway"))
}

fn allowed<'a>(rule: seaworthy_document::Value<'a>) -> Option<Fault<'a>> {
    let (message, severity) = match callers::of_rule(rule) {
        Callers::Named => return None,
        Callers::AnyIdentity => ("this rule allows every identity of the mesh", Severity::Low),
        Callers::AllBut => {
            ("this rule names only who may not call: all others may, and so may plaintext", Severity::Low)
        }
        Callers::Any if rule.get("to").is_some() => {
            ("this rule has no `from`: any caller may use what `to` names", Severity::Low)
        }
        Callers::Any => ("this rule allows every caller, with or without an identity", Severity::Medium),
    };
    Some(Fault::new(Place::at(rule), message).graded(severity))
}

/// Policies that turn "allowed unless denied" into "denied unless allowed" for the workloads they select.
struct Denying<'a> {
    everywhere: bool,
    namespaces: Nearby<'a, (), ()>,
    workloads: Selectors<'a, ()>,
}

impl<'a> Denying<'a> {
    fn new(evidence: &Evidence<'a>, root: &str) -> Denying<'a> {
        let mut denying = (false, Nearby::default(), Vec::new());
        for policy in policies(evidence).filter(|policy| action(policy) == "ALLOW" && !is_for_gateway(policy))
        {
            let at = Locality::of(evidence, policy);
            match peers::selector(policy) {
                _ if policy.value.at(&["spec", "targetRefs"]).is_some() => {}
                None if policy.namespace == Some(root) => denying.0 = true,
                None => denying.1.insert(at, (), ()),
                Some(labels) => denying.2.push((at, labels, ())),
            }
        }
        Denying { everywhere: denying.0, namespaces: denying.1, workloads: Selectors::new(denying.2) }
    }

    fn workload(&self, scope: &PodScope<'_, 'a>) -> Verdict<'a> {
        let at = Locality::of(scope.around.evidence, scope.owner());
        let labels = scope.pod().metadata().and_then(|metadata| metadata.get("labels"));
        let selected = || !self.workloads.of(at, labels).found.is_empty();
        match self.everywhere || self.namespaces.find(at, ()).next().is_some() || selected() {
            true => Verdict::Pass,
            false if scope.around.has_all(peers::GROUP, "AuthorizationPolicy", None) => {
                let place = scope.owner().value.at(&["metadata", "name"]).unwrap_or(scope.owner().value);
                let message = "no ALLOW policy selects this workload: every caller is let in";
                Verdict::fail(Fault::new(Place::at(place), message).graded(Severity::Low))
            }
            false => Verdict::unknown(
                "no ALLOW policy among the files selects this workload: without one every caller is let in",
                "the AuthorizationPolicies of the namespace and of the root namespace",
            ),
        }
    }
}
