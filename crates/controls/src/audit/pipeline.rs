//! `audit/pipeline`; prose and cases in `pipeline.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Configuration, Flags, Reading};
use crate::kubeconfig;
use crate::probe::{Ground, Probe, Right, counters};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/pipeline",
    title: "Audit events arrive complete at a store off the cluster",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("pipeline.md"),
    mappings: Mappings {
        cis: &["3.2.1"],
        nsa: &["logging"],
        attack: &["T1562.008", "T1070"],
        kubescape: &["C-0254"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[LOSS],
};

const LOSS: Probe = Probe {
    name: "loss",
    asks: "The caller reads how many audit events the API server has lost",
    proved_by: "nothing: whether events arrive, only the store shows",
    refuted_by: "a count above zero",
    not_fooled_by: "a server that records nothing, and so loses nothing: that proves nothing",
    positive_control: "the caller GETs `/metrics` and is answered with those of an API server",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/metrics")],
    plan: plan_loss,
};

fn plan_loss(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let steps = vec![Step::control("metrics", counters::request(ground, "before"), expect::ok)];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let lost = ["apiserver_audit_error_total", "apiserver_audit_requests_rejected_total"]
            .map(|counter| counters::sum(answers, "metrics", counter));
        let [Some(errors), Some(rejected)] = lost else { return answers.inconclusive("metrics") };
        if errors > 0.0 || rejected > 0.0 {
            let reason = format!(
                "since its start the server has lost {errors} audit events, and refused {rejected} requests that it \
                 could not record"
            );
            return Outcome::refuted("metrics", reason);
        }
        Outcome::inconclusive(
            "metrics",
            "the server has lost no event; whether they arrive, only the store shows",
        )
        .needs("a look into the store of audit events, for the name of this run")
    })]
}

/// Events that the server holds for a webhook before it drops some.
const BUFFER: i64 = 10_000;

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    let log = flags.text("--audit-log-path");
    let webhook = flags.text("--audit-webhook-config-file");
    if let (Reading::Absent(_), Reading::Absent(_)) = (&log, &webhook) {
        return Verdict::NotApplicable;
    }
    if log.given().is_some() {
        if let Some(mode) = flags.text("--audit-log-mode").given()
            && mode.text == "batch"
        {
            let message =
                "`--audit-log-mode=batch`: events are dropped when they come faster than they are written";
            flags.fault(Fault::new(mode.place, message).graded(Severity::Low));
        }
        truncation(&mut flags, "--audit-log-truncate-enabled");
    }
    if webhook.given().is_some() {
        if let Some((buffer, place)) = flags.number("--audit-webhook-batch-buffer-size", BUFFER)
            && buffer < BUFFER
        {
            let message = format!(
                "`--audit-webhook-batch-buffer-size={buffer}`: fewer than {BUFFER} events wait before some are dropped"
            );
            flags.fault(Fault::new(place, message).graded(Severity::Low));
        }
        truncation(&mut flags, "--audit-webhook-truncate-enabled");
        if let Configuration::Found(file) = flags.configuration("--audit-webhook-config-file", "Config") {
            for fault in kubeconfig::transport_faults(file) {
                flags.fault(fault);
            }
        }
    } else {
        flags.leave_open(
            "the log lies on the host of the API server, and the flags do not tell whether something carries it off",
            "the agent that reads the log, and its destination",
        );
    }
    flags.verdict()
}

fn truncation(flags: &mut Flags<'_, '_, '_>, flag: &'static str) {
    if let Some((true, place)) = flags.switch(flag, false) {
        let message =
            format!("`{flag}` is on: whoever makes a request large enough has its body left out of the log");
        flags.fault(Fault::new(place, message).graded(Severity::Low));
    }
}
