//! `mesh/strict-mtls`; prose and cases in `strict_mtls.md`.

use seaworthy_document::Value;
use seaworthy_evidence::{Object, Place};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::mesh::linkerd;
use crate::mesh::membership::{self, Membership};
use crate::mesh::peers::{self, Mode, Peers};
use crate::nearby::Locality;
use crate::scope::{PodScope, Surroundings};
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "mesh/strict-mtls",
    title: "Meshed workloads accept only mutual TLS",
    phase: Phase::Research,
    step: 4,
    severity: Severity::High,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::MESH,
    page: include_str!("strict_mtls.md"),
    mappings: Mappings {
        nsa: &["mesh"],
        attack: &["MS-TA9034", "T1557", "T1040"],
        kubescape: &["C-0274"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::MESH),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[],
};

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let root = around.settings.parameters.mesh_root_namespace.as_str();
    let mut judged = linkerd::plaintext(evidence);
    for object in evidence.of_kind("PeerAuthentication").filter(|object| object.group() == peers::GROUP) {
        judged.push(Judged { object, verdict: peer_authentication(object, root) });
    }
    let peers = Peers::new(evidence, root);
    for workload in evidence.workloads() {
        let scope = PodScope { workload, around: *around };
        let Membership::In(mesh) = membership::of_pod(&scope) else { continue };
        let verdict = match mesh.is_istio() {
            true => istio(&scope, &peers),
            false => linkerd::default_policy(&scope),
        };
        let refused = workload.refused && matches!(verdict, Verdict::Pass);
        if !refused {
            judged.push(Judged { object: scope.owner(), verdict });
        }
    }
    judged
}

/// A workload by what is merged for it. A mode that is set and weak is a finding where it is set.
fn istio<'a>(scope: &PodScope<'_, 'a>, peers: &Peers<'a>) -> Verdict<'a> {
    let at = Locality::of(scope.around.evidence, scope.owner());
    let labels = scope.pod().metadata().and_then(|metadata| metadata.get("labels"));
    match peers.mode(at, labels) {
        Mode::Strict => Verdict::Pass,
        Mode::Disable | Mode::Permissive => Verdict::NotApplicable,
        Mode::Unset if scope.around.has_all(peers::GROUP, "PeerAuthentication", None) => {
            let place = scope.owner().value.at(&["metadata", "name"]).unwrap_or(scope.owner().value);
            let message = "no PeerAuthentication sets a mode for this workload: the default, PERMISSIVE, accepts plaintext";
            Verdict::fail(Fault::new(Place::at(place), message))
        }
        Mode::Unset => Verdict::unknown(
            "no PeerAuthentication among the files sets a mode for this workload; the default is PERMISSIVE",
            "the PeerAuthentications of the namespace and of the root namespace",
        ),
        Mode::Open => Verdict::unknown(
            "the files do not tell which PeerAuthentication decides about this workload",
            "the PeerAuthentications with their creation times, from the cluster",
        ),
    }
}

fn peer_authentication<'a>(object: &Object<'a>, root: &str) -> Verdict<'a> {
    let Some(spec) = object.value.get("spec") else { return Verdict::NotApplicable };
    let mut faults = Vec::new();
    if object.namespace == Some(root)
        && let Some(selector) = peers::selector(object)
    {
        let message = "a PeerAuthentication with a selector has no effect in the root namespace";
        return Verdict::fail(Fault::new(Place::at(selector), message).graded(Severity::Medium));
    }
    let mtls = spec.get("mtls");
    faults.extend(weak(mtls, "", Severity::High));
    let ports = spec.get("portLevelMtls");
    for (port, mtls) in ports.iter().flat_map(Value::entries) {
        faults.extend(weak(Some(mtls), &format!("port {}: ", port.text()), Severity::Medium));
    }
    match peers::mode_of(mtls) {
        _ if !faults.is_empty() => Verdict::Fail(faults),
        Mode::Strict => Verdict::Pass,
        Mode::Open => {
            Verdict::unknown("`mtls.mode` is no mode, or is filled in later", "the object as it is applied")
        }
        _ => Verdict::NotApplicable,
    }
}

fn weak<'a>(mtls: Option<Value<'a>>, what: &str, severity: Severity) -> Option<Fault<'a>> {
    let message = match peers::mode_of(mtls) {
        Mode::Permissive => format!("{what}`mode: PERMISSIVE` accepts plaintext as well"),
        Mode::Disable => format!("{what}`mode: DISABLE` turns mutual TLS off"),
        _ => return None,
    };
    Some(Fault::new(Place::at(mtls?.get("mode")?), message).graded(severity))
}
