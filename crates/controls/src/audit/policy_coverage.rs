//! `audit/policy-coverage`; prose and cases in `policy_coverage.md`.

use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};

use super::lint::{Lint, lint};
use super::named::policy_of;
use super::needs::{NEEDS, Need};
use super::policy::{Level, Policy, Rule};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::probe::audit_log::Logged;
use crate::probe::{Ground, Probe, REQUESTS, Right, audit_log};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/policy-coverage",
    title: "Audit policy records what each detection needs",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Audit],
    change: &change::AUDIT_POLICY,
    page: include_str!("policy_coverage.md"),
    mappings: Mappings {
        cis: &["3.2.2"],
        nsa: &["audit"],
        attack: &["T1562.008"],
        kubescape: &["C-0161"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object { kinds: &[("audit.k8s.io", "Policy")], check: check_file },
    ]),
    guard: None,
    probes: &[LEVELS],
};

const LEVELS: Probe = Probe {
    name: "levels",
    asks: "The caller sends one marked request of each class that detections need, with an empty body or for an object that does \
           not exist, so that nothing happens; and reads the end of the audit log for them",
    proved_by: "an event of each, of the level that is needed or a higher one",
    refuted_by: "an event of a lower level; or none, although events of earlier requests and of a later one are there",
    not_fooled_by: "a log of another server, or several servers by turns: the ids of the events are those of the answers. Rules for other users, and verbs \
                    that are not sent (watch, update, patch, deletecollection), are not seen",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_levels,
};

/// What a verdict names, and which requests belong to it.
type Area = (&'static str, fn(&Need) -> bool);

/// Classes that policies are wont to treat alike.
const AREAS: [Area; 6] = [
    ("exec and proxies", |need| need.resource.contains('/') && need.verbs.contains(&"get")),
    ("Secrets and tokens", |need| {
        matches!(
            need.resource,
            "secrets" | "configmaps" | "serviceaccounts" | "serviceaccounts/token" | "tokenreviews"
        )
    }),
    ("workloads", |need| {
        matches!(need.group, "apps" | "batch") || matches!(need.resource, "pods" | "pods/ephemeralcontainers")
    }),
    ("roles and bindings", |need| need.group == "rbac.authorization.k8s.io"),
    ("admission", |need| need.group == "admissionregistration.k8s.io"),
    ("certificates, namespaces and network policies", |need| {
        need.group == "certificates.k8s.io" || matches!(need.resource, "namespaces" | "networkpolicies")
    }),
];

fn plan_levels(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(log) = ground.audit_log() else {
        return vec![audit_log::missing(Subject::cluster("API server"))];
    };
    let areas = AREAS.iter().enumerate().map(|(index, (area, holds))| {
        let mark = format!("coverage-{index}");
        let mut steps =
            vec![Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok)];
        steps.extend(audit_log::begin(log, ground));
        let mut wanted = Vec::new();
        let requests = NEEDS.iter().filter(|need| holds(need)).flat_map(|need| {
            let verbs =
                need.verbs.iter().filter(|verb| matches!(**verb, "create" | "get" | "list" | "delete"));
            let verbs: Vec<&str> = verbs.copied().collect();
            // Some can only be changed.
            let verbs = if verbs.is_empty() { vec!["patch"] } else { verbs };
            verbs.into_iter().map(move |verb| (need, verb))
        });
        for (name, (need, verb)) in REQUESTS.into_iter().zip(requests) {
            steps.push(Step::ask(name, request(ground, need, verb, &format!("{mark}.asked"))));
            wanted.push((name, need.level, need.describe(&[verb])));
        }
        steps.extend(audit_log::end(log, ground, &mark));
        Attempt::new(Subject::cluster(area), steps, move |answers| {
            let mut seen = "caller";
            for (name, least, what) in &wanted {
                let events = match audit_log::of_step(answers, name) {
                    Logged::Events(events) => events,
                    Logged::Nowhere => {
                        let reason =
                            format!("{what} is not in the log, and requests before and after it are");
                        return Outcome::refuted(name, reason);
                    }
                    Logged::Unknown(why) => {
                        return Outcome::inconclusive(name, why)
                            .needs("--audit-log of the API server that answers");
                    }
                };
                let level = events.iter().filter_map(|event| Level::named(event["level"].as_str()?)).max();
                match level {
                    Some(level) if level >= *least => seen = name,
                    Some(level) => {
                        let reason =
                            format!("{what} is logged at level {}, not {}", level.name(), least.name());
                        return Outcome::refuted(name, reason);
                    }
                    None => return Outcome::inconclusive(name, "the event in the log has no level"),
                }
            }
            Outcome::proved(
                seen,
                format!("{} requests are in the log, each at the level that is needed", wanted.len()),
            )
        })
    });
    areas.collect()
}

