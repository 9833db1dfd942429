//! One rule of a role, matched as the RBAC authorizer matches it.

use std::fmt;

use seaworthy_document::{Kind, Value};

/// One entry of a list of strings in a rule: its text and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The text; empty for null, as the API's decoder reads it.
    pub text: &'a str,
    /// The entry itself.
    pub value: Value<'a>,
}

/// The strings of a list; what is no string is left out, since the API server would refuse the object anyway.
pub(crate) fn entries<'a>(list: Option<Value<'a>>) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
    list.into_iter().flat_map(|list| list.items()).filter_map(|value| match value.kind() {
        Kind::String => Some(Entry { text: value.text(), value }),
        Kind::Null => Some(Entry { text: "", value }),
        _ => None,
    })
}

/// What somebody wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attributes<'r> {
    /// A request for a resource of the API.
    Resource {
        /// `get`, `list`, `create`, `impersonate` …
        verb: &'r str,
        /// The API group; empty for the core group.
        group: &'r str,
        /// The resource in plural: `pods`.
        resource: &'r str,
        /// `exec` of `pods/exec`; empty for the resource itself.
        subresource: &'r str,
        /// The name of the object; empty where the request has none, as for `create` by POST and for most lists.
        name: &'r str,
    },
    /// A request for a path outside the API's resources.
    Url {
        /// The HTTP method in lower case.
        verb: &'r str,
        /// The path without the query.
        path: &'r str,
    },
}

impl<'r> Attributes<'r> {
    /// A request for a resource, as `pods` or `pods/exec`, without a name.
    pub fn resource(verb: &'r str, group: &'r str, resource: &'r str) -> Attributes<'r> {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        Attributes::Resource { verb, group, resource, subresource, name: "" }
    }

    /// The same for one object.
    pub fn named(self, called: &'r str) -> Attributes<'r> {
        match self {
            Attributes::Resource { verb, group, resource, subresource, .. } => {
                Attributes::Resource { verb, group, resource, subresource, name: called }
            }
            url => url,
        }
    }
}

/// The entries by which a rule grants something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match<'a> {
    /// The verb, perhaps `*`.
    pub verb: Entry<'a>,
    /// The group, perhaps `*`.
    pub group: Entry<'a>,
    /// The resource, perhaps `*` or `*/exec`.
    pub resource: Entry<'a>,
    /// Whether `resourceNames` limits it to some objects.
    pub named: bool,
}

/// A PolicyRule where it stands. It copies nothing and tolerates wrong types: they are as good as absent.
///
/// Matching follows `pkg/apis/rbac/v1/evaluation_helpers.go` of Kubernetes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Rule<'a> {
    value: Value<'a>,
    // The lists are asked for again and again; looking for their keys once makes that cheap.
    verbs: Option<Value<'a>>,
    groups: Option<Value<'a>>,
    resources: Option<Value<'a>>,
    names: Option<Value<'a>>,
    urls: Option<Value<'a>>,
}

impl<'a> Rule<'a> {
    /// A rule, from an item of `rules`.
    pub fn new(value: Value<'a>) -> Rule<'a> {
        Rule {
            value,
            verbs: value.get("verbs"),
            groups: value.get("apiGroups"),
            resources: value.get("resources"),
            names: value.get("resourceNames"),
            urls: value.get("nonResourceURLs"),
        }
    }

    /// The rule as it stands in its file.
    pub fn value(&self) -> Value<'a> {
        self.value
    }

    /// `verbs`.
    pub fn verbs(&self) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
        entries(self.verbs)
    }

    /// `apiGroups`.
    pub fn groups(&self) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
        entries(self.groups)
    }

    /// `resources`, as `pods`, `pods/exec`, `*` and `*/exec`.
    pub fn resources(&self) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
        entries(self.resources)
    }

    /// `resourceNames`; see [`is_named`](Rule::is_named) for what none of them means.
    pub fn names(&self) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
        entries(self.names)
    }

    /// `nonResourceURLs`.
    pub fn urls(&self) -> impl Iterator<Item = Entry<'a>> + Clone + use<'a> {
        entries(self.urls)
    }

    /// Whether `resourceNames` limits the rule to some objects. A list of wrong types limits it too: to none.
    pub fn is_named(&self) -> bool {
        self.names.is_some_and(|names| names.items().next().is_some())
    }

    /// Whether the rule grants every verb on every resource.
    pub fn is_full(&self) -> bool {
        let has_star = |list| entries(list).any(|entry| entry.text == "*");
        !self.is_named() && [self.verbs, self.groups, self.resources].into_iter().all(has_star)
    }

    /// All texts of the rule, list by list: equal for rules that grant the same in the same words.
    pub fn texts(&self) -> [Vec<&'a str>; 5] {
        [self.verbs, self.groups, self.resources, self.names, self.urls]
            .map(|list| entries(list).map(|entry| entry.text).collect())
    }

    /// Whether the rule grants a request.
    pub fn grants(&self, attributes: &Attributes<'_>) -> bool {
        match *attributes {
            Attributes::Resource { verb, group, resource, subresource, name } => {
                self.verb(verb).is_some()
                    && self.group(group).is_some()
                    && self.resource(resource, subresource).is_some()
                    && (!self.is_named() || self.names().any(|entry| entry.text == name))
            }
            Attributes::Url { verb, path } => {
                self.verb(verb).is_some() && self.urls().any(|entry| url_matches(entry.text, path))
            }
        }
    }

    /// The entries by which the rule grants a verb on a resource (`pods`, `pods/exec`), for all objects or for those
    /// that it names. A named rule does not grant `create` by POST, and `list`, `watch` and `deletecollection` only
    /// with a field selector for the name.
    pub fn allows(&self, verb: &str, group: &str, resource: &str) -> Option<Match<'a>> {
        let (resource, subresource) = resource.split_once('/').unwrap_or((resource, ""));
        // Most rules are about another group, and its list is the shortest.
        let group = self.group(group)?;
        let resource = self.resource(resource, subresource)?;
        Some(Match { verb: self.verb(verb)?, group, resource, named: self.is_named() })
    }

    fn verb(&self, wanted: &str) -> Option<Entry<'a>> {
        exact_or_all(self.verbs(), wanted)
    }

    fn group(&self, wanted: &str) -> Option<Entry<'a>> {
        exact_or_all(self.groups(), wanted)
    }

    fn resource(&self, resource: &str, subresource: &str) -> Option<Entry<'a>> {
        let exact = |text: &str| match subresource {
            "" => text == resource,
            _ => {
                text.strip_prefix(resource).and_then(|rest| rest.strip_prefix('/')) == Some(subresource)
                    || text.strip_prefix("*/") == Some(subresource)
            }
        };
        let mut entries = self.resources();
        entries.clone().find(|entry| exact(entry.text)).or_else(|| entries.find(|entry| entry.text == "*"))
    }
}

/// The entry that says it in so many words, else the wildcard.
fn exact_or_all<'a>(mut entries: impl Iterator<Item = Entry<'a>> + Clone, wanted: &str) -> Option<Entry<'a>> {
    entries.clone().find(|entry| entry.text == wanted).or_else(|| entries.find(|entry| entry.text == "*"))
}

/// Whether an entry of `nonResourceURLs` covers a path: equal, or a prefix in front of trailing stars.
pub(crate) fn url_matches(entry: &str, path: &str) -> bool {
    entry == path || entry.ends_with('*') && path.starts_with(entry.trim_end_matches('*'))
}

impl fmt::Debug for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.value.fmt(f)
    }
}
