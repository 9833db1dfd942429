//! `audit/enabled`; prose and cases in `enabled.md`.

use seaworthy_evidence::Program;
use seaworthy_probe::{Attempt, Consent, Identity, Outcome, Request, SideEffect, Step, Subject, expect};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::flags::{Flags, Reading};
use crate::probe::{Ground, Probe, Right, audit_log, counters};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "audit/enabled",
    title: "API server writes an audit log",
    phase: Phase::QuickWin,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Node, Scope::Audit],
    change: &change::API_SERVER_FLAGS,
    page: include_str!("enabled.md"),
    mappings: Mappings {
        cis: &["1.2.16", "3.2.1"],
        nsa: &["audit"],
        attack: &["T1562.008", "T1070"],
        kubescape: &["C-0067", "C-0130", "C-0160"],
        trivy: &["KCV-0019"],
        checkov: &["CKV_K8S_91"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::ApiServer], check },
    guard: None,
    probes: &[LOG, COUNTER],
};

const LOG: Probe = Probe {
    name: "log",
    asks: "The caller sends a marked request that makes nothing, and reads the end of the audit log for it",
    proved_by: "an event with the `Audit-ID` that the answer named",
    refuted_by: "nothing: a log without the event may be that of another server",
    not_fooled_by: "a log of another cluster, or an old one: the id is of this very answer",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_log,
};

fn plan_log(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("API server");
    let Some(log) = ground.audit_log() else { return vec![audit_log::missing(subject)] };
    let mut steps = vec![Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok)];
    steps.extend(audit_log::begin(log, ground));
    steps.push(Step::ask("marked", audit_log::sure(ground, "enabled.asked")));
    steps.extend(audit_log::end(log, ground, "enabled"));
    vec![Attempt::new(subject, steps, |answers| match audit_log::of_step(answers, "marked") {
        audit_log::Logged::Events(_) => Outcome::proved(
            "marked",
            "the event of a marked request stands in the log, with the id of its answer",
        ),
        audit_log::Logged::Nowhere => Outcome::inconclusive(
            "marked",
            "of two requests that are alike one is in the log and one is not: several servers answer",
        )
        .needs("--context of one API server, and its --audit-log"),
        audit_log::Logged::Unknown(why) => {
            Outcome::inconclusive("marked", why).needs("--audit-log of the API server that answers")
        }
    })]
}

const COUNTER: Probe = Probe {
    name: "counter",
    asks: "The caller sends a marked request that makes nothing, and reads before and after it how many audit events the \
           server has counted",
    proved_by: "a count that grows, while the count of events that were lost does not",
    refuted_by: "a count of zero before and after it: since its start the server has recorded nothing at all",
    not_fooled_by: "a server that has just started: the request itself would be counted. Requests of others make the \
                    count grow too; whether the marked one is among them only the log shows",
    positive_control: "the caller GETs `/metrics` and is answered with those of an API server",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/metrics")],
    plan: plan_counter,
};

fn plan_counter(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    const EVENTS: &str = "apiserver_audit_event_total";
    const LOST: &str = "apiserver_audit_error_total";
    let steps = vec![
        Step::control("before", counters::request(ground, "before"), expect::ok),
        Step::ask("marked", audit_log::sure(ground, "counted")),
        Step::ask("after", counters::request(ground, "audit-after")),
    ];
    vec![Attempt::new(Subject::cluster("API server"), steps, |answers| {
        let sums = |counter| {
            Some((counters::sum(answers, "before", counter)?, counters::sum(answers, "after", counter)?))
        };
        let (Some((before, after)), Some((lost, lost_after))) = (sums(EVENTS), sums(LOST)) else {
            return answers.inconclusive("after").needs("the right to get `/metrics` of the API server");
        };
        if audit_log::audit_id(answers, "marked").is_none() {
            return answers.inconclusive("marked");
        }
        if before == 0.0 && after == 0.0 {
            return Outcome::refuted("after", "the server has counted no audit event since it started");
        }
        if lost_after > lost {
            return Outcome::inconclusive("after", "audit events are made, and some are lost just now")
                .needs("--audit-log FILE");
        }
        if before > 0.0 && after > before {
            let reason = format!(
                "the server counts audit events ({before} before, {after} after) and loses none; which, and where \
                 they go, only the log shows"
            );
            return Outcome::proved("after", reason);
        }
        Outcome::inconclusive(
            "after",
            format!("the count of audit events went from {before} to {after}: the policy leaves the request out, or several servers answer"),
        )
        .needs("--audit-log FILE")
    })]
}

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    let mut flags = Flags::of(scope);
    flags.require("--audit-policy-file", "the server records nothing of what is done with the cluster");
    let log = flags.text("--audit-log-path");
    let webhook = flags.text("--audit-webhook-config-file");
    // Without a policy there are no events, so that one finding is enough.
    let policy = flags.text("--audit-policy-file");
    if policy.given().is_some()
        && let (Reading::Absent(place), Reading::Absent(_)) = (log, webhook)
    {
        flags.fault(Fault::new(
            place,
            "neither `--audit-log-path` nor `--audit-webhook-config-file` is set: events go nowhere",
        ));
    }
    flags.verdict()
}
