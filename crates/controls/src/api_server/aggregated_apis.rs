//! `api-server/aggregated-apis`; prose and cases in `aggregated_apis.md`.

use seaworthy_document::Value;
use seaworthy_evidence::Place;
use seaworthy_probe::{
    Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, encode, expect,
};

use crate::admission::{Authority, authority};
use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right};
use crate::scope::ObjectScope;
use crate::secrets::credentials::is_placeholder;
use crate::verdict::{Fault, Verdict};

const NEEDS: &str = "the object in the cluster, where its controller has written the authority";

pub(super) static CONTROL: Control = Control {
    id: "api-server/aggregated-apis",
    title: "Aggregated APIs and CRD conversion webhooks use verified TLS",
    phase: Phase::NextStep,
    step: 3,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::ADMISSION,
    page: include_str!("aggregated_apis.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["T1557", "T1556"],
        kubescape: &["C-0066", "C-0089"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("apiregistration.k8s.io", "APIService")], check: judge_service },
        Check::Object {
            kinds: &[("apiextensions.k8s.io", "CustomResourceDefinition")],
            check: judge_definition,
        },
    ]),
    guard: None,
    probes: &[BACKEND],
};

const BACKEND: Probe = Probe {
    name: "backend",
    asks: "The caller GETs each APIService with a backend, and then the group that it serves",
    proved_by: "nothing: that a backend with another certificate is refused cannot be tried without one",
    refuted_by: "an answer of the backend although `insecureSkipTLSVerify` is true",
    not_fooled_by: "a backend that is down: it concludes nothing",
    positive_control: "the caller GETs the APIService and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[
        Right { group: "apiregistration.k8s.io", resource: "apiservices", verbs: &["get"] },
        Right::path("/apis/*"),
    ],
    plan: plan_backend,
};

/// Most aggregated APIs that are asked.
const MOST: usize = 50;

fn plan_backend(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let services = ground.evidence.of_kind("APIService").filter(|object| {
        object.is("apiregistration.k8s.io", "APIService") && object.value.at(&["spec", "service"]).is_some()
    });
    let attempts = services.take(MOST).map(|service| {
        let text = |key| service.value.at(&["spec", key]).map_or("", |value| value.text());
        let path = format!("/apis/apiregistration.k8s.io/v1/apiservices/{}", encode(service.name));
        let group = format!("/apis/{}/{}", encode(text("group")), encode(text("version")));
        let steps = vec![
            Step::control("service", Request::get(path).by(Identity::Caller), expect::ok),
            Step::ask("group", Request::get(group).by(Identity::Caller)),
        ];
        Attempt::new(Subject::new("APIService", None, service.name), steps, |answers| {
            let service = answers.get("service").and_then(|answer| answer.json());
            let skips = service.is_some_and(|service| service["spec"]["insecureSkipTLSVerify"] == true);
            match (answers.status("group"), skips) {
                (Some(200), true) => Outcome::refuted(
                    "group",
                    "the group is served, by whoever answers in place of the backend: its certificate is not looked at",
                ),
                (Some(200), false) => Outcome::inconclusive(
                    "group",
                    "the group is served; that another backend would be refused was not tried",
                )
                .needs("a backend with a certificate of another authority"),
                _ => answers.inconclusive("group"),
            }
        })
    });
    attempts.collect()
}

fn judge_service<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(spec) = scope.object.value.get("spec") else { return Verdict::NotApplicable };
    let skips = spec.get("insecureSkipTLSVerify").filter(|value| value.as_bool() == Some(true));
    if let Some(value) = skips {
        return Verdict::fail(Fault::new(
            Place::at(value),
            "`insecureSkipTLSVerify: true`: whoever answers in place of the backend sees the requests of users and says what it likes",
        ));
    }
    let open = spec.get("insecureSkipTLSVerify").is_some_and(|value| is_placeholder(value.text()));
    if open {
        return Verdict::unknown("`insecureSkipTLSVerify` is filled in later", "the rendered object");
    }
    // Without a service the API server itself serves the group.
    if spec.get("service").is_none() {
        return Verdict::NotApplicable;
    }
    judge_client(scope, spec, "the aggregated API")
}

fn judge_definition<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(conversion) = scope.object.value.at(&["spec", "conversion"]) else {
        return Verdict::NotApplicable;
    };
    if conversion.get("strategy").is_none_or(|strategy| strategy.text() != "Webhook") {
        return Verdict::NotApplicable;
    }
    // In v1beta1 the field stands beside the strategy.
    let client =
        conversion.at(&["webhook", "clientConfig"]).or_else(|| conversion.get("webhookClientConfig"));
    match client {
        Some(client) => judge_client(scope, client, "the conversion webhook"),
        None => Verdict::unknown("the conversion webhook names no backend", NEEDS),
    }
}

fn judge_client<'a>(scope: &ObjectScope<'_, 'a>, client: Value<'a>, what: &str) -> Verdict<'a> {
    if let Some(url) = client.get("url").filter(|url| url.text().starts_with("http:")) {
        let message = format!("{what} is called without TLS: `url` is not of the scheme `https`");
        return Verdict::fail(Fault::new(Place::at(url), message));
    }
    match authority(scope.object, &client) {
        Authority::Stated | Authority::Injected => Verdict::Pass,
        Authority::Broken(bundle) => Verdict::fail(
            Fault::new(
                Place::at(bundle),
                format!("`caBundle` holds no certificate: the backend of {what} cannot be verified"),
            )
            .graded(Severity::Medium),
        ),
        Authority::Missing if client.get("url").is_some() => Verdict::Pass,
        // In a cluster nothing puts it in any more.
        Authority::Missing if scope.around.is_live() => {
            let message = format!("`caBundle` is not set: the backend of {what} cannot be verified");
            Verdict::fail(Fault::new(Place::missing(client, "caBundle"), message).graded(Severity::Medium))
        }
        Authority::Missing => {
            Verdict::unknown("`caBundle` is not set, and the files do not show what puts it in", NEEDS)
        }
    }
}
