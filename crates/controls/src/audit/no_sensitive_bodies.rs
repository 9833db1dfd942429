//! `audit/no-sensitive-bodies`; prose and cases in `no_sensitive_bodies.md`.

use rustc_hash::FxHashMap;
use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{
    Attempt, Consent, Identity, Outcome, Request as Asked, SideEffect, Step, Subject, expect,
};
use serde_json::json;

use super::lint::lint;
use super::named::policy_of;
use super::policy::{Level, Policy, Request, Rule};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::probe::audit_log::Logged;
use crate::probe::{Ground, Probe, Right, audit_log};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/no-sensitive-bodies",
    title: "Audit log holds no secret bodies",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Audit],
    change: &change::AUDIT_POLICY,
    page: include_str!("no_sensitive_bodies.md"),
    mappings: Mappings {
        cis: &["3.2.2"],
        nsa: &["audit"],
        attack: &["MS-TA9025", "T1552"],
        kubescape: &["C-0161"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object { kinds: &[("audit.k8s.io", "Policy")], check: check_file },
    ]),
    guard: None,
    probes: &[BODIES],
};

const BODIES: Probe = Probe {
    name: "bodies",
    asks: "The caller sends marked requests: a Secret with a made-up value by dry run; a TokenRequest, a TokenReview and a \
           ConfigMap whose bodies are empty, so that nothing is issued; and reads the end of the audit log for them",
    proved_by: "an event of each, of a level that leaves the body out, and the value nowhere in it",
    refuted_by: "an event of a level that writes the body, or with the value in it",
    not_fooled_by: "a log of another server, or a policy that leaves the request out: without its event nothing is \
                    concluded. Rules for other users are not seen",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_bodies,
};

fn plan_bodies(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let Some(log) = ground.audit_log() else {
        return vec![audit_log::missing(Subject::cluster("API server"))];
    };
    let value = format!("seaworthy-canary-{}", ground.run);
    let secret = {
        let path = "/api/v1/namespaces/default/secrets?dryRun=All&fieldManager=seaworthy-probe";
        let body = json!({
            "apiVersion": "v1", "kind": "Secret",
            "metadata": {"name": format!("seaworthy-probe-{}", ground.run)},
            "stringData": {"canary": value},
        });
        Asked::post(audit_log::marked(ground, path, "bodies-secret.asked"), &body).by(Identity::Caller)
    };
    let empty = |path: &str, mark: &str| audit_log::nothing(ground, path, &format!("{mark}.asked"));
    let token = "/api/v1/namespaces/default/serviceaccounts/default/token";
    let classes = [
        ("Secrets", "bodies-secret", secret, Level::Metadata),
        ("token requests", "bodies-token", empty(token, "bodies-token"), Level::Request),
        (
            "token reviews",
            "bodies-review",
            empty("/apis/authentication.k8s.io/v1/tokenreviews", "bodies-review"),
            Level::Metadata,
        ),
        (
            "ConfigMaps",
            "bodies-config",
            empty("/api/v1/namespaces/default/configmaps", "bodies-config"),
            Level::Metadata,
        ),
    ];
    let attempts = classes.into_iter().map(|(class, mark, request, limit)| {
        let mut steps =
            vec![Step::control("caller", Asked::get("/version").by(Identity::Caller), expect::ok)];
        steps.extend(audit_log::begin(log, ground));
        steps.push(Step::ask("marked", request));
        steps.extend(audit_log::end(log, ground, mark));
        let value = value.clone();
        Attempt::new(Subject::cluster(class), steps, move |answers| {
            let events = match audit_log::of_step(answers, "marked") {
                Logged::Events(events) => events,
                Logged::Nowhere => {
                    let reason = "the request is not in the log at all: the policy leaves it out, or several servers answer";
                    return Outcome::inconclusive("marked", reason);
                }
                Logged::Unknown(why) => {
                    return Outcome::inconclusive("marked", why).needs("--audit-log of the API server that answers");
                }
            };
            let levels: Option<Vec<Level>> =
                events.iter().map(|event| Level::named(event["level"].as_str()?)).collect();
            let Some(level) = levels.and_then(|levels| levels.into_iter().max()) else {
                return Outcome::inconclusive("marked", "the event in the log has no level");
            };
            if events.iter().any(|event| event.to_string().contains(&value)) {
                return Outcome::refuted("marked", "the log holds the value of a Secret that was sent");
            }
            if level > limit {
                let reason = format!("{class} are logged at level {}, which writes what they hold", level.name());
                return Outcome::refuted("marked", reason);
            }
            Outcome::proved("marked", format!("{class} are logged at level {}, without what they hold", level.name()))
        })
    });
    attempts.collect()
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    policy_of(scope)
}

