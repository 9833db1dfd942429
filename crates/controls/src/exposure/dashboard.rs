//! `exposure/dashboard`; prose and cases in `dashboard.md`.

use rustc_hash::FxHashMap;
use seaworthy_probe::{Attempt, Consent, SideEffect};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::exposure::consoles::{self, Login, Running};
use crate::exposure::openings::{Opening, Openings, Reach};
use crate::exposure::reached;
use crate::probe::{Ground, Probe, Right};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "exposure/dashboard",
    title: "Kubernetes Dashboard and other consoles are not exposed",
    phase: Phase::NextStep,
    step: 1,
    severity: Severity::Critical,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::EXPOSURE,
    page: include_str!("dashboard.md"),
    mappings: Mappings {
        nsa: &["control-plane"],
        attack: &["MS-TA9005", "T1133"],
        kubescape: &["C-0014", "C-0021"],
        checkov: &["CKV_K8S_33"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::ENTRIES),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[CONNECT],
};

const CONNECT: Probe = Probe {
    name: "connect",
    asks: "A connection from here to each Service of a console that its type opens to everybody, at a node or at its load balancer",
    proved_by: "nothing: what takes no connection from here may take one from elsewhere",
    refuted_by: "a connection",
    not_fooled_by: "a console that only the API server's proxy leads to: it is not asked for",
    positive_control: "the caller GETs the Service and is answered",
    consent: Consent::Read,
    side_effect: SideEffect::AuditLine,
    rights: &[Right { group: "", resource: "services", verbs: &["get"] }],
    plan: plan_connect,
};

/// Most consoles that are tried.
const MOST: usize = 20;

fn plan_connect(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let evidence = ground.evidence;
    let parameters = &ground.settings.parameters;
    let consoles =
        evidence.workloads().iter().filter(|workload| consoles::of_pod(&workload.pod, parameters).is_some());
    let openings = Openings::new(evidence);
    let mut known = Vec::new();
    let services = consoles.flat_map(|workload| openings.services(workload));
    let services = services.filter(|service| {
        let id = (service.file, service.value.id());
        !known.contains(&id) && {
            known.push(id);
            true
        }
    });
    services.filter_map(|service| reached::attempt(ground, service)).take(MOST).collect()
}

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let running: Vec<_> = evidence
        .workloads()
        .iter()
        .filter_map(|workload| {
            Some((workload, consoles::of_pod(&workload.pod, &around.settings.parameters)?))
        })
        .collect();
    if running.is_empty() {
        return Vec::new();
    }
    let openings = Openings::new(evidence);
    let mut judged = Vec::new();
    // A Service in front of many replicas of a console is asked once, and its openings are reported once.
    let mut asked: FxHashMap<(u32, u32), Asked> = FxHashMap::default();
    for (workload, console) in running {
        let owner = evidence.owner(workload);
        let ways = openings.to_container(workload, console.container);
        let mut open = !ways.on_node.is_empty();
        for opening in &ways.on_node {
            judged.push(Judged { object: opening.object, verdict: Verdict::fail(fault(opening, &console)) });
        }
        let mut undecided = (!ways.complete).then_some("too many Services may select this pod");
        for service in &ways.services {
            let asked = asked.entry((service.file, service.value.id())).or_insert_with(|| {
                let answer = openings.to_service(service);
                let faults = answer.openings.iter().map(|opening| Judged {
                    object: opening.object,
                    verdict: Verdict::fail(fault(opening, &console)),
                });
                judged.extend(faults);
                Asked { open: !answer.openings.is_empty(), undecided: answer.undecided }
            });
            open |= asked.open;
            if asked.undecided {
                undecided = Some(
                    "the type of a Service that selects this pod is none that is known, or is filled in later",
                );
            }
        }
        if !open {
            let verdict = match undecided {
                Some(reason) => Verdict::unknown(reason, "the manifests as they are applied"),
                None if around.has_all("", "Service", owner.namespace) => Verdict::Pass,
                None if ways.services.is_empty() => Verdict::unknown(
                    format!("no Service among the files selects {}", console.console.name),
                    "the Services, Ingresses and routes of the console",
                ),
                None => Verdict::Pass,
            };
            judged.push(Judged { object: owner, verdict });
        }
    }
    judged
}

/// What a Service was found to be.
struct Asked {
    open: bool,
    undecided: bool,
}

fn fault<'a>(opening: &Opening<'_, 'a>, running: &Running<'_, '_>) -> Fault<'a> {
    let console = running.console;
    let (who, severity) = match (opening.reach, console.login) {
        (Reach::Narrowed(why), _) => (why, Severity::Medium),
        (Reach::Anybody, Login::None) => ("it has no login of its own", Severity::Critical),
        (Reach::Anybody, Login::Own) => ("its login is all that protects it", Severity::High),
        (Reach::Anybody, Login::Unknown) => ("anybody may reach it", Severity::Critical),
    };
    let message = format!("{} opens {} to the outside: {who}", opening.words(), console.name);
    Fault::new(opening.place, message).graded(severity)
}
