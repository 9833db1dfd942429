//! What is wrong with an audit policy as such: what the server refuses, what it ignores, what never matches.
//!
//! The server decodes strictly, and on an error warns and decodes leniently: fields that it does not know are then
//! ignored (`k8s.io/apiserver/pkg/audit/policy/reader.go`). What it refuses stands in
//! `k8s.io/apiserver/pkg/apis/audit/validation`.

use seaworthy_document::{Kind, Value};
use seaworthy_evidence::Place;

use super::policy::{Level, Policy, Rule, within};
use crate::control::Severity;
use crate::verdict::Fault;

const STAGES: [&str; 4] = ["RequestReceived", "ResponseStarted", "ResponseComplete", "Panic"];
const POLICY_FIELDS: &[&str] =
    &["apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"];
const RULE_FIELDS: &[&str] = &[
    "level",
    "users",
    "userGroups",
    "verbs",
    "resources",
    "namespaces",
    "nonResourceURLs",
    "omitStages",
    "omitManagedFields",
];
const GROUP_FIELDS: &[&str] = &["group", "resources", "resourceNames"];

/// Verbs of requests for resources; `verbs` knows no wildcard.
const VERBS: &[&str] = &["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];

/// Methods of requests for other URLs, which are their verbs.
const METHODS: &[&str] = &["get", "head", "post", "put", "patch", "delete", "options", "trace", "connect"];

/// Resources that people look for in the wrong group, each with its own.
const GROUPS: &[(&str, &str)] = &[
    ("certificatesigningrequests", "certificates.k8s.io"),
    ("clusterrolebindings", "rbac.authorization.k8s.io"),
    ("clusterroles", "rbac.authorization.k8s.io"),
    ("configmaps", ""),
    ("cronjobs", "batch"),
    ("daemonsets", "apps"),
    ("deployments", "apps"),
    ("jobs", "batch"),
    ("mutatingwebhookconfigurations", "admissionregistration.k8s.io"),
    ("namespaces", ""),
    ("networkpolicies", "networking.k8s.io"),
    ("nodes", ""),
    ("pods", ""),
    ("pods/exec", ""),
    ("replicasets", "apps"),
    ("rolebindings", "rbac.authorization.k8s.io"),
    ("roles", "rbac.authorization.k8s.io"),
    ("secrets", ""),
    ("serviceaccounts", ""),
    ("statefulsets", "apps"),
    ("tokenreviews", "authentication.k8s.io"),
    ("validatingwebhookconfigurations", "admissionregistration.k8s.io"),
];

/// Groups in which some of them also exist, or once did.
const OTHER_GROUPS: &[&str] = &["*", "extensions", "metrics.k8s.io"];

/// Rules of which each is compared with each; policies of people have fewer than fifty.
const MANY: usize = 256;

/// What is wrong with a policy.
#[derive(Default)]
pub(super) struct Lint<'a> {
    pub(super) faults: Vec<Fault<'a>>,
    /// The server does not take the policy, so that what its rules mean is of no interest.
    pub(super) refused: bool,
}

impl<'a> Lint<'a> {
    fn refuse(&mut self, place: Place<'a>, what: &str) {
        self.refused = true;
        self.faults.push(Fault::new(place, format!("{what}: the server refuses the policy")));
    }

    fn warn(&mut self, place: Place<'a>, severity: Severity, message: String) {
        self.faults.push(Fault::new(place, message).graded(severity));
    }
}

/// Everything that is wrong with a policy; `minor` is the version of the server.
pub(super) fn lint<'a>(policy: &Policy<'a>, api_version: &str, minor: u32) -> Lint<'a> {
    let mut found = Lint::default();
    let file = policy.value;
    if api_version != "audit.k8s.io/v1" && minor >= 24 {
        let place = file.get("apiVersion").map_or(Place::at(file), Place::at);
        found.refuse(place, &format!("`{api_version}` is gone since v1.24"));
    }
    unknown_fields(file, POLICY_FIELDS, &mut found);
    stages(file, &mut found);
    match file.get("rules") {
        None => found.refuse(Place::missing(file, "rules"), "the policy has no `rules`"),
        Some(rules) if policy.rules.is_empty() => {
            found.refuse(Place::at(rules), "the policy has no rules");
        }
        Some(_) => {}
    }
    for rule in &policy.rules {
        judge(rule, minor, &mut found);
    }
    if !found.refused {
        unreachable(policy, &mut found);
    }
    found
}

fn unknown_fields<'a>(value: Value<'a>, known: &[&str], found: &mut Lint<'a>) {
    for (key, value) in value.entries().filter(|(key, _)| !known.contains(&key.text())) {
        let message = format!("`{}` is no field of audit policies: the server ignores it", key.text());
        found.warn(Place::at(value), Severity::Medium, message);
    }
}

fn stages<'a>(value: Value<'a>, found: &mut Lint<'a>) {
    for stage in value.get("omitStages").into_iter().flat_map(|stages| stages.items()) {
        if !STAGES.contains(&stage.text()) {
            found.refuse(Place::at(stage), &format!("`{}` is no stage", stage.text()));
        }
    }
}