/// A class of requests whose bodies hold something that should stand in no log.
struct Sensitive {
    group: &'static str,
    resource: &'static str,
    namespaced: bool,
    verbs: &'static [&'static str],
    /// The highest level that is harmless.
    limit: Level,
    severity: Severity,
}

/// Answers to reads hold what is read; requests that write hold what is written, and so do their answers. A watch
/// answers with a stream, which is not recorded.
const SENSITIVE: &[Sensitive] = &[
    sensitive("", "secrets", true, &["create", "update", "patch"], Level::Metadata, Severity::High),
    sensitive(
        "",
        "secrets",
        true,
        &["get", "list", "delete", "deletecollection"],
        Level::Request,
        Severity::High,
    ),
    sensitive("", "serviceaccounts/token", true, &["create"], Level::Request, Severity::High),
    sensitive("authentication.k8s.io", "tokenreviews", false, &["create"], Level::Metadata, Severity::High),
    sensitive("", "configmaps", true, &["create", "update", "patch"], Level::Metadata, Severity::Low),
    sensitive("", "configmaps", true, &["get", "list"], Level::Request, Severity::Low),
];

const fn sensitive(
    group: &'static str,
    resource: &'static str,
    namespaced: bool,
    verbs: &'static [&'static str],
    limit: Level,
    severity: Severity,
) -> Sensitive {
    Sensitive { group, resource, namespaced, verbs, limit, severity }
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let policy = Policy::read(scope.object.value);
    let levels = policy.rules.iter().filter_map(|rule| rule.value.get("level"));
    if levels.into_iter().any(|level| is_placeholder(level.text())) {
        return Verdict::unknown("the level of a rule is a placeholder", "the level that is filled in");
    }
    let refused = lint(&policy, scope.object.api_version, scope.around.settings.version.minor()).refused;
    // Rules in the order in which they come up, with what each of them records.
    let mut leaks: Vec<(&Rule<'a>, Level, Severity, Vec<&str>)> = Vec::new();
    let mut known: FxHashMap<(u32, Severity), usize> = FxHashMap::default();
    for class in SENSITIVE {
        let (resource, subresource) = class.resource.split_once('/').unwrap_or((class.resource, ""));
        for verb in class.verbs {
            let request =
                Request { verb, group: class.group, resource, subresource, namespaced: class.namespaced };
            let (partly, rest) = policy.deciding(&request);
            for rule in partly.into_iter().chain(rest) {
                let Some(level) = rule.level.filter(|level| *level > class.limit) else { continue };
                let key = (rule.value.id(), class.severity);
                let at = *known.entry(key).or_insert_with(|| {
                    leaks.push((rule, level, class.severity, Vec::new()));
                    leaks.len() - 1
                });
                if let Some((_, _, _, what)) = leaks.get_mut(at)
                    && !what.contains(&class.resource)
                {
                    what.push(class.resource);
                }
            }
        }
    }
    let faults = leaks.into_iter().map(|(rule, level, severity, what)| {
        let place = rule.value.get("level").unwrap_or(rule.value);
        let list = what.iter().map(|resource| format!("`{resource}`")).collect::<Vec<_>>().join(", ");
        let message = format!("`level: {}` writes into the log what is in {list}", level.name());
        Fault::new(Place::at(place), message).graded(severity)
    });
    let faults: Vec<_> = faults.collect();
    if faults.is_empty() && refused {
        return Verdict::unknown(
            "the server refuses the policy",
            "a policy that it takes: see `audit/policy-coverage`",
        );
    }
    Verdict::of(faults)
}
