//! `kubelet/seccomp-default`; prose and cases in `seccomp_default.md`.

use seaworthy_evidence::{Place, Program};
use seaworthy_probe::{Attempt, Consent, Outcome, Step, Subject};

use crate::change;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::kubelet::settings::Field;
use crate::probe::inside::filters;
use crate::probe::{Ground, Probe, pods};
use crate::scope::ComponentScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "kubelet/seccomp-default",
    title: "Kubelet applies RuntimeDefault seccomp when a pod names none",
    phase: Phase::Research,
    step: 2,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Node, Scope::Cluster],
    change: &change::KUBELET_CONFIGURATION,
    page: include_str!("seccomp_default.md"),
    mappings: Mappings { cis: &["4.2.14"], nsa: &["hardening"], attack: &["T1611"], ..Mappings::NONE },
    check: Check::Component { programs: &[Program::Kubelet], check },
    guard: None,
    probes: &[PODS],
};

const PODS: Probe = Probe {
    name: "pods",
    asks: "the caller starts two pods on each of at most five nodes, one with the profile `Unconfined` and one without a profile, which read their `/proc/self/status`",
    proved_by: "the pod without a profile has a filter of system calls more than the unconfined one",
    refuted_by: "it has no more than the unconfined one",
    not_fooled_by: "a node that is a container and hands its own filter down: both pods have that one",
    positive_control: "both pods start, end and can be read",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT,
    rights: pods::RIGHTS,
    plan: plan_pods,
};

fn plan_pods(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let nodes = pods::nodes(ground);
    let mut attempts = Vec::new();
    for (index, node) in nodes.iter().take(pods::MOST_NODES).enumerate() {
        let subject = Subject::new("Node", None, node);
        let Some(room) = pods::Room::of(ground, &format!("seccomp-{index}")) else {
            return pods::Room::missing(subject);
        };
        let mut steps = room.open();
        for (step, ended, name, profile) in
            [("pod", "ended", "without", None), ("open-pod", "open-ended", "unconfined", Some("Unconfined"))]
        {
            let mut pod = room.pod(name, &["--print-status"]);
            pod["spec"]["nodeName"] = (*node).into();
            let context = &mut pod["spec"]["securityContext"];
            match profile {
                Some(profile) => context["seccompProfile"]["type"] = profile.into(),
                None => drop(context.as_object_mut().and_then(|context| context.remove("seccompProfile"))),
            }
            steps.push(room.start(step, &pod));
            steps.push(room.ended(ended, name));
        }
        steps.push(Step::ask("open-log", room.log("unconfined")));
        steps.push(Step::ask("log", room.log("without")));
        let attempt = Attempt::new(subject, steps, |answers| {
            let of = |step| pods::status_lines(answers, step).and_then(|lines| filters(&lines));
            match (of("log"), of("open-log")) {
                (Some((2, own)), Some((_, open))) if own > open => Outcome::proved(
                    "log",
                    "a pod without a profile has a filter that an unconfined one lacks",
                ),
                (Some((_, own)), Some((_, open))) if own <= open => Outcome::refuted(
                    "log",
                    "a pod without a profile has no more filters than an unconfined one",
                ),
                _ => answers.inconclusive("log"),
            }
        });
        attempts.push(attempt);
    }
    attempts
}

const SECCOMP: Field = Field {
    flag: "seccomp-default",
    option: "--seccomp-default",
    path: &["seccompDefault"],
    name: "seccompDefault",
};

fn check<'a>(scope: &ComponentScope<'_, 'a>) -> Verdict<'a> {
    const UNCONFINED: &str = "pods that name no profile run without any";
    match SECCOMP.as_bool(scope, false, false) {
        Ok((true, _)) => Verdict::Pass,
        Ok((false, Some(stated))) => {
            let message = format!("{}: {UNCONFINED}", SECCOMP.written(&stated));
            Verdict::fail(Fault::new(Place::at(stated.at), message))
        }
        Ok((false, None)) => {
            let message = format!("`{}` is not set: {UNCONFINED}", SECCOMP.shown(scope));
            Verdict::fail(Fault::new(SECCOMP.missing(scope), message))
        }
        Err(verdict) => verdict,
    }
}
