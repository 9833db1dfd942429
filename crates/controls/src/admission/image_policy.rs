//! `admission/image-policy`; prose and cases in `image_policy.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Place, Program};
use seaworthy_probe::Attempt;

use super::configuration::plugin_of;
use super::plugins::Plugins;
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags};
use crate::kubeconfig;
use crate::probe::{Ground, Probe, admission, images};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "admission/image-policy",
    title: "An image policy decides at deployment and fails closed",
    phase: Phase::NextStep,
    step: 7,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::ADMISSION,
    page: include_str!("image_policy.md"),
    mappings: Mappings {
        cis: &["5.5.1"],
        nsa: &["images"],
        attack: &["MS-TA9002", "T1525"],
        kubescape: &["C-0289"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object { kinds: &[("apiserver.config.k8s.io", "AdmissionConfiguration")], check: check_file },
        Check::Object {
            kinds: &[("admissionregistration.k8s.io", "ValidatingWebhookConfiguration")],
            check: check_webhooks,
        },
    ]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    not_fooled_by: "Pod Security, quotas and API validation, which know no images: their words are others. Whether it fails closed, a backend that answers does not show",
    ..images::probe(
        "The caller dry-runs in each namespace of people a pod with an image of a registry that does not exist",
        "a refusal by ImagePolicyWebhook, a policy or a webhook",
        plan,
    )
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, true, |namespace| {
        images::attempt(ground, namespace, images::Tried::Unknown, "an image of an unknown registry")
    })
}

const PLUGIN: &str = "ImagePolicyWebhook";

/// Parts of the names of webhooks that judge images before anything else.
const IMAGE_WEBHOOKS: &[&str] =
    &["connaisseur", "cosigned", "image-policy", "policy.sigstore.dev", "portieris"];

/// Webhook configurations, and webhooks of each, that are looked through for one that judges images: a search for each
/// API server must not cost more the more of them lie about.
const MANY: usize = 16;

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let Some(plugins) = Plugins::of(scope, &mut flags) else { return flags.verdict() };
    let Some(place) = plugins.enabled(PLUGIN) else {
        let mut others = scope.around.evidence.of_kind("ValidatingWebhookConfiguration").take(MANY);
        if others.any(|object| image_webhooks(object.value, MANY).next().is_some()) {
            // Judged where it stands.
            return Verdict::NotApplicable;
        }
        return Verdict::unknown(
            format!(
                "the API server asks no image policy by itself, and no webhook {} is known to judge images",
                scope.around.among()
            ),
            "the webhooks and policies of the cluster",
        );
    };
    match flags.configuration("--admission-control-config-file", "AdmissionConfiguration") {
        // Judged where it stands.
        Configuration::Found(file) if plugin_of(file.value, PLUGIN).is_some() => {
            return Verdict::NotApplicable;
        }
        Configuration::Found(_) => {
            let message =
                format!("`{PLUGIN}` is enabled, but the admission configuration does not configure it");
            flags.fault(Fault::new(place, message));
        }
        Configuration::None => {
            let message = format!("`{PLUGIN}` is enabled without `--admission-control-config-file`");
            flags.fault(Fault::new(place, message));
        }
        Configuration::Open => {}
    }
    flags.verdict()
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(plugin) = plugin_of(scope.object.value, PLUGIN) else { return Verdict::NotApplicable };
    let Some(policy) = plugin.at(&["configuration", "imagePolicy"]) else {
        return Verdict::unknown(
            "the configuration of the image policy stands in a file that is no Kubernetes object",
            "the field `configuration` in place of `path`",
        );
    };
    let mut faults = Vec::new();
    match policy.get("defaultAllow") {
        None => {}
        Some(value) => match value.as_bool() {
            Some(false) => {}
            Some(true) => faults.push(Fault::new(
                Place::at(value),
                "`defaultAllow: true`: when the backend does not answer, every image is let in",
            )),
            None => return Verdict::unknown("`defaultAllow` is neither true nor false", "`true` or `false`"),
        },
    }
    let path = policy.get("kubeConfigFile").map_or("", |path| path.text());
    match scope.around.evidence.in_file_called("Config", path, scope.object) {
        Found::One(file) => faults.extend(kubeconfig::transport_faults(file)),
        Found::None | Found::Several if faults.is_empty() => {
            return Verdict::unknown(
                "the kubeconfig of the backend is not among the files",
                "the files of the control plane, scanned together",
            );
        }
        Found::None | Found::Several => {}
    }
    Verdict::of(faults)
}

/// The webhooks that judge images, among the first ones.
fn image_webhooks<'a>(configuration: Value<'a>, first: usize) -> impl Iterator<Item = Value<'a>> {
    let webhooks = configuration.get("webhooks").into_iter().flat_map(|webhooks| webhooks.items());
    webhooks.take(first).filter(|webhook| {
        let names = [webhook.get("name"), webhook.at(&["clientConfig", "service", "name"])];
        names.iter().flatten().any(|name| IMAGE_WEBHOOKS.iter().any(|part| name.text().contains(part)))
    })
}

fn check_webhooks<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let mut faults = Vec::new();
    let (mut any, mut open) = (false, false);
    for webhook in image_webhooks(scope.object.value, usize::MAX) {
        any = true;
        if let Some(policy) = webhook.get("failurePolicy").filter(|policy| policy.text() == "Ignore") {
            let message = "`failurePolicy: Ignore`: when the webhook does not answer, every image is let in";
            faults.push(Fault::new(Place::at(policy), message));
        }
        let Some(rules) = webhook.get("rules") else {
            // Some engines write their rules when they start.
            open = true;
            continue;
        };
        if covers(rules, "pods") && !covers(rules, "pods/ephemeralcontainers") {
            let message =
                "the rules leave out `pods/ephemeralcontainers`: a debug container brings any image";
            faults.push(Fault::new(Place::at(rules), message).graded(Severity::Medium));
        }
    }
    match (any, open) {
        (false, _) => Verdict::NotApplicable,
        (true, true) if faults.is_empty() => Verdict::unknown(
            "the webhook that judges images has no rules in the file",
            "the webhook configuration of the running cluster",
        ),
        _ => Verdict::of(faults),
    }
}

/// Whether rules of a webhook match a resource of the core group.
fn covers(rules: Value<'_>, resource: &str) -> bool {
    rules.items().any(|rule| {
        let has = |key: &str, wanted: &[&str]| {
            let mut items = rule.get(key).into_iter().flat_map(|list| list.items());
            items.any(|item| wanted.contains(&item.text()))
        };
        let all = if resource.contains('/') { "*/*" } else { "*" };
        has("apiGroups", &["", "*"])
            && (has("resources", &[resource, all, "*/*"])
                || has("resources", &["pods/*"]) && resource.contains('/'))
    })
}
