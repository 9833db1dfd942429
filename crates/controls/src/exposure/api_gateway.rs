//! `exposure/api-gateway`; prose and cases in `api_gateway.md`.

use rustc_hash::FxHashSet;
use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};
use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::entry_authentication;
use crate::nearby::{Locality, Nearby};
use crate::probe::{Ground, Probe};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/api-gateway",
    title: "Exposed APIs pass through an authenticating gateway",
    phase: Phase::Research,
    step: 4,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::EXPOSURE,
    page: include_str!("api_gateway.md"),
    mappings: Mappings {
        nsa: &["mesh"],
        attack: &["MS-TA9004", "T1190"],
        kubescape: &["C-0274"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Evidence(check), Check::Reads(closed_world::GATES)]),
    guard: None,
    probes: &[OUTSIDE],
};

const OUTSIDE: Probe = Probe::unasked(
    "outside",
    "Nothing: the hosts of routes are names, which a cluster could point anywhere",
    plan_outside,
);

fn plan_outside(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "the hosts of entries are names that the cluster chooses, and no probe goes where it points";
    vec![Attempt::cannot(
        Subject::cluster("entries"),
        reason,
        "a request without credentials to each entry, from a machine outside",
    )]
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let of = |group: &'static str, kind: &'static str| {
        evidence.of_kind(kind).filter(move |object| object.is(group, kind))
    };
    let mut judged = Vec::new();
    for ingress in of("networking.k8s.io", "Ingress").chain(of("extensions", "Ingress")) {
        judged.push(Judged {
            object: ingress,
            verdict: entry(around, entry_authentication::authenticated(ingress).is_some()),
        });
    }
    let guarded = Guarded::new(around);
    for kind in ["HTTPRoute", "GRPCRoute"] {
        for route in of("gateway.networking.k8s.io", kind) {
            judged.push(Judged { object: route, verdict: entry(around, guarded.holds(around, route)) });
        }
    }
    let demands = demanding_policies(around);
    for request in of("security.istio.io", "RequestAuthentication") {
        judged.push(Judged { object: request, verdict: request_authentication(around, request, &demands) });
    }
    judged
}

fn entry<'a>(around: &Surroundings<'_, '_>, authenticated: bool) -> Verdict<'a> {
    match authenticated {
        true => Verdict::Pass,
        false => Verdict::unknown(
            format!("nothing {} authenticates callers before they reach the application", around.among()),
            "whether the application or a gateway before it asks for credentials",
        ),
    }
}

/// Routes and Gateways that a SecurityPolicy of Envoy Gateway authenticates callers of, by kind and name.
struct Guarded<'a>(Nearby<'a, (&'a str, &'a str), ()>);

impl<'a> Guarded<'a> {
    fn new(around: &Surroundings<'_, 'a>) -> Guarded<'a> {
        const ASKS: &[&str] = &["apiKeyAuth", "basicAuth", "extAuth", "jwt", "oidc"];
        let mut guarded = Nearby::default();
        for policy in around
            .evidence
            .of_kind("SecurityPolicy")
            .filter(|policy| policy.group() == "gateway.envoyproxy.io")
        {
            let Some(spec) = policy.value.get("spec") else { continue };
            // A token that is optional authenticates nobody.
            let optional =
                spec.at(&["jwt", "optional"]).is_some_and(|optional| optional.as_bool() == Some(true));
            let asks = ASKS.iter().any(|key| spec.get(key).is_some() && !(*key == "jwt" && optional));
            let targets = spec.get("targetRefs").into_iter().flat_map(|refs| refs.items());
            for target in targets.chain(spec.get("targetRef")).filter(|_| asks) {
                let text = |key: &str| target.get(key).and_then(|value: Value<'a>| value.as_str());
                if let (Some(kind), Some(name)) = (text("kind"), text("name")) {
                    guarded.insert(Locality::of(around.evidence, policy), (kind, name), ());
                }
            }
        }
        Guarded(guarded)
    }

    fn holds(&self, around: &Surroundings<'_, 'a>, route: &Object<'a>) -> bool {
        let at = Locality::of(around.evidence, route);
        if self.0.find(at, (route.kind, route.name)).next().is_some() {
            return true;
        }
        let parents = route.value.at(&["spec", "parentRefs"]);
        let mut parents = parents.iter().flat_map(Value::items).peekable();
        parents.peek().is_some()
            && parents.all(|parent| {
                let at = match parent.get("namespace").and_then(|namespace| namespace.as_str()) {
                    Some(namespace) => at.in_namespace(namespace),
                    None => at,
                };
                let name = parent.get("name").and_then(|name| name.as_str());
                name.is_some_and(|name| self.0.find(at, ("Gateway", name)).next().is_some())
            })
    }
}

/// Namespaces with AuthorizationPolicies of Istio, and those among them where one demands a token.
#[derive(Default)]
struct Demands<'a> {
    policies: FxHashSet<Option<&'a str>>,
    tokens: FxHashSet<Option<&'a str>>,
}

fn demanding_policies<'a>(around: &Surroundings<'_, 'a>) -> Demands<'a> {
    let mut demands = Demands::default();
    for policy in
        around.evidence.of_kind("AuthorizationPolicy").filter(|policy| policy.group() == "security.istio.io")
    {
        demands.policies.insert(policy.namespace);
        let custom = policy.value.at(&["spec", "action"]).is_some_and(|action| action.text() == "CUSTOM");
        // `requestPrincipals`, `notRequestPrincipals` and conditions on `request.auth` all need a valid token.
        let token = policy.value.descendants().any(|value| {
            value.key().is_some_and(|key| matches!(key.text(), "requestPrincipals" | "notRequestPrincipals"))
                || (value.text().starts_with("request.auth.")
                    && value.key().is_some_and(|key| key.text() == "key"))
        });
        if custom || token {
            demands.tokens.insert(policy.namespace);
        }
    }
    demands
}

/// A RequestAuthentication refuses tokens that are not valid, and lets requests without any token through.
fn request_authentication<'a>(
    around: &Surroundings<'_, 'a>,
    object: &Object<'a>,
    demands: &Demands<'a>,
) -> Verdict<'a> {
    let root = Some(around.settings.parameters.mesh_root_namespace.as_str());
    if demands.tokens.contains(&object.namespace) || demands.tokens.iter().any(|namespace| *namespace == root)
    {
        return Verdict::Pass;
    }
    if !demands.policies.contains(&object.namespace) {
        return Verdict::unknown(
            "requests without a token pass a RequestAuthentication, and no AuthorizationPolicy of its namespace is \
             among the files",
            "the AuthorizationPolicies of the namespace and of the root namespace",
        );
    }
    let place = object.value.at(&["spec", "jwtRules"]).unwrap_or(object.value);
    let message =
        "requests without a token pass: no AuthorizationPolicy of the namespace demands `requestPrincipals`";
    Verdict::fail(Fault::new(Place::at(place), message))
}
