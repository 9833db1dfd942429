//! Controls of the form "few subjects may …": each is a list of rights, judged on every role.
//!
//! A role gives one fault for each of its rules and each holder; one that nothing binds gives one, graded low. Built-in
//! roles pass, built-in bindings count nobody. Rules that grant everything are left to `rbac/cluster-admin` and
//! `rbac/wildcards`.

use rustc_hash::FxHashSet;
use seaworthy_authorization::{Policy, Role, RoleKind, Rule};
use seaworthy_evidence::Place;

use crate::closed_world;
use crate::control::{Check, ObjectCheck, Severity};
use crate::rbac::holders::{self, Held, Holding};
use crate::rbac::right::Found;
pub(super) use crate::rbac::right::{Right, WRITE};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) const RBAC: &str = "rbac.authorization.k8s.io";

/// Faults of one role that are told apart; the others are counted.
const MOST_FAULTS: usize = 200;

/// A check that looks at every role.
pub(super) const fn roles(check: ObjectCheck) -> Check {
    Check::Object { kinds: &[(RBAC, "ClusterRole"), (RBAC, "Role")], check }
}

/// What a control looks for.
pub(super) struct Risk {
    /// Any of these.
    pub(super) rights: &'static [Right],
    /// How bad it is to hold one in the whole cluster (or in `kube-system`). One namespace is one grade better, and so
    /// is a list of names.
    pub(super) severity: Severity,
    /// What it leads to, to be read behind "may `get` `secrets` in `shop`, ": "which hold …".
    pub(super) consequence: &'static str,
    /// Whether the verb is what matters, and to be pointed at; else it is the resource.
    pub(super) by_verb: bool,
}

/// Judges a Role or ClusterRole.
pub(super) fn judge<'a>(scope: &ObjectScope<'_, 'a>, risk: &'static Risk) -> Verdict<'a> {
    let access = scope.around.evidence.access();
    let Some(role) = access.role(scope.object) else { return Verdict::NotApplicable };
    if role.descent.is_built_in() {
        return Verdict::Pass;
    }
    let policy = access.policy();
    // In a dump the rules of an aggregated role stand twice: they are judged where they come from.
    let mut flowing = FxHashSet::default();
    if role.is_aggregated() {
        let others = policy.rules(role).filter(|(part, _)| part.number != role.number);
        flowing.extend(others.map(|(_, rule)| rule.texts()));
    }
    let version = scope.around.settings.version;
    let rights: Vec<&Right> =
        risk.rights.iter().filter(|right| right.matters(policy, role, version)).collect();
    let mut held: Option<Held<'a>> = None;
    let (mut faults, mut more, mut full) = (Vec::new(), 0_usize, 0_usize);
    let (mut rules, mut open) = (0_usize, false);
    for rule in role.own_rules() {
        rules += 1;
        if rule.is_full() {
            full += 1;
            continue;
        }
        // Of the many rights most concern other resources than the rule.
        let groups: Vec<&str> = rule.groups().map(|entry| entry.text).collect();
        let resources: Vec<&str> = rule.resources().map(|entry| entry.text).collect();
        let concerned = rights.iter().filter(|right| right.may_be_among(&groups, &resources));
        let found: Vec<Found<'a>> = concerned.filter_map(|right| right.found(&rule)).collect();
        if found.is_empty() || !flowing.is_empty() && flowing.contains(&rule.texts()) {
            continue;
        }
        match held.get_or_insert_with(|| holders::of(policy, role)) {
            Held::Expected => {}
            // Bindings that were not shown may bind it: what depends on them is weighed by the runner.
            Held::Nobody if closed_world::hides_grants(&scope.around, scope.object.namespace) => {}
            Held::Nobody if faults.is_empty() => faults.extend(unbound(risk, policy, role, &found)),
            Held::Nobody => {}
            Held::By(holdings) => {
                for (index, holding) in holdings.iter().enumerate() {
                    if faults.len() >= MOST_FAULTS {
                        more = more.saturating_add(holdings.len() - index);
                        break;
                    }
                    faults.extend(one(risk, &rule, &found, holding));
                    open |= found.iter().any(|found| found.right.may_reach(holding.place));
                }
            }
        }
    }
    if let (1.., Some(last)) = (more, faults.last_mut()) {
        last.message =
            format!("{}; up to {more} more of the same in this role are not listed", last.message).into();
    }
    match faults.is_empty() {
        false => Verdict::Fail(faults),
        true if open => Verdict::unknown(
            "the files leave open in which namespace this is, and in some it would be dangerous",
            "`metadata.namespace` of the binding",
        ),
        true if full > 0 && full == rules => Verdict::NotApplicable,
        true => undecided::pass_of_rules(role.value),
    }
}

