//! `admission/webhook-safety`; prose and cases in `webhook_safety.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};
use seaworthy_probe::{Attempt, Consent, SideEffect};

use super::authorities::{Authority, authority};
use super::selectors;
use super::tried;
use super::webhooks::{self, Webhook};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right, pod_security};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

const GROUP: &str = "admissionregistration.k8s.io";

/// Seconds that a request may wait for a webhook, the default of v1.
const PATIENCE: i64 = 10;

pub(super) static CONTROL: Control = Control {
    id: "admission/webhook-safety",
    title: "Webhooks fail closed where they guard, and cannot lock the cluster out",
    phase: Phase::NextStep,
    step: 6,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ADMISSION,
    page: include_str!("webhook_safety.md"),
    mappings: Mappings {
        cis: &["5.1.12"],
        nsa: &["psa"],
        attack: &["MS-TA9015", "T1546", "T1562"],
        kubescape: &["C-0036", "C-0039", "C-0091"],
        trivy: &["KSV-0124"],
        ..Mappings::NONE
    },
    check: Check::Object {
        kinds: &[(GROUP, "MutatingWebhookConfiguration"), (GROUP, "ValidatingWebhookConfiguration")],
        check,
    },
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller reads each webhook configuration and the endpoints of its backends, and dry-runs pods, a Deployment, a Service \
           and a Namespace of which most webhooks refuse something",
    proved_by: "a refusal that names the webhook, whose `failurePolicy` is not `Ignore`",
    refuted_by: "a backend without a ready endpoint, a call that fails, or a refusal by a webhook that `failurePolicy: Ignore` passes \
                 over while it is away",
    not_fooled_by: "refusals by Pod Security, policies and other webhooks, which bear other names. A webhook that refuses dry runs \
                    says something of itself and nothing of its policy; one that refuses none of these objects proves nothing",
    positive_control: "the caller reads the configuration",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: GROUP, resource: "validatingwebhookconfigurations", verbs: &["get"] },
        Right { group: GROUP, resource: "mutatingwebhookconfigurations", verbs: &["get"] },
        Right { group: "discovery.k8s.io", resource: "endpointslices", verbs: &["list"] },
        pod_security::PODS,
        Right { group: "apps", resource: "deployments", verbs: &["create"] },
        Right { group: "", resource: "services", verbs: &["create"] },
        Right { group: "", resource: "namespaces", verbs: &["create"] },
    ],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    tried::webhooks(ground)
}

fn check<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let configuration = scope.object;
    let mut faults = Vec::new();
    let (mut seen, mut without_authority, mut partial) = (false, false, false);
    // Whether any webhook of the configuration is asked about ephemeral containers: tools split kinds among entries.
    let ephemeral = webhooks::of(configuration).any(|webhook| webhook.covers_ephemeral_containers());
    for webhook in webhooks::of(configuration) {
        seen = true;
        faults.extend(stated_faults(&webhook));
        if !webhook.is_whole() || webhook.is_open() {
            partial = true;
            continue;
        }
        faults.extend(open_when_down(&webhook));
        faults.extend(locks_out(&webhook));
        if webhook.is_guard() && !ephemeral {
            faults.extend(misses_ephemeral_containers(&webhook));
        }
        match backend(configuration, &webhook) {
            Backend::Sure => {}
            Backend::Unsure if written_by_job(scope, &webhook) => {}
            // In a cluster nothing puts it in any more, and the authorities of the host do not vouch for a Service.
            Backend::Unsure if scope.around.is_live() => {
                let message = format!(
                    "`{}`: `caBundle` is not set: its backend cannot be verified, every call fails",
                    webhook.name()
                );
                let client = webhook.value.get("clientConfig").unwrap_or(webhook.value);
                faults.push(Fault::new(Place::missing(client, "caBundle"), message).graded(Severity::Medium));
            }
            Backend::Unsure => without_authority = true,
            Backend::Wrong(fault) => faults.push(fault),
        }
    }
    match seen {
        false => Verdict::NotApplicable,
        true if !faults.is_empty() => Verdict::Fail(faults),
        true if partial => Verdict::unknown(
            "the files hold only a part of these webhooks: the rest is filled in later or comes from a base",
            "the rendered configuration",
        ),
        true if without_authority => Verdict::unknown(
            "`caBundle` is not set, and the files do not show what puts it in",
            "the configuration in the cluster, where its controller has written the authority",
        ),
        true => Verdict::Pass,
    }
}

/// Faults of single fields, which also patches state.
fn stated_faults<'a>(webhook: &Webhook<'a>) -> Vec<Fault<'a>> {
    let mut faults = Vec::new();
    let name = webhook.name();
    if webhook.is_whole() || webhook.value.get("timeoutSeconds").is_some() {
        let seconds = webhook.timeout();
        if seconds > PATIENCE {
            let place = place(webhook, "timeoutSeconds");
            let message = format!("`{name}`: requests wait up to {seconds} s for it when it does not answer");
            faults.push(Fault::new(place, message).graded(Severity::Low));
        }
    }
    if let Some(effects) = webhook.value.get("sideEffects")
        && matches!(effects.text(), "Some" | "Unknown")
    {
        let message = format!(
            "`{name}`: `sideEffects: {}`: every dry run that it is asked about is refused",
            effects.text()
        );
        faults.push(Fault::new(Place::at(effects), message).graded(Severity::Low));
    }
    if webhook.is_guard() {
        if let Some(policy) = webhook.value.get("matchPolicy").filter(|policy| policy.text() == "Exact") {
            let message = format!(
                "`{name}`: `matchPolicy: Exact`: a request in another version of the API passes it by"
            );
            faults.push(Fault::new(Place::at(policy), message).graded(Severity::Medium));
        }
        if let Some(selector) = webhook.value.get("objectSelector").filter(selectors::can_be_evaded) {
            let message = format!("`{name}`: whoever sets labels on an object can keep it from being judged");
            faults.push(Fault::new(Place::at(selector), message).graded(Severity::Medium));
        }
    }
    faults
}

