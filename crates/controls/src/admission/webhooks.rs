//! One webhook of a configuration: what it is asked about, and what for.

use seaworthy_document::Value;
use seaworthy_evidence::Object;

use super::selectors::{self, Matches};
use crate::secrets::credentials::is_placeholder;

/// Words in the name or service of webhooks that refuse what their policies forbid.
const GUARDS: &[&str] = &[
    "connaisseur",
    "gatekeeper",
    "image-policy",
    "imagepolicy",
    "jspolicy",
    "kubewarden",
    "kyverno",
    "openpolicyagent",
    "policy-controller",
    "policy.sigstore.dev",
    "polaris",
    "portieris",
    "pod-security",
    "podsecurity",
    "ratify",
    "seaworthy",
];

/// Built-in groups, in which a wrong object opens more than its own application.
const BUILT_IN: &[&str] =
    &["", "apps", "batch", "networking.k8s.io", "rbac.authorization.k8s.io", "admissionregistration.k8s.io"];

/// A webhook.
#[derive(Clone, Copy)]
pub(super) struct Webhook<'a> {
    /// Its entry in `webhooks`.
    pub(super) value: Value<'a>,
    /// The configuration.
    configuration: Object<'a>,
}

/// The webhooks of a configuration.
pub(super) fn of<'a>(configuration: &Object<'a>) -> impl Iterator<Item = Webhook<'a>> + use<'a> {
    let configuration = *configuration;
    let entries = configuration.value.get("webhooks").into_iter().flat_map(|list| list.items());
    entries.filter(Value::is_mapping).map(move |value| Webhook { value, configuration })
}

impl<'a> Webhook<'a> {
    /// Its name.
    pub(super) fn name(&self) -> &'a str {
        self.value.get("name").map_or("", |name| name.text())
    }

    /// Whether it can refuse but not change.
    pub(super) fn validates(&self) -> bool {
        self.configuration.kind == "ValidatingWebhookConfiguration"
    }

    /// Whether the entry is whole: patches of overlays name only what they change.
    pub(super) fn is_whole(&self) -> bool {
        self.value.get("clientConfig").is_some() && self.value.get("rules").is_some()
    }

    /// Whether what decides is filled in later.
    pub(super) fn is_open(&self) -> bool {
        self.value.get("failurePolicy").is_some_and(|policy| is_placeholder(policy.text()))
    }

    /// Whether it belongs to a known tool that refuses what policies forbid.
    pub(super) fn is_guard(&self) -> bool {
        let service = |key| self.value.at(&["clientConfig", "service", key]).map_or("", |value| value.text());
        let texts = [self.name(), self.configuration.name, service("name"), service("namespace")];
        self.validates() && texts.iter().any(|text| GUARDS.iter().any(|word| text.contains(word)))
    }

    /// Its failure policy, which is `Fail` when not stated, and `Ignore` in v1beta1.
    pub(super) fn fails_closed(&self) -> bool {
        match self.value.get("failurePolicy") {
            Some(policy) => policy.text() != "Ignore",
            None => !self.is_beta(),
        }
    }

    /// Whether the configuration is of v1beta1, whose defaults differ.
    pub(super) fn is_beta(&self) -> bool {
        self.configuration.api_version.ends_with("/v1beta1")
    }

    /// Seconds that a request waits for it at most: 10 when not stated, and 30 in v1beta1.
    pub(super) fn timeout(&self) -> i64 {
        let default = if self.is_beta() { 30 } else { 10 };
        self.value.get("timeoutSeconds").and_then(|value| value.as_i64()).unwrap_or(default)
    }

    fn rules(&self) -> impl Iterator<Item = Value<'a>> + use<'a> {
        self.value.get("rules").into_iter().flat_map(|rules| rules.items())
    }

    /// The rule that asks about every kind of every group or of the core group, when there is one.
    pub(super) fn rule_for_everything(&self) -> Option<Value<'a>> {
        self.rules().find(|rule| {
            has(rule, "resources", &["*", "*/*"]) && has(rule, "apiGroups", &["*", ""]) && changes(rule)
        })
    }

    /// The rule that asks about new pods, when there is one.
    pub(super) fn rule_for_pods(&self) -> Option<Value<'a>> {
        self.rules().find(|rule| {
            has(rule, "resources", &["*", "*/*", "pods"])
                && has(rule, "apiGroups", &["*", ""])
                && has(rule, "operations", &["*", "CREATE"])
                && !has_scope(rule, "Cluster")
        })
    }

    /// Whether it is asked about ephemeral containers.
    pub(super) fn covers_ephemeral_containers(&self) -> bool {
        self.rules().any(|rule| {
            has(&rule, "resources", &["*/*", "pods/*", "*/ephemeralcontainers", "pods/ephemeralcontainers"])
                && has(&rule, "apiGroups", &["*", ""])
                && has(&rule, "operations", &["*", "UPDATE"])
        })
    }

    /// Whether it is asked about kinds that Kubernetes itself acts on.
    pub(super) fn covers_built_in_kinds(&self) -> bool {
        self.rules().any(|rule| has(&rule, "apiGroups", &["*"]) || has(&rule, "apiGroups", BUILT_IN))
    }

    /// Whether it is surely asked about objects of a namespace. Conditions and selectors of objects may leave some out,
    /// so with one of them nothing is sure.
    pub(super) fn surely_asked_about(&self, namespace: &str) -> bool {
        let conditions = self.value.get("matchConditions").is_some_and(|list| list.items().next().is_some());
        let objects =
            self.value.get("objectSelector").is_some_and(|selector| !selectors::is_empty(&selector));
        !conditions
            && !objects
            && selectors::takes_namespace(self.value.get("namespaceSelector"), namespace) == Matches::Yes
    }

    /// The namespace of its backend, when that runs in the cluster.
    pub(super) fn backend_namespace(&self) -> Option<&'a str> {
        self.value.at(&["clientConfig", "service", "namespace"])?.as_str()
    }
}

/// Whether a list of a rule holds one of some words.
fn has(rule: &Value<'_>, list: &str, words: &[&str]) -> bool {
    rule.get(list).is_some_and(|list| list.items().any(|item| words.contains(&item.text())))
}

fn has_scope(rule: &Value<'_>, scope: &str) -> bool {
    rule.get("scope").is_some_and(|value| value.text() == scope)
}

/// Whether a rule is about more than connections.
fn changes(rule: &Value<'_>) -> bool {
    has(rule, "operations", &["*", "CREATE", "UPDATE"])
}
