//! A right that few should have, and the rules that grant it.

use seaworthy_authorization::{Match, Place as Where, Policy, Role, Rule};
use seaworthy_podsecurity::Version;

use crate::rbac::review::Question;
use crate::rbac::undecided;

/// Verbs that change objects.
pub(super) const WRITE: &[&str] = &["create", "update", "patch", "delete", "deletecollection"];

/// A right that few should have.
pub(super) struct Right {
    group: &'static str,
    /// `pods`, `pods/exec`; `userextras/*` stands for any subresource, and none.
    pub(super) resource: &'static str,
    verbs: &'static [&'static str],
    /// Whether a RoleBinding grants it at all.
    pub(super) namespaced: bool,
    /// Only in this namespace.
    pub(super) within: Option<&'static str>,
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
    pub(super) fn matters(&self, policy: &Policy<'_>, role: &Role<'_>, version: Version) -> bool {
        let completed = |rule: &Rule<'_>| {
            self.with.iter().any(|verb| rule.allows(verb, self.group, self.resource).is_some())
        };
        self.until.is_none_or(|until| version < until)
            && (self.with.is_empty() || policy.rules(role).any(|(_, rule)| completed(&rule)))
    }

    /// Whether the right leads anywhere in a version, whatever a role grants beside it.
    pub(super) fn is_asked_in(&self, version: Version) -> bool {
        self.until.is_none_or(|until| version < until)
    }

    /// The questions whether somebody has the right, one for each verb.
    pub(super) fn every(&self) -> impl Iterator<Item = Question> + use<'_> {
        let name = match self.names {
            Names::These(names) => names.first().copied().unwrap_or_default(),
            Names::Any | Names::StartingWith(_) => "",
        };
        self.verbs.iter().map(move |verb| self.ask(Some(verb), self.resource.trim_end_matches("/*"), name))
    }

    /// The question whether somebody has what a rule grants of it.
    pub(super) fn question(&self, verb: Option<&'static str>, rule: &Rule<'_>) -> Question {
        let meant = |name: &str| match self.names {
            Names::Any => true,
            Names::These(names) => names.contains(&name),
            Names::StartingWith(start) => name.starts_with(start),
        };
        let own = rule.names().map(|entry| entry.text).find(|name| meant(name));
        let name = match self.names {
            _ if rule.is_named() => own.unwrap_or_default(),
            Names::These(names) => names.first().copied().unwrap_or_default(),
            Names::Any | Names::StartingWith(_) => "",
        };
        let below = self.resource.strip_suffix("/*").and_then(|resource| {
            let mut resources = rule.resources().map(|entry| entry.text);
            resources.find(|text| text.strip_prefix(resource).is_some_and(|rest| rest.starts_with('/')))
        });
        self.ask(verb, below.unwrap_or(self.resource.trim_end_matches("/*")), name)
    }

    fn ask(&self, verb: Option<&'static str>, resource: &str, name: &str) -> Question {
        let question = Question::new(verb.unwrap_or("get"), self.group, resource).named(name);
        match self.within {
            Some(namespace) => question.at(Where::Namespace(Some(namespace))),
            None => question,
        }
    }

    /// Whether a rule with these groups and resources may grant it: a quick look before the exact one.
    pub(super) fn may_be_among(&self, groups: &[&str], resources: &[&str]) -> bool {
        let stem = self.resource.split_once('/').map_or(self.resource, |(resource, _)| resource);
        groups.iter().any(|group| *group == self.group || *group == "*")
            && resources.iter().any(|resource| resource.starts_with(stem) || resource.starts_with('*'))
    }

    /// The verbs of this right that a rule grants, with the entries that do.
    pub(super) fn found<'a>(&'static self, rule: &Rule<'a>) -> Option<Found<'a>> {
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
    pub(super) fn reaches(&self, place: Where<'_>) -> bool {
        match place {
            Where::Cluster => true,
            Where::Namespace(namespace) => {
                self.namespaced && self.within.is_none_or(|wanted| namespace == Some(wanted))
            }
        }
    }

    /// Whether the files leave open if it does.
    pub(super) fn may_reach(&self, place: Where<'_>) -> bool {
        let left_open = |namespace: Option<&str>| namespace.is_none_or(undecided::is_open);
        self.namespaced
            && self.within.is_some()
            && matches!(place, Where::Namespace(namespace) if left_open(namespace))
    }
}

/// A right that a rule grants.
pub(super) struct Found<'a> {
    pub(super) right: &'static Right,
    pub(super) verbs: Vec<&'static str>,
    pub(super) by: Match<'a>,
}

impl Found<'_> {
    /// Grades by which it is better than the control's severity, where it is held.
    pub(super) fn lowered(&self, place: Where<'_>) -> usize {
        let in_namespace = self.right.within.is_none()
            && matches!(place, Where::Namespace(namespace) if namespace != Some("kube-system"));
        let named = self.by.named && self.right.names == Names::Any;
        usize::from(self.right.lesser) + usize::from(in_namespace) + usize::from(named)
    }
}
