//! `audit/no-sensitive-bodies`; prose and cases in `no_sensitive_bodies.md`.

use rustc_hash::FxHashMap;
use seaworthy_evidence::{Place, Program};

use super::lint::lint;
use super::named::policy_of;
use super::policy::{Level, Policy, Request, Rule};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
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
    probes: &[],
};

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
