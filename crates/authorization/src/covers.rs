//! Whether somebody who holds some rules may hand out others: the escalation check of writes to roles and bindings.

use std::fmt;

use crate::rule::{Rule, url_matches};

/// Comparisons after which the question is given up: rules are lists multiplied with each other, and a file may
/// hold long ones. The largest built-in role needs some hundred thousand.
const MOST_STEPS: usize = 1 << 21;

/// The smallest part of a rule: one verb on one resource (and perhaps one object), or on one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Single<'a> {
    /// On a resource.
    Resource {
        /// The verb.
        verb: &'a str,
        /// The API group.
        group: &'a str,
        /// The resource, as `pods/exec`.
        resource: &'a str,
        /// The object, when the rule names some.
        name: Option<&'a str>,
    },
    /// On a path.
    Url {
        /// The verb.
        verb: &'a str,
        /// The path, perhaps with a `*` at its end.
        url: &'a str,
    },
}

impl fmt::Display for Single<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Single::Url { verb, url } => write!(f, "`{verb}` on `{url}`"),
            Single::Resource { verb, group, resource, name } => {
                write!(f, "`{verb}` on `{resource}`")?;
                if !group.is_empty() {
                    write!(f, " of `{group}`")?;
                }
                name.map_or(Ok(()), |name| write!(f, " called `{name}`"))
            }
        }
    }
}

/// The answer of [`covers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covering<'a> {
    /// All of it is covered.
    Yes,
    /// This, the first of what is missing, is not.
    No(Single<'a>),
    /// The rules are too large to compare.
    TooLarge,
}

/// Whether the rules of an owner cover every part of some others, as the escalation check compares them
/// (`k8s.io/component-helpers/auth/rbac/validation`): each part by one owner rule, texts as they stand. Listed verbs
/// never cover `*`.
pub fn covers<'a>(owner: &[Rule<'_>], wanted: &[Rule<'a>]) -> Covering<'a> {
    let owner: Vec<Lists<'_>> = owner.iter().map(Lists::of).collect();
    let cost: usize = owner.iter().map(Lists::len).sum::<usize>().max(1);
    let mut steps: usize = 0;
    for rule in wanted {
        let lists = Lists::of(rule);
        steps = steps.saturating_add(lists.singles().saturating_mul(cost));
        if steps > MOST_STEPS {
            return Covering::TooLarge;
        }
        if let Some(missing) = lists.uncovered(&owner) {
            return Covering::No(missing);
        }
    }
    Covering::Yes
}

/// The texts of a rule.
struct Lists<'a> {
    verbs: Vec<&'a str>,
    groups: Vec<&'a str>,
    resources: Vec<&'a str>,
    names: Vec<&'a str>,
    named: bool,
    urls: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    fn of(rule: &Rule<'a>) -> Lists<'a> {
        Lists {
            verbs: rule.verbs().map(|entry| entry.text).collect(),
            groups: rule.groups().map(|entry| entry.text).collect(),
            resources: rule.resources().map(|entry| entry.text).collect(),
            names: rule.names().map(|entry| entry.text).collect(),
            named: rule.is_named(),
            urls: rule.urls().map(|entry| entry.text).collect(),
        }
    }

    fn len(&self) -> usize {
        1 + self.verbs.len() + self.groups.len() + self.resources.len() + self.names.len() + self.urls.len()
    }

    /// Number of parts that the rule is broken down to.
    fn singles(&self) -> usize {
        let objects = self.names.len().max(1);
        let resources = [self.groups.len(), self.resources.len(), self.verbs.len(), objects];
        let resources = resources.into_iter().fold(1_usize, usize::saturating_mul);
        resources.saturating_add(self.urls.len().saturating_mul(self.verbs.len()))
    }

    fn uncovered(&self, owner: &[Lists<'_>]) -> Option<Single<'a>> {
        let names: Vec<Option<&'a str>> =
            if self.named { self.names.iter().copied().map(Some).collect() } else { vec![None] };
        for &group in &self.groups {
            for &resource in &self.resources {
                for &verb in &self.verbs {
                    for &name in &names {
                        if !owner.iter().any(|rule| rule.covers(verb, group, resource, name)) {
                            return Some(Single::Resource { verb, group, resource, name });
                        }
                    }
                }
            }
        }
        for &url in &self.urls {
            for &verb in &self.verbs {
                if !owner.iter().any(|rule| rule.covers_url(verb, url)) {
                    return Some(Single::Url { verb, url });
                }
            }
        }
        None
    }

    fn covers(&self, verb: &str, group: &str, resource: &str, name: Option<&str>) -> bool {
        let names = !self.named || name.is_some_and(|name| self.names.contains(&name));
        names && self.has_verb(verb) && has(&self.groups, group) && self.covers_resource(resource)
    }

    fn covers_url(&self, verb: &str, url: &str) -> bool {
        !self.named && self.has_verb(verb) && self.urls.iter().any(|own| url_matches(own, url))
    }

    fn has_verb(&self, verb: &str) -> bool {
        has(&self.verbs, verb)
    }

    fn covers_resource(&self, resource: &str) -> bool {
        let any_of = |subresource| {
            self.resources.iter().any(|own| own.strip_prefix("*/").is_some_and(|own| own == subresource))
        };
        has(&self.resources, resource)
            || resource.split_once('/').is_some_and(|(_, subresource)| any_of(subresource))
    }
}

fn has(list: &[&str], wanted: &str) -> bool {
    list.iter().any(|&text| text == "*" || text == wanted)
}