/// A guard that lets everything through while its backend is down.
fn open_when_down<'a>(webhook: &Webhook<'a>) -> Option<Fault<'a>> {
    if !webhook.validates() || webhook.fails_closed() || !webhook.covers_built_in_kinds() {
        return None;
    }
    let name = webhook.name();
    let place = place(webhook, "failurePolicy");
    let why = match webhook.value.get("failurePolicy") {
        Some(_) => "`failurePolicy: Ignore`",
        None => "`failurePolicy` is not set, which means `Ignore` in v1beta1",
    };
    Some(match webhook.is_guard() {
        true => Fault::new(
            place,
            format!("`{name}`: {why}: what its policies forbid is let in while it does not answer"),
        ),
        false => Fault::new(place, format!("`{name}`: {why}: nothing is refused while it does not answer"))
            .graded(Severity::Low),
    })
}

/// A webhook that fails closed for what the cluster needs to come back.
fn locks_out<'a>(webhook: &Webhook<'a>) -> Option<Fault<'a>> {
    if !webhook.fails_closed() {
        return None;
    }
    let name = webhook.name();
    let conditional = webhook.value.get("matchConditions").is_some();
    let system = webhook.surely_asked_about("kube-system");
    if let Some(rule) = webhook.rule_for_everything()
        && !conditional
        && system
    {
        let message = format!(
            "`{name}`: fails closed for every kind, `kube-system` included: while it does not answer, nodes cannot renew \
             their leases and nothing can be repaired"
        );
        return Some(Fault::new(Place::at(rule.get("resources").unwrap_or(rule)), message));
    }
    webhook.rule_for_pods()?;
    let own = webhook.backend_namespace().filter(|namespace| webhook.surely_asked_about(namespace));
    let message = match (system, own) {
        (true, Some(own)) if own != "kube-system" => format!(
            "`{name}`: fails closed for the pods of `kube-system` and of its own namespace `{own}`: while it does not \
             answer, none of them can start, its own included"
        ),
        (true, _) => format!(
            "`{name}`: fails closed for the pods of `kube-system`: while it does not answer, none of them can start"
        ),
        (false, Some(own)) => format!(
            "`{name}`: fails closed for the pods of its own namespace `{own}`: once they are all down, they cannot start again"
        ),
        (false, None) => return None,
    };
    let place = match webhook.value.get("namespaceSelector") {
        Some(selector) => Place::at(selector),
        None => Place::missing(webhook.value, "namespaceSelector"),
    };
    Some(Fault::new(place, message).graded(Severity::Medium))
}

/// A guard of pods that is not asked about containers added later.
fn misses_ephemeral_containers<'a>(webhook: &Webhook<'a>) -> Option<Fault<'a>> {
    let rule = webhook.rule_for_pods()?;
    let message = format!(
        "`{}`: asked about pods but not about `pods/ephemeralcontainers`: a container for debugging is added unjudged",
        webhook.name()
    );
    Some(Fault::new(Place::at(rule.get("resources").unwrap_or(rule)), message).graded(Severity::Medium))
}

enum Backend<'a> {
    Sure,
    Unsure,
    Wrong(Fault<'a>),
}

fn backend<'a>(configuration: &Object<'a>, webhook: &Webhook<'a>) -> Backend<'a> {
    let Some(client) = webhook.value.get("clientConfig") else { return Backend::Sure };
    let name = webhook.name();
    if let Some(url) = client.get("url").filter(|url| url.text().starts_with("http:")) {
        let message = format!("`{name}`: `url` is not of the scheme `https`: the API server refuses it");
        return Backend::Wrong(Fault::new(Place::at(url), message));
    }
    match authority(configuration, &client) {
        Authority::Stated | Authority::Injected => Backend::Sure,
        Authority::Broken(bundle) => {
            let message = format!(
                "`{name}`: `caBundle` holds no certificate: the backend cannot be verified, every call fails"
            );
            Backend::Wrong(Fault::new(Place::at(bundle), message).graded(Severity::Medium))
        }
        // Without one, the authorities of the API server's host vouch for a URL.
        Authority::Missing if client.get("url").is_some() => Backend::Sure,
        Authority::Missing => Backend::Unsure,
    }
}

/// Jobs of a namespace that are looked at: charts bring two.
const JOBS: usize = 64;

/// Whether a job beside the backend writes the authority: `kube-webhook-certgen patch --webhook-name=NAME`.
fn written_by_job(scope: &ObjectScope<'_, '_>, webhook: &Webhook<'_>) -> bool {
    let configuration = scope.object.name;
    let jobs = scope.around.evidence.in_namespace("Job", webhook.backend_namespace()).take(JOBS);
    let containers = jobs.filter_map(|job| job.value.at(&["spec", "template", "spec", "containers"]));
    containers.flat_map(|list| list.items()).any(|container| {
        let image = container.get("image").map_or("", |image| image.text());
        let words =
            || container.get("args").into_iter().flat_map(|args| args.items()).map(|word| word.text());
        let names =
            |word: &str| word.strip_prefix("--webhook-name=").is_some_and(|name| name == configuration);
        image.contains("kube-webhook-certgen") && words().any(|word| word == "patch") && words().any(names)
    })
}

fn place<'a>(webhook: &Webhook<'a>, field: &'static str) -> Place<'a> {
    let value: Option<Value<'a>> = webhook.value.get(field);
    value.map_or(Place::missing(webhook.value, field), Place::at)
}
