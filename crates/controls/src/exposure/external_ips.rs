//! `exposure/external-ips`; prose and cases in `external_ips.md`.

use seaworthy_evidence::{Place, Program, Setting};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};
use serde_json::json;

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::is_placeholder;
use crate::probe::admission::{self, Said, said_of};
use crate::probe::{Ground, Probe, Right};
use crate::scope::{ComponentScope, ObjectScope};
use crate::verdict::{Fault, Verdict};

const PLUGIN: &str = "DenyServiceExternalIPs";

pub(super) static CONTROL: Control = Control {
    id: "exposure/external-ips",
    title: "Services set no external IPs",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::EXPOSURE,
    page: include_str!("external_ips.md"),
    mappings: Mappings {
        cis: &["1.2.3"],
        nsa: &["netpol"],
        attack: &["MS-TA9036", "T1557"],
        kubescape: &["C-0115", "C-0283"],
        trivy: &["KSV-0108", "KCV-0003"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: &[("", "Service")], check: service },
        Check::Component { programs: &[Program::ApiServer], check: api_server },
    ]),
    guard: None,
    probes: &[TRIED],
};

const TRIED: Probe = Probe {
    name: "dry-run",
    asks: "The caller dry-runs in each namespace of people a Service with an external IP of a range for documentation",
    proved_by: "403 `Use of external IPs is denied`, or a refusal by a policy or webhook",
    refuted_by: "201 with the address",
    not_fooled_by: "a quota of Services, told by its words",
    positive_control: "the same Service without the address is let in by the same caller in the same namespace, or stopped by \
                       nothing but a quota",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "services", verbs: &["create"] }],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    admission::each_namespace(ground, false, |namespace| {
        let mut service = json!({
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"generateName": "seaworthy-probe-"},
            "spec": {"ports": [{"port": 80}]},
        });
        let twin = admission::dry_run(namespace, "/api/v1", "services", &service);
        service["spec"]["externalIPs"] = json!(["198.51.100.7"]);
        let steps = vec![
            Step::control("compliant", twin, admission::admitted),
            Step::ask("external", admission::dry_run(namespace, "/api/v1", "services", &service)),
        ];
        Attempt::new(admission::namespace_subject(namespace), steps, |answers| {
            match said_of(answers, "external") {
                Said::Admitted(service) if service.pointer("/spec/externalIPs/0").is_some() => {
                    Outcome::refuted("external", "a Service takes an address that is not its own")
                }
                Said::Policy(who) => {
                    Outcome::proved("external", format!("{who} refuses a Service with an external IP"))
                }
                _ if answers.status("external") == Some(403)
                    && answers
                        .message("external")
                        .contains("Use of external IPs is denied by admission control") =>
                {
                    Outcome::proved("external", "the API server refuses a Service with an external IP")
                }
                _ => answers.inconclusive("external"),
            }
        })
    })
}

fn service<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let Some(addresses) = scope.object.value.at(&["spec", "externalIPs"]) else { return Verdict::Pass };
    if !addresses.is_sequence() {
        return match is_placeholder(addresses.text()) {
            true => Verdict::unknown("`externalIPs` is filled in later", "the manifest as it is applied"),
            false => Verdict::unknown("`externalIPs` is no list", "the manifest corrected"),
        };
    }
    let list: Vec<&str> = addresses.items().take(3).map(|address| address.text()).collect();
    if list.is_empty() {
        return Verdict::Pass;
    }
    let message = format!(
        "`externalIPs: [{}]`: nodes send traffic for these addresses here, whoever owns them",
        list.join(", ")
    );
    Verdict::fail(Fault::new(Place::at(addresses), message))
}

/// The plugin is off unless it is named (Kubernetes `pkg/kubeapiserver/options/plugins.go`).
fn api_server<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let name = "--enable-admission-plugins";
    let fault = |place| {
        let message =
            format!("`{PLUGIN}` is not among the admission plugins: any Service may take any address");
        Verdict::fail(Fault::new(place, message).graded(Severity::Medium))
    };
    match scope.component.flag("enable-admission-plugins") {
        Setting::Stated(stated) if stated.items().contains(&PLUGIN) => Verdict::Pass,
        Setting::Stated(stated) if stated.is_placeholder() => Verdict::unknown(
            "the list of admission plugins is filled in later",
            "the flags as the server is started",
        ),
        Setting::Stated(stated) => fault(Place::at(stated.at)),
        Setting::Default | Setting::Installed(_) => fault(scope.missing(name)),
        Setting::Unknown => Verdict::unknown(
            "the files do not hold the flags of the API server",
            "the command line of kube-apiserver",
        ),
    }
}
