//! `kubelet/anonymous-auth`; prose and cases in `anonymous_auth.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, SideEffect, Step};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::authorization_mode;
use crate::kubelet::settings::{Field, serves};
use crate::probe::kubelets::{self, Gate, gate};
use crate::probe::{Ground, Probe};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/anonymous-auth",
    title: "Kubelet refuses anonymous requests",
    phase: Phase::NextStep,
    step: 2,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("anonymous_auth.md"),
    mappings: Mappings {
        cis: &["4.2.1"],
        nsa: &["node"],
        attack: &["MS-TA9030", "T1613"],
        kubescape: &["C-0172", "C-0069"],
        trivy: &["KCV-0079"],
        checkov: &["CKV_K8S_138"],
        ..Mappings::NONE
    },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[REACH],
};

const REACH: Probe = Probe {
    name: "reach",
    asks: "Nobody, without credentials, GETs `/pods`, `/configz`, `/runningpods/`, `/metrics` and `/logs/` of each kubelet",
    proved_by: "401 for each of them",
    refuted_by: "200, or a 403 that names `system:anonymous`: the request was let in, and only its rights stopped it",
    not_fooled_by: "another host that refuses as well: the kubelet's certificate leads to the authority of the cluster and names \
                    the node, or the kubelet knows a certificate of the cluster",
    positive_control: "a TLS handshake with the same port",
    consent: Consent::Read,
    side_effect: SideEffect::None,
    rights: &[],
    plan,
};

fn plan(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    const PATHS: [(&str, &str); 5] = [
        ("pods", "/pods"),
        ("configz", "/configz"),
        ("runningpods", "/runningpods/"),
        ("metrics", "/metrics"),
        ("logs", "/logs/"),
    ];
    kubelets::attempts(ground, |kubelet| {
        let mut steps = kubelet.steps();
        steps.extend(PATHS.map(|(name, path)| Step::ask(name, kubelet.get(path))));
        let kubelet = kubelet.clone();
        Attempt::new(kubelet.subject(), steps, move |answers| {
            for (name, path) in PATHS {
                match gate(answers, name) {
                    Gate::Unknown => {}
                    // What answers everything may be no kubelet.
                    Gate::Answered if !kubelets::is_list(answers, "pods") => {
                        return answers.inconclusive("pods");
                    }
                    Gate::Answered => {
                        return Outcome::refuted(name, format!("anybody may read `{path}` of the kubelet"));
                    }
                    Gate::Forbidden if kubelets::is_user(answers, name, "system:anonymous") => {
                        let reason =
                            format!("anonymous requests are let in; only their rights stop them at `{path}`");
                        return Outcome::refuted(name, reason);
                    }
                    Gate::Forbidden | Gate::Unclear => return answers.inconclusive(name),
                }
            }
            let proved = Outcome::proved("pods", "the kubelet refuses requests without credentials");
            kubelet.only_if_vouched(answers, proved)
        })
    })
}

const ANONYMOUS: Field = Field {
    flag: "anonymous-auth",
    option: "--anonymous-auth",
    path: &["authentication", "anonymous", "enabled"],
    name: "authentication.anonymous.enabled",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    if !serves(scope) {
        return Verdict::NotApplicable;
    }
    let (place, what) = match ANONYMOUS.as_bool(scope, false, true) {
        Err(verdict) => return verdict,
        Ok((false, _)) => return Verdict::Pass,
        Ok((true, Some(stated))) => (Place::at(stated.at), ANONYMOUS.written(&stated)),
        Ok((true, None)) => (
            ANONYMOUS.missing(scope),
            "`--anonymous-auth` is not set, and without a configuration file it is on".to_owned(),
        ),
    };
    // What an anonymous caller may do is another question.
    if authorization_mode::asks_api_server(scope) {
        let message = format!("{what}: whatever `system:anonymous` is granted, anybody may do on the node");
        return Verdict::fail(Fault::new(place, message).graded(Severity::High));
    }
    Verdict::fail(Fault::new(place, format!("{what}: anybody who reaches the port is let in")))
}
