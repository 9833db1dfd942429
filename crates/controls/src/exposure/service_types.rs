//! `exposure/service-types`; prose and cases in `service_types.md`.

use rustc_hash::FxHashMap;
use seaworthy_evidence::{Evidence, Object};
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::openings::{Openings, Reach, of_service};
use crate::exposure::{controllers, reached};
use crate::probe::{Ground, Probe, Right};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/service-types",
    title: "LoadBalancer and NodePort services are deliberate and bounded",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster, Scope::Audit],
    change: &change::EXPOSURE,
    page: include_str!("service_types.md"),
    mappings: Mappings {
        nsa: &["netpol"],
        attack: &["MS-TA9005", "T1133"],
        kubescape: &["C-0256", "C-0266", "C-0274"],
        kube_linter: &["exposed-services"],
        kube_score: &["service-type"],
        ..Mappings::NONE
    },
    check: Check::Several(&[Check::Evidence(check), Check::Reads(closed_world::SERVICES)]),
    guard: None,
    probes: &[CONNECT],
};

const CONNECT: Probe = Probe {
    name: "connect",
    asks: "A connection from here to each Service that its type opens to everybody, at a node or at its load balancer",
    proved_by: "nothing: what takes no connection from here may take one from elsewhere",
    refuted_by: "a connection",
    not_fooled_by: "Services that are meant to be entered: those of ingress controllers and of `exposure.entry-namespaces` are \
                    left out",
    positive_control: "the caller GETs the Service and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "services", verbs: &["get"] }],
    plan: plan_connect,
};

/// Most Services that are tried.
const MOST: usize = 50;

fn plan_connect(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let entries = entry_services(ground.evidence);
    let services = ground.evidence.of_kind("Service").filter(|object| object.is("", "Service"));
    let meant = |service: &Object<'_>| {
        let namespaces = &ground.settings.parameters.entry_namespaces;
        entries.contains_key(&(service.file, service.value.id()))
            || service.namespace.is_some_and(|name| namespaces.iter().any(|entry| entry == name))
    };
    services
        .filter(|service| !meant(service))
        .filter_map(|service| reached::attempt(ground, service))
        .take(MOST)
        .collect()
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let services = || around.evidence.of_kind("Service").filter(|object| object.is("", "Service"));
    let entries = entry_services(around.evidence);
    services().map(|service| Judged { object: service, verdict: judge(around, service, &entries) }).collect()
}

fn judge<'a>(around: &Surroundings<'_, 'a>, service: &Object<'a>, entries: &Entries<'a>) -> Verdict<'a> {
    let answer = of_service(service);
    if answer.undecided {
        return Verdict::unknown(
            "the type of the Service is none that is known, or is filled in later",
            "the manifest as it is applied",
        );
    }
    let parameters = &around.settings.parameters;
    let deliberate = entries.contains_key(&(service.file, service.value.id()))
        || service
            .namespace
            .is_some_and(|name| parameters.entry_namespaces.iter().any(|entry| entry == name));
    let opens = answer.openings.into_iter().filter(|opening| {
        // External addresses have a control of their own.
        opening.place.value.key().is_some_and(|key| key.text() == "type") && opening.reach == Reach::Anybody
    });
    let faults = opens.filter(|_| !deliberate).map(|opening| {
        let message = match opening.place.value.text() {
            "NodePort" => "`type: NodePort` opens this Service on the address of every node".to_owned(),
            kind => format!(
                "`type: {kind}` without `loadBalancerSourceRanges` opens this Service to every address"
            ),
        };
        Fault::new(opening.place, message)
    });
    Verdict::of(faults.collect())
}

/// Services whose pods are ingress controllers or gateways, by file and value: to be entered is what they are for.
type Entries<'a> = FxHashMap<(u32, u32), &'a str>;

fn entry_services<'a>(evidence: &Evidence<'a>) -> Entries<'a> {
    let pods = evidence.workloads().iter().filter(|workload| controllers::of_pod(&workload.pod).is_some());
    let mut pods = pods.peekable();
    let mut entries = Entries::default();
    if pods.peek().is_none() {
        return entries;
    }
    let openings = Openings::new(evidence);
    for workload in pods {
        for service in openings.services(workload) {
            entries.insert((service.file, service.value.id()), service.name);
        }
    }
    entries
}
