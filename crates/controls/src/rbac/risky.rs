//! Controls of the form "few subjects may …": each is a list of rights, judged on every role.
//!
//! A role gives one fault for each of its rules and each holder; one that nothing binds gives one, graded low. Built-in
//! roles pass, built-in bindings count nobody. Rules that grant everything are left to `rbac/cluster-admin` and
//! `rbac/wildcards`.

use rustc_hash::FxHashSet;
use seaworthy_authorization::{Match, Place as Where, Policy, Role, RoleKind, Rule};
use seaworthy_evidence::Place;
use seaworthy_podsecurity::Version;

use crate::control::{Check, ObjectCheck, Severity};
use crate::rbac::holders::{self, Held, Holding};
use crate::rbac::undecided;
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) const RBAC: &str = "rbac.authorization.k8s.io";

/// Verbs that change objects.
pub(super) const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

/// Faults of one role that are told apart; the others are counted.
const MOST_FAULTS: usize = 200;

/// A check that looks at every role.
pub(super) const fn roles(check: ObjectCheck) -> Check {
    Check::Object { kinds: &[(RBAC, "ClusterRole"), (RBAC, "Role")], check }
}

/// A right that few should have.
pub(super) struct Right {
    group: &'static str,
    /// `pods`, `pods/exec`; `userextras/*` stands for any subresource, and none.
    resource: &'static str,
    verbs: &'static [&'static str],
    /// Whether a RoleBinding grants it at all.
    namespaced: bool,
    /// Only in this namespace.
    within: Option<&'static str>,
    names: Names,
    /// One grade better than the control's severity.
    lesser: bool,
    /// Verbs on the same resource, one of which the role must grant as well.
    with: &'static [&'static str],
    /// The first version in which it leads nowhere.
    until: Option<Version>,
}

/// The objects that a right is about; a rule with `resourceNames` must name one of them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Names {
    Any,
    These(&'static [&'static str]),
    StartingWith(&'static str),
}

impl Right {
    const fn new(
        group: &'static str,
        resource: &'static str,
        verbs: &'static [&'static str],
        namespaced: bool,
    ) -> Right {
        Right {
            group,
            resource,
            verbs,
            namespaced,
            within: None,
            names: Names::Any,
            lesser: false,
            with: &[],
            until: None,
        }
    }

    /// To something that stands in namespaces.
    pub(super) const fn namespaced(
        group: &'static str,
        resource: &'static str,
        verbs: &'static [&'static str],
    ) -> Right {
        Right::new(group, resource, verbs, true)
    }

    /// To something of the whole cluster: a RoleBinding does not grant it. (Namespaces themselves are no such thing: a
    /// request for one counts as one inside it.)
    pub(super) const fn cluster(
        group: &'static str,
        resource: &'static str,
        verbs: &'static [&'static str],
    ) -> Right {
        Right::new(group, resource, verbs, false)
    }

    /// Only in one namespace.
    pub(super) const fn within(self, namespace: &'static str) -> Right {
        Right { within: Some(namespace), ..self }
    }

    /// Only to these objects.
    pub(super) const fn called(self, names: &'static [&'static str]) -> Right {
        Right { names: Names::These(names), ..self }
    }

    /// Only to objects whose names start like this.
    pub(super) const fn called_like(self, start: &'static str) -> Right {
        Right { names: Names::StartingWith(start), ..self }
    }

    /// One grade better than the control's severity.
    pub(super) const fn lesser(self) -> Right {
        Right { lesser: true, ..self }
    }

    /// Only in a role that grants one of these verbs on the same resource, too.
    pub(super) const fn with(self, verbs: &'static [&'static str]) -> Right {
        Right { with: verbs, ..self }
    }

    /// Only before a version of Kubernetes.
    pub(super) const fn until(self, version: Version) -> Right {
        Right { until: Some(version), ..self }
    }

    /// Whether the right leads anywhere for holders of a role.
    fn matters(&self, policy: &Policy<'_>, role: &Role<'_>, version: Version) -> bool {
        let completed = |rule: &Rule<'_>| {
            self.with.iter().any(|verb| rule.allows(verb, self.group, self.resource).is_some())
        };
        self.until.is_none_or(|until| version < until)
            && (self.with.is_empty() || policy.rules(role).any(|(_, rule)| completed(&rule)))
    }

    /// The verbs of this right that a rule grants, with the entries that do.
    fn found<'a>(&'static self, rule: &Rule<'a>) -> Option<Found<'a>> {
        let allows = |verb| match self.resource.strip_suffix("/*") {
            None => rule.allows(verb, self.group, self.resource),
            Some(resource) => rule.allows(verb, self.group, resource).or_else(|| {
                let below = rule.resources().find(|entry| {
                    entry.text.strip_prefix(resource).is_some_and(|rest| rest.starts_with('/'))
                })?;
                rule.allows(verb, self.group, below.text)
            }),
        };
        // A request that creates by POST has no name yet; one that updates or patches what is missing has.
        let creates = !rule.is_named()
            || self.resource.contains('/')
            || allows("update").or_else(|| allows("patch")).is_some();
        let verbs = self.verbs.iter().filter(|verb| creates || **verb != "create");
        let mut verbs = verbs.filter_map(|&verb| Some((verb, allows(verb)?))).peekable();
        let (_, by) = *verbs.peek()?;
        let meant = |name: &str| match self.names {
            Names::Any => true,
            Names::These(names) => names.contains(&name),
            Names::StartingWith(start) => name.starts_with(start),
        };
        if rule.is_named() && !rule.names().any(|entry| meant(entry.text)) {
            return None;
        }
        Some(Found { right: self, verbs: verbs.map(|(verb, _)| verb).collect(), by })
    }

    /// Whether holding a role somewhere gives this right.
    fn reaches(&self, place: Where<'_>) -> bool {
        match place {
            Where::Cluster => true,
            Where::Namespace(namespace) => {
                self.namespaced && self.within.is_none_or(|wanted| namespace == Some(wanted))
            }
        }
    }

    /// Whether the files leave open if it does.
    fn may_reach(&self, place: Where<'_>) -> bool {
        let left_open = |namespace: Option<&str>| namespace.is_none_or(undecided::is_open);
        self.namespaced
            && self.within.is_some()
            && matches!(place, Where::Namespace(namespace) if left_open(namespace))
    }
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

struct Found<'a> {
    right: &'static Right,
    verbs: Vec<&'static str>,
    by: Match<'a>,
}

impl Found<'_> {
    /// Grades by which it is better than the control's severity, where it is held.
    fn lowered(&self, place: Where<'_>) -> usize {
        let in_namespace = self.right.within.is_none()
            && matches!(place, Where::Namespace(namespace) if namespace != Some("kube-system"));
        let named = self.by.named && self.right.names == Names::Any;
        usize::from(self.right.lesser) + usize::from(in_namespace) + usize::from(named)
    }
}

/// Judges a Role or ClusterRole.
pub(super) fn judge<'a>(scope: &ObjectScope<'_, 'a>, risk: &'static Risk) -> Verdict<'a> {
    let access = scope.around.evidence.access();
    let Some(role) = access.role(scope.object) else { return Verdict::NotApplicable };
    if role.standing.is_built_in() {
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
        let found: Vec<Found<'a>> = rights.iter().filter_map(|right| right.found(&rule)).collect();
        if found.is_empty() || !flowing.is_empty() && flowing.contains(&rule.texts()) {
            continue;
        }
        match held.get_or_insert_with(|| holders::of(policy, role)) {
            Held::Expected => {}
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
