//! Audit policies with the exact meaning that the API server gives them: the first rule that matches decides
//! (`k8s.io/apiserver/pkg/audit/policy/checker.go` of v0.36).

use seaworthy_document::Value;

/// How much of a request is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Level {
    /// Nothing.
    None,
    /// Who did what, when, and with which result.
    Metadata,
    /// That and the body of the request.
    Request,
    /// That and the body of the response.
    RequestResponse,
}

impl Level {
    /// The level of a name; names are exact.
    pub(super) fn named(name: &str) -> Option<Level> {
        Some(match name {
            "None" => Level::None,
            "Metadata" => Level::Metadata,
            "Request" => Level::Request,
            "RequestResponse" => Level::RequestResponse,
            _ => return None,
        })
    }

    /// The name in policies.
    pub(super) fn name(self) -> &'static str {
        match self {
            Level::None => "None",
            Level::Metadata => "Metadata",
            Level::Request => "Request",
            Level::RequestResponse => "RequestResponse",
        }
    }
}

/// A policy.
#[derive(Debug)]
pub(super) struct Policy<'a> {
    /// The file.
    pub(super) value: Value<'a>,
    /// Its rules in their order.
    pub(super) rules: Vec<Rule<'a>>,
}

/// One rule. Empty lists restrict nothing.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    /// The rule as it stands.
    pub(super) value: Value<'a>,
    /// What it records; `None` for a name that is no level, which the server refuses.
    pub(super) level: Option<Level>,
    pub(super) users: Vec<&'a str>,
    pub(super) groups: Vec<&'a str>,
    pub(super) verbs: Vec<&'a str>,
    pub(super) namespaces: Vec<&'a str>,
    pub(super) resources: Vec<GroupResources<'a>>,
    pub(super) urls: Vec<&'a str>,
    /// Stages that are left out, those of the policy included.
    pub(super) omitted_stages: Vec<&'a str>,
}

/// Resources of one API group.
#[derive(Debug)]
pub(super) struct GroupResources<'a> {
    pub(super) group: &'a str,
    pub(super) resources: Vec<&'a str>,
    pub(super) names: Vec<&'a str>,
}

/// A class of requests: all that differ only in who asks, in which namespace, for which name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    pub(super) verb: &'static str,
    pub(super) group: &'static str,
    pub(super) resource: &'static str,
    /// Empty for the resource itself.
    pub(super) subresource: &'static str,
    pub(super) namespaced: bool,
}

/// How many requests of a class a rule matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// None.
    None,
    /// Those of some users, namespaces or names.
    Some,
    /// All that are left.
    All,
}

/// Rules for a part of a class that are compared with each later one, and lengths of lists that are: a policy of people
/// has a handful.
const MANY: usize = 64;

impl<'a> Policy<'a> {
    /// Reads a policy as far as it can be read; what is refused is for others to report.
    pub(super) fn read(value: Value<'a>) -> Policy<'a> {
        let omitted = strings(value, "omitStages");
        let rules = value.get("rules").into_iter().flat_map(|rules| rules.items());
        Policy { value, rules: rules.map(|rule| Rule::read(rule, &omitted)).collect() }
    }

    /// The rules that decide requests of a class, in their order: some for a part of them, the last one for the rest.
    /// Without a rule for the rest, nothing is recorded of it: the last one is then `None`.
    pub(super) fn deciding(&self, request: &Request) -> (Vec<&Rule<'a>>, Option<&Rule<'a>>) {
        let mut partly: Vec<&Rule<'a>> = Vec::new();
        for rule in &self.rules {
            match rule.share_of(request) {
                Share::None => {}
                Share::All => return (partly, Some(rule)),
                Share::Some => {
                    let mut earlier = partly.iter().take(MANY);
                    if !earlier.any(|earlier| earlier.restricts_no_more_than(rule)) {
                        partly.push(rule);
                    }
                }
            }
        }
        (partly, None)
    }
}

impl<'a> Rule<'a> {
    fn read(value: Value<'a>, omitted: &[&'a str]) -> Rule<'a> {
        let groups = value.get("resources").into_iter().flat_map(|list| list.items());
        let resources = groups.map(|entry| GroupResources {
            group: entry.get("group").map_or("", |group| group.text()),
            resources: strings(entry, "resources"),
            names: strings(entry, "resourceNames"),
        });
        let mut omitted_stages = omitted.to_vec();
        omitted_stages.extend(strings(value, "omitStages"));
        Rule {
            value,
            level: value.get("level").and_then(|level| Level::named(level.text())),
            users: strings(value, "users"),
            groups: strings(value, "userGroups"),
            verbs: strings(value, "verbs"),
            namespaces: strings(value, "namespaces"),
            resources: resources.collect(),
            urls: strings(value, "nonResourceURLs"),
            omitted_stages,
        }
    }

    /// How many requests of a class the rule matches.
    pub(super) fn share_of(&self, request: &Request) -> Share {
        if !self.verbs.is_empty() && !self.verbs.contains(&request.verb) {
            return Share::None;
        }
        let mut share = Share::All;
        if !self.users.is_empty() || !self.groups.is_empty() {
            share = Share::Some;
        }
        if self.namespaces.is_empty() && self.resources.is_empty() {
            return if self.urls.is_empty() { share } else { Share::None };
        }
        if !self.namespaces.is_empty() {
            // Requests for what has no namespace, or for all namespaces, have the empty one.
            match (request.namespaced, self.namespaces.contains(&"")) {
                (true, _) => share = Share::Some,
                (false, true) => {}
                (false, false) => return Share::None,
            }
        }
        if self.resources.is_empty() {
            return share;
        }
        let mut best = Share::None;
        for entry in &self.resources {
            match entry.share_of(request) {
                Share::All => return share,
                Share::Some => best = Share::Some,
                Share::None => {}
            }
        }
        best
    }

    /// Whether every request of a class that `later` matches is matched by this rule as well, as far as users,
    /// namespaces and names go. For rules that both match a part of the class.
    fn restricts_no_more_than(&self, later: &Rule<'a>) -> bool {
        within(&later.users, &self.users)
            && within(&later.groups, &self.groups)
            && within(&later.namespaces, &self.namespaces)
            && self.resources.iter().all(|entry| entry.names.is_empty())
    }
}