/// A marked request of a class that does nothing: what is made has an empty body, and all else is of an object that does
/// not exist.
fn request(ground: &Ground<'_, '_>, need: &Need, verb: &str, mark: &str) -> Request {
    let (resource, subresource) = need.resource.split_once('/').unwrap_or((need.resource, ""));
    let version =
        if need.group.is_empty() { "/api/v1".to_owned() } else { format!("/apis/{}/v1", need.group) };
    let namespace = if need.namespaced { "/namespaces/default" } else { "" };
    let collection = format!("{version}{namespace}/{resource}");
    let mut path = collection.clone();
    if !subresource.is_empty() || matches!(verb, "get" | "delete" | "patch") {
        path = format!("{collection}/seaworthy-none-{}", ground.run);
    }
    if !subresource.is_empty() {
        path = format!("{path}/{subresource}");
    }
    let marked = |path: &str| audit_log::marked(ground, path, mark);
    match verb {
        "get" => Request::get(marked(&path)).by(Identity::Caller),
        // Of names alone, and of an object that does not exist.
        "list" => {
            let nobody =
                format!("{path}?limit=1&fieldSelector=metadata.name%3Dseaworthy-none-{}", ground.run);
            Request::get(marked(&nobody))
                .header("accept", "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1")
                .by(Identity::Caller)
        }
        "delete" => Request::delete(marked(&format!("{path}?dryRun=All"))).by(Identity::Caller),
        "patch" => {
            let path = marked(&format!("{path}?dryRun=All"));
            Request::patch(path, &serde_json::json!({})).by(Identity::Caller)
        }
        _ => audit_log::nothing(ground, &path, mark),
    }
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    policy_of(scope)
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let policy = Policy::read(scope.object.value);
    let levels = policy.rules.iter().filter_map(|rule| rule.value.get("level"));
    if levels.into_iter().any(|level| is_placeholder(level.text())) {
        return Verdict::unknown("the level of a rule is a placeholder", "the level that is filled in");
    }
    let minor = scope.around.settings.version.minor();
    let Lint { mut faults, refused } = lint(&policy, scope.object.api_version, minor);
    if !refused {
        faults.extend(blind_spots(&policy));
        faults.extend(omitted_ends(&policy));
    }
    Verdict::of(faults)
}

/// Rules that leave out the end of a request, at which its result is known.
fn omitted_ends<'a>(policy: &Policy<'a>) -> Vec<Fault<'a>> {
    let omits = |rule: &&Rule<'a>| {
        rule.level.is_some_and(|level| level > Level::None)
            && rule.omitted_stages.contains(&"ResponseComplete")
    };
    let message = "the stage `ResponseComplete` is left out: whether a request was allowed, and what came of it, is not recorded";
    policy.rules.iter().filter(omits).map(|rule| Fault::new(Place::at(rule.value), message)).collect()
}

/// How a rule keeps detections from seeing something.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Blindness {
    /// Nothing is recorded.
    Unseen,
    /// The body is missing.
    Bodiless,
    /// Nothing, or no body, for a part of the requests.
    Partly,
}