fn judge<'a>(rule: &Rule<'a>, minor: u32, found: &mut Lint<'a>) {
    let value = rule.value;
    unknown_fields(value, RULE_FIELDS, found);
    stages(value, found);
    match value.get("level") {
        None => found.refuse(Place::missing(value, "level"), "a rule has no `level`"),
        Some(level) if Level::named(level.text()).is_none() => {
            found.refuse(Place::at(level), &format!("`{}` is no level", level.text()));
        }
        Some(_) => {}
    }
    for key in ["users", "userGroups", "verbs", "namespaces", "nonResourceURLs", "resources"] {
        let Some(list) = value.get(key) else { continue };
        if list.kind() != Kind::Sequence {
            found.refuse(Place::at(list), &format!("`{key}` is no list"));
        }
        // Only URLs have wildcards.
        if matches!(key, "users" | "userGroups" | "verbs" | "namespaces")
            && let Some(star) = list.items().find(|item| item.text() == "*")
        {
            let message =
                format!("`{key}` knows no wildcard: `*` matches nothing; leave the field out to match all");
            found.warn(Place::at(star), Severity::Medium, message);
        }
    }
    if !rule.urls.is_empty() && (!rule.resources.is_empty() || !rule.namespaces.is_empty()) {
        let urls = value.get("nonResourceURLs").unwrap_or(value);
        found.refuse(Place::at(urls), "a rule has both URLs and resources or namespaces");
    }
    for url in value.get("nonResourceURLs").into_iter().flat_map(|urls| urls.items()) {
        let text = url.text();
        if text != "*" && (!text.starts_with('/') || text.find('*').is_some_and(|at| at + 1 < text.len())) {
            found.refuse(Place::at(url), &format!("`{text}` is no path, or has a star before its end"));
        }
    }
    let verbs = if rule.urls.is_empty() { VERBS } else { METHODS };
    let is_for_all = rule.urls.is_empty() && rule.resources.is_empty() && rule.namespaces.is_empty();
    for verb in value.get("verbs").into_iter().flat_map(|verbs| verbs.items()) {
        let text = verb.text();
        if text != "*" && !verbs.contains(&text) && !(is_for_all && METHODS.contains(&text)) {
            let message = format!("no request has the verb `{text}`");
            found.warn(Place::at(verb), Severity::Low, message);
        }
    }
    for entry in value.get("resources").into_iter().flat_map(|list| list.items()) {
        judge_group(entry, minor, found);
    }
}

fn judge_group<'a>(entry: Value<'a>, minor: u32, found: &mut Lint<'a>) {
    unknown_fields(entry, GROUP_FIELDS, found);
    let group = entry.get("group");
    let name = group.map_or("", |group| group.text());
    let place = group.map_or(Place::at(entry), Place::at);
    if name == "*" && minor < 36 {
        found.refuse(place, "the group `*` exists from v1.36 on");
    } else if name.bytes().any(|byte| !matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-' | b'*')) {
        found.refuse(place, &format!("`{name}` is no group: it has no version and no capital letters"));
        return;
    }
    let resources = entry.get("resources");
    if entry.get("resourceNames").is_some() && resources.is_none() {
        found.refuse(Place::at(entry), "`resourceNames` without `resources`");
    }
    for resource in resources.into_iter().flat_map(|list| list.items()) {
        let text = resource.text();
        let Some((_, right)) = GROUPS.iter().find(|(known, _)| *known == text) else { continue };
        if *right != name && !OTHER_GROUPS.contains(&name) {
            let right = if right.is_empty() { "the core group, `\"\"`" } else { right };
            let message = format!(
                "there is no `{text}` in the group `{name}`, so that this never matches: it is in {right}"
            );
            found.warn(Place::at(resource), Severity::Medium, message);
        }
    }
}

/// Rules that an earlier one hides altogether.
fn unreachable<'a>(policy: &Policy<'a>, found: &mut Lint<'a>) {
    let mut catches_all: Option<usize> = None;
    for (index, rule) in policy.rules.iter().enumerate() {
        let hidden = catches_all.is_some()
            || policy.rules.iter().take(index.min(MANY)).any(|earlier| index < MANY && hides(earlier, rule));
        if hidden {
            let message = "an earlier rule matches everything that this one does, so that it never decides";
            found.warn(Place::at(rule.value), Severity::Low, message.to_owned());
        } else if is_open(rule) && rule.resources.is_empty() && rule.urls.is_empty() {
            catches_all = Some(index);
        }
    }
}

fn is_open(rule: &Rule<'_>) -> bool {
    rule.users.is_empty() && rule.groups.is_empty() && rule.verbs.is_empty() && rule.namespaces.is_empty()
}

/// Whether everything that `later` matches is matched by `earlier`, as far as the lists tell it.
fn hides(earlier: &Rule<'_>, later: &Rule<'_>) -> bool {
    let lists = within(&later.users, &earlier.users)
        && within(&later.groups, &earlier.groups)
        && within(&later.verbs, &earlier.verbs)
        && within(&later.namespaces, &earlier.namespaces)
        && within(&later.urls, &earlier.urls);
    // A rule for resources matches no URL, and the other way round.
    let same_side = earlier.resources.is_empty() && (earlier.namespaces.is_empty() || later.urls.is_empty());
    lists
        && (same_side
            || !later.resources.is_empty() && later.resources.len() <= MANY && covers_all(earlier, later))
}

fn covers_all(earlier: &Rule<'_>, later: &Rule<'_>) -> bool {
    later.resources.iter().all(|inner| {
        earlier.resources.iter().take(MANY).any(|outer| {
            let group = outer.group == inner.group || outer.group == "*";
            let all = outer.resources.is_empty() || outer.resources.contains(&"*");
            group && (all || within(&inner.resources, &outer.resources)) && outer.names.is_empty()
        })
    })
}
