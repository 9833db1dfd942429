//! `exposure/api-server-public`; prose and cases in `api_server_public.md`.

use seaworthy_evidence::Place;
use seaworthy_probe::{
    Attempt, Consent, Identity, Outcome, Reply, Request, SideEffect, Step, Subject, expect,
};

use crate::addresses;
use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe, Right, ports};
use crate::scope::ObjectScope;
use crate::verdict::{Fault, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/api-server-public",
    title: "API server is not open to the Internet",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Cluster, Scope::Node],
    change: &change::EXPOSURE,
    page: include_str!("api_server_public.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "MS-TA9029", "T1133"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object { kinds: CLUSTER, check: judge_cluster },
        Check::Object { kinds: &[("discovery.k8s.io", "EndpointSlice")], check: judge_slice },
    ]),
    guard: None,
    probes: &[OUTSIDE],
};

const OUTSIDE: Probe = Probe {
    name: "outside",
    asks: "With `--from-outside`, which says that this machine is outside, nobody connects to the API server",
    proved_by: "nothing: who asks the API server reaches it",
    refuted_by: "it takes the connection",
    not_fooled_by: "a machine inside of the network of the cluster: only a person can tell",
    positive_control: "the caller GETs `/version` and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right::path("/version")],
    plan: plan_outside,
};

fn plan_outside(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let subject = Subject::cluster("API server");
    if !ground.given.from_outside {
        let reason = "that it is reached from here says nothing of the Internet";
        return vec![Attempt::cannot(subject, reason, "`--from-outside` on a machine outside")];
    }
    let Some(server) = &ground.given.api_server else {
        let reason = "something stands between this machine and the API server";
        return vec![Attempt::cannot(subject, reason, "a kubeconfig without a proxy")];
    };
    let steps = vec![
        Step::control("caller", Request::get("/version").by(Identity::Caller), expect::ok),
        Step::ask("connected", ports::connect(server)),
    ];
    vec![Attempt::new(subject, steps, |answers| match answers.reply("connected") {
        Some(Reply::Connected) => {
            Outcome::refuted("connected", "it takes connections from this machine, which is outside")
        }
        _ => answers.inconclusive("connected"),
    })]
}

/// The address at which the cluster was asked.
fn judge_cluster<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    const NEEDS: &str = "a request to `/version` from outside, which must not be answered";
    let Some(url) = scope.object.value.at(&["server", "url"]) else {
        return Verdict::unknown("the record does not tell the address of the API server", NEEDS);
    };
    let host = addresses::host(url.text());
    match addresses::is_public(host) {
        Some(true) => {
            let message = format!(
                "the API server answered at the public address `{host}`: unless something filters who connects, everybody may"
            );
            Verdict::fail(Fault::new(Place::at(url), message))
        }
        _ => Verdict::unknown(
            "it was asked at an address that does not tell whether the API server can be reached from the Internet as well",
            NEEDS,
        ),
    }
}

/// The addresses under which pods find the API server: Service `kubernetes`.
fn judge_slice<'a>(scope: &ObjectScope<'_, 'a>) -> Verdict<'a> {
    let slice = scope.object;
    let own =
        slice.namespace == Some("default") && slice.label("kubernetes.io/service-name") == Some("kubernetes");
    if !own {
        return Verdict::NotApplicable;
    }
    let endpoints = slice.value.get("endpoints").into_iter().flat_map(|endpoints| endpoints.items());
    let addresses = endpoints.filter_map(|endpoint| endpoint.get("addresses")).flat_map(|list| list.items());
    let public = addresses.filter(|address| addresses::is_public(address.text()) == Some(true));
    let faults: Vec<Fault<'a>> = public
        .map(|address| {
            let message = format!(
                "an API server has the public address `{}`: a firewall is all that keeps strangers out",
                address.text()
            );
            Fault::new(Place::at(address), message).graded(Severity::High)
        })
        .collect();
    // Private addresses may stand behind a public one.
    if faults.is_empty() { Verdict::NotApplicable } else { Verdict::Fail(faults) }
}