/// The fault of a holder of a rule.
fn one<'a>(risk: &Risk, rule: &Rule<'a>, found: &[Found<'a>], holding: &Holding<'a>) -> Option<Fault<'a>> {
    let found: Vec<&Found<'a>> = found.iter().filter(|found| found.right.reaches(holding.place)).collect();
    let first = found.first()?;
    let lowered = found.iter().map(|found| found.lowered(holding.place)).min().unwrap_or_default();
    let mut message = format!("{} may {}", holding.holder, what(&found));
    if found.iter().any(|found| found.right.namespaced) {
        message.push(' ');
        message.push_str(&match first.right.within {
            Some(namespace) => format!("in `{namespace}`"),
            None => holders::place(holding.place),
        });
    }
    if first.by.named {
        message.push_str(&names(rule));
    }
    message.push_str(by_wildcard(&found));
    message.push_str(", ");
    message.push_str(risk.consequence);
    let fault = Fault::new(place(risk, first), message).held_by(holding.holder);
    Some(fault.graded(lower(risk.severity, lowered)))
}

/// The fault of a role that nothing binds.
fn unbound<'a>(risk: &Risk, policy: &Policy<'a>, role: &Role<'a>, found: &[Found<'a>]) -> Option<Fault<'a>> {
    let found: Vec<&Found<'a>> =
        found.iter().filter(|found| role.kind == RoleKind::ClusterRole || found.right.namespaced).collect();
    let first = found.first()?;
    let nobody = match policy.flows_into(role).next() {
        None => "nobody is bound to it here".to_owned(),
        Some(whole) => format!("it flows into `{}`, and nobody is bound to that here", whole.name),
    };
    let message = format!(
        "whoever holds this role may {}{}, {}; {nobody}",
        what(&found),
        by_wildcard(&found),
        risk.consequence
    );
    Some(Fault::new(place(risk, first), message).graded(Severity::Low))
}

fn place<'a>(risk: &Risk, found: &Found<'a>) -> Place<'a> {
    Place::at(if risk.by_verb { found.by.verb.value } else { found.by.resource.value })
}

/// "`get`, `list` `secrets`": the verbs and resources of some rights.
fn what(found: &[&Found<'_>]) -> String {
    let mut verbs: Vec<&str> = Vec::new();
    let mut resources: Vec<&str> = Vec::new();
    for found in found {
        verbs.extend(found.verbs.iter().copied().filter(|verb| !verbs.contains(verb)).collect::<Vec<_>>());
        let resource = found.right.resource.trim_end_matches("/*");
        if !resources.contains(&resource) {
            resources.push(resource);
        }
    }
    format!("{} {}", quoted(verbs.into_iter()), quoted(resources.into_iter()))
}

fn names(rule: &Rule<'_>) -> String {
    format!(" called {}", quoted(rule.names().map(|entry| entry.text)))
}

/// The first few, each in backticks, and the number of the others.
pub(super) fn quoted<'t>(texts: impl Iterator<Item = &'t str>) -> String {
    let texts: Vec<&str> = texts.collect();
    let shown: Vec<String> = texts.iter().take(5).map(|text| format!("`{text}`")).collect();
    match texts.len().saturating_sub(shown.len()) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn by_wildcard(found: &[&Found<'_>]) -> &'static str {
    let star = |found: &&Found<'_>| {
        [found.by.verb, found.by.group, found.by.resource].iter().any(|entry| entry.text.contains('*'))
    };
    if found.iter().any(star) { " by a wildcard" } else { "" }
}

/// A severity some grades better.
pub(super) fn lower(severity: Severity, grades: usize) -> Severity {
    let from = Severity::ALL.iter().position(|other| *other == severity).unwrap_or_default();
    Severity::ALL.get(from.saturating_add(grades)).copied().unwrap_or(Severity::Low)
}
