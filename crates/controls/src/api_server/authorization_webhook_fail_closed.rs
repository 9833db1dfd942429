//! `api-server/authorization-webhook-fail-closed`; prose and cases in `authorization_webhook_fail_closed.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Found, Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, is_placeholder};
use crate::kubeconfig;
use crate::probe::{Ground, Probe, Right, counters};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "api-server/authorization-webhook-fail-closed",
    title: "Authorization webhooks deny when they cannot answer",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("authorization_webhook_fail_closed.md"),
    mappings: Mappings { nsa: &["authz"], attack: &["T1562"], ..Mappings::NONE },
    check: Check::Several(&[
        Check::Component { programs: &[Program::ApiServer], check: check_flags },
        Check::Object {
            kinds: &[("apiserver.config.k8s.io", "AuthorizationConfiguration")],
            check: check_file,
        },
    ]),
    guard: None,
    probes: &[FAIL_OPEN],
};

const FAIL_OPEN: Probe = Probe {
    name: "fail-open",
    asks: "The caller reads how often an authorization webhook did not answer and was passed over",
    proved_by: "nothing: a webhook that has not failed yet may still fail open",
    refuted_by: "a count above zero",
    not_fooled_by: "a server without webhooks: it counts nothing, and nothing is concluded",
    positive_control: "the caller GETs `/metrics` and is answered with those of an API server",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/metrics")],
    plan: plan_fail_open,
};

fn plan_fail_open(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = vec![Step::control("metrics", counters::request(ground, "before"), expect::ok)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        match counters::sum(answers, "metrics", "apiserver_authorization_webhook_evaluations_fail_open_total")
        {
            Some(count) if count > 0.0 => Outcome::refuted(
                "metrics",
                format!("since the server started, {count} requests went past a webhook that did not answer"),
            ),
            Some(_) => Outcome::inconclusive(
                "metrics",
                "no authorization webhook has failed since the server started",
            )
            .needs("the file of `--authorization-config`: what a webhook that fails means stands there"),
            None => answers.inconclusive("metrics"),
        }
    })]
}

fn check_flags<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    if let Some(webhook) =
        flags.items("--authorization-mode").unwrap_or_default().iter().find(|mode| mode.text == "Webhook")
    {
        flags.fault(
            Fault::new(
                webhook.place,
                "`Webhook` by flag has no opinion when it does not answer, so that what it would deny is passed on to \
                 the authorizers behind it; only `--authorization-config` can make it deny",
            )
            .graded(Severity::Medium),
        );
        if let Configuration::Found(file) =
            flags.configuration("--authorization-webhook-config-file", "Config")
        {
            for fault in kubeconfig::transport_faults(file) {
                flags.fault(fault);
            }
        }
        return flags.verdict();
    }
    // Without a webhook there is nothing to judge; that of a file is judged where it stands.
    Verdict::NotApplicable
}

fn check_file<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let authorizers = scope.object.value.get("authorizers").into_iter().flat_map(|list| list.items());
    let webhooks: Vec<Value<'a>> = authorizers
        .filter(|authorizer| authorizer.get("type").is_some_and(|kind| kind.text() == "Webhook"))
        .collect();
    if webhooks.is_empty() {
        return Verdict::NotApplicable;
    }
    let mut faults = Vec::new();
    let mut open = None;
    for authorizer in webhooks {
        let webhook = authorizer.get("webhook").unwrap_or(authorizer);
        match webhook.get("failurePolicy") {
            None => faults.push(Fault::new(
                Place::missing(webhook, "failurePolicy"),
                "`failurePolicy` is not set, which the server refuses",
            )),
            Some(policy) if policy.text() == "Deny" => {}
            Some(policy) if is_placeholder(policy.text()) => {
                open = Some("`failurePolicy` is a placeholder");
            }
            Some(policy) => faults.push(Fault::new(
                Place::at(policy),
                format!(
                    "`failurePolicy: {}`: when the webhook does not answer, what it would deny is passed on to the \
                     authorizers behind it",
                    policy.text()
                ),
            )),
        }
        let Some(path) = webhook.at(&["connectionInfo", "kubeConfigFile"]) else { continue };
        match scope.around.evidence.in_file_called("Config", path.text(), scope.object) {
            Found::One(file) => faults.extend(kubeconfig::transport_faults(file)),
            Found::None | Found::Several => {
                open = Some("the kubeconfig of the webhook is not among the files");
            }
        }
    }
    match open {
        Some(reason) if faults.is_empty() => {
            Verdict::unknown(reason, "the files of the control plane, scanned together")
        }
        _ => Verdict::of(faults),
    }
}
