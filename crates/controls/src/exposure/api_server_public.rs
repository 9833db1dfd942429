//! `exposure/api-server-public`; prose and cases in `api_server_public.md`.

use seaworthy_evidence::Place;
use seaworthy_probe::{Attempt, Subject};

use crate::addresses;
use crate::change;
use crate::closed_world::CLUSTER;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::probe::{Ground, Probe};
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

const OUTSIDE: Probe = Probe::unasked(
    "outside",
    "Nothing: who is outside is not known, and no site on the Internet is asked for help",
    plan_outside,
);

fn plan_outside(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "that it is reached from here says nothing of the Internet";
    vec![Attempt::cannot(
        Subject::cluster("API server"),
        reason,
        "`curl -k -m 5 https://ADDRESS:6443/version` on a machine outside",
    )]
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