/// What detections cannot see, one fault for each rule that decides so.
fn blind_spots<'a>(policy: &Policy<'a>) -> Vec<Fault<'a>> {
    // By the rule, which is known by its node; in the order in which it comes up.
    let mut spots: Vec<(Option<Value<'a>>, Blindness, Vec<String>)> = Vec::new();
    let mut index: FxHashMap<(Option<u32>, Blindness), usize> = FxHashMap::default();
    let mut add = |rule: Option<&Rule<'a>>, blindness: Blindness, what: String| {
        let value = rule.map(|rule| rule.value);
        let at = *index.entry((value.map(|value| value.id()), blindness)).or_insert_with(|| {
            spots.push((value, blindness, Vec::new()));
            spots.len() - 1
        });
        if let Some((_, _, list)) = spots.get_mut(at) {
            list.push(what);
        }
    };
    for need in NEEDS {
        // Verbs that one rule decides alike are told together.
        let mut together: Vec<(Option<&Rule<'a>>, Blindness, Vec<&str>)> = Vec::new();
        let mut known: FxHashMap<(Option<u32>, Blindness), usize> = FxHashMap::default();
        for verb in need.verbs {
            let (partly, rest) = policy.deciding(&need.request(verb));
            let level = rest.map_or(Level::None, |rule| rule.level.unwrap_or(Level::None));
            let mut blind: Vec<(Option<&Rule<'a>>, Blindness)> = Vec::new();
            if level < need.level {
                blind
                    .push((rest, if level == Level::None { Blindness::Unseen } else { Blindness::Bodiless }));
            }
            let partly = partly.into_iter().filter(|rule| rule.level.is_some_and(|level| level < need.level));
            // What is not recorded of anybody need not be said of some.
            blind.extend(partly.filter(|_| level > Level::None).map(|rule| (Some(rule), Blindness::Partly)));
            for (rule, blindness) in blind {
                let key = (rule.map(|rule| rule.value.id()), blindness);
                let at = *known.entry(key).or_insert_with(|| {
                    together.push((rule, blindness, Vec::new()));
                    together.len() - 1
                });
                if let Some((_, _, verbs)) = together.get_mut(at) {
                    verbs.push(verb);
                }
            }
        }
        for (rule, blindness, verbs) in together {
            add(rule, blindness, need.describe(&verbs));
        }
    }
    spots.into_iter().map(|(rule, blindness, what)| fault(policy, rule, blindness, &what)).collect()
}

fn fault<'a>(
    policy: &Policy<'a>,
    rule: Option<Value<'a>>,
    blindness: Blindness,
    what: &[String],
) -> Fault<'a> {
    const SHOWN: usize = 8;
    let mut list = what.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    if let Some(more) = what.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        list.push_str(&format!(" and {more} more"));
    }
    let Some(rule) = rule else {
        let place = policy.value.get("rules").map_or(Place::missing(policy.value, "rules"), Place::at);
        return Fault::new(place, format!("no rule matches, so that nothing is recorded: {list}"));
    };
    let at = rule.get("level").unwrap_or(rule);
    let level = at.text();
    match blindness {
        Blindness::Unseen => {
            Fault::new(Place::at(at), format!("`level: {level}` hides what detections need: {list}"))
        }
        Blindness::Bodiless => Fault::new(
            Place::at(at),
            format!("`level: {level}` records no body, so that what was asked for cannot be judged: {list}"),
        )
        .graded(Severity::Medium),
        Blindness::Partly => {
            let broad = is_broad(rule);
            let whom = if broad {
                "for a large part of all requests"
            } else {
                "for some users, namespaces or names"
            };
            Fault::new(Place::at(at), format!("`level: {level}` {whom} hides what detections need: {list}"))
                .graded(if broad { Severity::Medium } else { Severity::Low })
        }
    }
}

/// Whether a rule for a part of the requests leaves out many: a whole namespace, or a group that many are in.
fn is_broad(rule: Value<'_>) -> bool {
    let items = |key: &str| rule.get(key).into_iter().flat_map(|list| list.items());
    let is_large = |group: Value<'_>| {
        let name = group.text();
        matches!(name, "system:authenticated" | "system:unauthenticated" | "system:masters")
            || name.starts_with("system:serviceaccounts")
    };
    let somebody = items("users").next().is_some() || items("userGroups").next().is_some();
    let named = items("resources").any(|group| group.get("resourceNames").is_some());
    items("userGroups").any(is_large) || !somebody && !named
}