impl GroupResources<'_> {
    fn share_of(&self, request: &Request) -> Share {
        if self.group != request.group && self.group != "*" {
            return Share::None;
        }
        if self.resources.is_empty() {
            return Share::All;
        }
        if !self.resources.iter().any(|pattern| covers(pattern, request.resource, request.subresource)) {
            return Share::None;
        }
        if self.names.is_empty() {
            Share::All
        } else if request.verb == "create" && request.subresource.is_empty() && !self.names.contains(&"") {
            // What is created has no name in its URL.
            Share::None
        } else {
            Share::Some
        }
    }
}

/// Whether a pattern of a rule names a resource or subresource. `pods/*` names plain pods as well, since only the part
/// before the slash is compared.
pub(super) fn covers(pattern: &str, resource: &str, subresource: &str) -> bool {
    if pattern == "*" {
        return true;
    }
    match pattern.split_once('/') {
        None => subresource.is_empty() && pattern == resource,
        Some((of, "*")) if of == resource => true,
        Some(("*", sub)) => !subresource.is_empty() && sub == subresource,
        Some((of, sub)) => of == resource && !subresource.is_empty() && sub == subresource,
    }
}

/// Whether `inner` restricts at least as much as `outer`; an empty list restricts nothing.
pub(super) fn within(inner: &[&str], outer: &[&str]) -> bool {
    // Longer lists than people write are not compared.
    outer.is_empty()
        || !inner.is_empty()
            && inner.len() <= MANY
            && outer.len() <= 4 * MANY
            && inner.iter().all(|item| outer.contains(item))
}

/// The items of a list of texts.
fn strings<'a>(value: Value<'a>, key: &str) -> Vec<&'a str> {
    value.get(key).into_iter().flat_map(|list| list.items()).map(|item| item.text()).collect()
}

#[cfg(test)]
mod tests {
    use seaworthy_document::Stream;

    use super::{Level, Policy, Request, covers};

    fn level(rules: &str, request: Request) -> Option<Level> {
        let text = format!("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n{rules}");
        let stream = Stream::read(&text);
        let document = stream.documents().next().expect("a document");
        let policy = Policy::read(document.root());
        policy.deciding(&request).1.and_then(|rule| rule.level)
    }

    const EXEC: Request =
        Request { verb: "create", group: "", resource: "pods", subresource: "exec", namespaced: true };
    const NODE: Request =
        Request { verb: "patch", group: "", resource: "nodes", subresource: "", namespaced: false };

    #[test]
    fn patterns_of_resources_are_those_of_the_checker() {
        assert!(covers("pods", "pods", ""));
        assert!(!covers("pods", "pods", "exec"));
        assert!(covers("pods/*", "pods", "exec"));
        assert!(covers("pods/*", "pods", ""));
        assert!(covers("*/exec", "pods", "exec"));
        assert!(!covers("*/exec", "pods", ""));
        assert!(covers("*", "pods", "exec"));
        assert!(!covers("pods/exec", "pods", "attach"));
        assert!(!covers("po*", "pods", ""));
    }

    #[test]
    fn the_first_rule_that_matches_decides() {
        let exec_only =
            "- {level: Metadata, resources: [{group: '', resources: [pods/exec]}]}\n- {level: Request}\n";
        assert_eq!(level(exec_only, EXEC), Some(Level::Metadata));
        assert_eq!(level(exec_only, NODE), Some(Level::Request));
        assert_eq!(level("- {level: Metadata, resources: [{group: '', resources: [pods]}]}\n", EXEC), None);
        // No wildcard for verbs.
        assert_eq!(level("- {level: Metadata, verbs: ['*']}\n", EXEC), None);
        assert_eq!(level("- {level: Metadata, nonResourceURLs: ['*']}\n", EXEC), None);
        assert_eq!(level("- {level: Metadata, namespaces: ['']}\n", NODE), Some(Level::Metadata));
        assert_eq!(level("- {level: Metadata, namespaces: [a]}\n", NODE), None);
        // All resources of a group.
        assert_eq!(level("- {level: Metadata, resources: [{group: ''}]}\n", EXEC), Some(Level::Metadata));
        assert_eq!(level("- {level: Metadata, resources: [{group: '*'}]}\n", EXEC), Some(Level::Metadata));
        assert_eq!(level("- {level: Metadata, resources: [{group: apps}]}\n", EXEC), None);
    }

    #[test]
    fn a_rule_for_some_leaves_the_rest_to_the_next() {
        let text = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- {level: None, users: [a]}\n- {level: None, users: [a], verbs: [create]}\n- {level: None, namespaces: [kube-system]}\n- {level: Metadata}\n";
        let stream = Stream::read(text);
        let document = stream.documents().next().expect("a document");
        let policy = Policy::read(document.root());
        let (partly, rest) = policy.deciding(&EXEC);
        assert_eq!(partly.len(), 2);
        assert_eq!(rest.and_then(|rule| rule.level), Some(Level::Metadata));
    }
}
