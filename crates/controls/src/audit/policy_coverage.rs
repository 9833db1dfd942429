//! `audit/policy-coverage`; prose and cases in `policy_coverage.md`.

use rustc_hash::FxHashMap;
use seaworthy_document::Value;
use seaworthy_evidence::{Place, Program};

use super::lint::{Lint, lint};
use super::named::policy_of;
use super::needs::NEEDS;
use super::policy::{Level, Policy, Rule};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
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
    probes: &[],
};

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
