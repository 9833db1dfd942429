//! `exposure/ingress-tls`; prose and cases in `ingress_tls.md`.

use seaworthy_probe::{Attempt, Subject};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::{gateway_entries, ingress_entries, other_entries};
use crate::probe::{Ground, Probe};

pub(super) static CONTROL: Control = Control {
    id: "exposure/ingress-tls",
    title: "Ingress and gateway routes use TLS with valid certificates",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::ENTRY_TLS,
    page: include_str!("ingress_tls.md"),
    mappings: Mappings {
        nsa: &["encryption"],
        attack: &["T1557", "T1040"],
        kubescape: &["C-0263", "C-0274"],
        polaris: &["tlsSettingsMissing"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Object {
            kinds: &[("networking.k8s.io", "Ingress"), ("extensions", "Ingress")],
            check: ingress_entries::check,
        },
        Check::Object { kinds: &[("route.openshift.io", "Route")], check: other_entries::openshift_route },
        Check::Object { kinds: &[("networking.istio.io", "Gateway")], check: other_entries::istio_gateway },
        Check::Object {
            kinds: &[("traefik.io", "IngressRoute"), ("traefik.containo.us", "IngressRoute")],
            check: other_entries::traefik_route,
        },
        Check::Object { kinds: &[("projectcontour.io", "HTTPProxy")], check: other_entries::contour_proxy },
        Check::Evidence(gateway_entries::check),
        Check::Reads(closed_world::GATEWAYS),
    ]),
    guard: None,
    probes: &[HOSTS],
};

const HOSTS: Probe = Probe::unasked(
    "hosts",
    "Nothing: the hosts of routes are names, which a cluster could point anywhere",
    plan_hosts,
);

fn plan_hosts(_: &Ground<'_, '_>) -> Vec<Attempt> {
    let reason = "the hosts of routes are names that the cluster chooses, and no probe goes where it points";
    vec![Attempt::cannot(
        Subject::cluster("routes"),
        reason,
        "`curl -sI http://HOST/` for each host of a route",
    )]
}
