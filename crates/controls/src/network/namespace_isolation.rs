//! `network/namespace-isolation`; prose and cases in `namespace_isolation.md`.

use std::cell::Cell;

use seaworthy_evidence::Zone;
use seaworthy_probe::{Attempt, Consent};
use seaworthy_reachability::{Direction, Endpoint, Pod, PolicyId, Truth};

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::network::zones::{self, ZoneScope};
use crate::probe::{Ground, Probe, crossings, pods};
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/namespace-isolation",
    title: "Namespaces of different tenants cannot reach each other",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::NETWORK_POLICIES,
    page: include_str!("namespace_isolation.md"),
    mappings: Mappings {
        cis: &["5.6.1"],
        nsa: &["netpol"],
        attack: &["MS-TA9034", "T1210"],
        kubescape: &["C-0209", "C-0049"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::POLICIES),
        Check::Reads(closed_world::EVERY_POD),
        Check::Reads(closed_world::EVERY_NAMESPACE),
    ]),
    guard: None,
    probes: &[PODS],
};

const PODS: Probe = Probe {
    name: "pods",
    asks: "the caller starts a pod that listens in one namespace of `--job` and a pod that connects to it in another one, whose owner is another, for at most six pairs",
    proved_by: "it does not connect",
    refuted_by: "it connects",
    not_fooled_by: "a network that is dead, and a node that is cut off: all pods are on one node, where two others that no policy concerns connect; a network that knows new pods late: it is tried for a while; namespaces of one owner, and those that name none, are not tried",
    positive_control: "the listener is ready before and after, the pod that connects is reached by its kubelet, and the pair beside them connects",
    consent: Consent::Canary,
    side_effect: pods::SIDE_EFFECT_THERE,
    rights: pods::RIGHTS,
    plan: plan_pods,
};

fn plan_pods(ground: &Ground<'_, '_>) -> Vec<Attempt> {
    let parameters = &ground.settings.parameters;
    let namespaces = || ground.evidence.of_kind("Namespace").filter(|object| object.is("", "Namespace"));
    crossings::between(ground, |name| {
        let object = namespaces().find(|object| object.name == name)?;
        let named = |key: &String| object.label(key).or_else(|| object.annotation(key));
        let owner = parameters.owner_labels.iter().find_map(named)?;
        (!owner.is_empty() && !parameters.is_system_namespace(name)).then(|| owner.to_owned())
    })
}

/// How many pairs of a policy and a namespace are looked at.
const MANY: usize = 4_000_000;

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let zones = &around.evidence.network().zones;
    let tenants: Vec<(&Zone<'a>, &str)> =
        zones.iter().filter_map(|zone| Some((zone, tenant(around, zone)?))).collect();
    let first = tenants.first().map(|(_, tenant)| *tenant);
    let several = tenants.iter().any(|(_, tenant)| Some(*tenant) != first);
    let left = Cell::new(MANY);
    let verdict = |scope: &ZoneScope<'e, 'a>| {
        if several { judge(scope, &tenants, &left) } else { Verdict::NotApplicable }
    };
    zones::each(around, verdict)
}

/// Who a namespace belongs to, when its object says so. Those of the platform serve everybody and belong to none.
fn tenant<'a>(around: &Surroundings<'_, 'a>, zone: &Zone<'a>) -> Option<&'a str> {
    let parameters = &around.settings.parameters;
    if zone.name.is_none_or(|name| parameters.is_system_namespace(name)) {
        return None;
    }
    let object = around.evidence.objects().get(zone.object? as usize)?;
    let named = |key: &String| object.label(key).or_else(|| object.annotation(key));
    parameters.owner_labels.iter().find_map(named).filter(|owner| !owner.is_empty())
}

fn judge<'a>(scope: &ZoneScope<'_, 'a>, tenants: &[(&Zone<'a>, &str)], left: &Cell<usize>) -> Verdict<'a> {
    let subjects = scope.subjects();
    if scope.is_system() || subjects.is_empty() {
        return Verdict::NotApplicable;
    }
    let Some(own) = tenant(&scope.around, scope.zone) else {
        return Verdict::unknown(
            "the files do not say who this namespace belongs to, so that strangers are not known",
            "a label on the Namespace object that names its owner (parameter `namespaces.owner-labels`)",
        );
    };
    if let Some(verdict) = scope.undecided(Direction::Ingress) {
        return verdict;
    }
    let world = scope.world();
    let mut isolating: Vec<PolicyId> = Vec::new();
    let mut bare = Vec::new();
    let mut unclear = !world.cluster_policies().is_empty();
    for subject in &subjects {
        match world.is_isolated(subject.id, Direction::Ingress) {
            Truth::Yes => {
                isolating.extend(world.policies_on(subject.id).into_iter().flatten().map(|(id, _)| id));
            }
            Truth::Maybe => unclear = true,
            Truth::No => bare.push(subject),
        }
    }
    let Some(place) = scope.place() else { return Verdict::NotApplicable };
    let strangers = |zones: &[&(&Zone<'a>, &str)]| {
        let named = zones
            .iter()
            .take(3)
            .map(|(zone, tenant)| format!("`{}` of `{tenant}`", zone.name.unwrap_or_default()));
        let more = if zones.len() > 3 { ", …" } else { "" };
        format!("{}{more}", named.collect::<Vec<_>>().join(", "))
    };
    isolating.sort_unstable();
    isolating.dedup();
    let pairs = (isolating.len() + 1).saturating_mul(tenants.len());
    let Some(rest) = left.get().checked_sub(pairs) else {
        return Verdict::unknown(
            "there are too many namespaces and policies to compare them all",
            "fewer files: those of one cluster, or of some tenants",
        );
    };
    left.set(rest);
    let others: Vec<&(&Zone<'a>, &str)> = tenants.iter().filter(|(_, tenant)| *tenant != own).collect();
    // Cluster policies may close what NetworkPolicies leave open.
    if !bare.is_empty() && world.cluster_policies().is_empty() {
        let message = format!(
            "{} ({}) accept connections from the namespaces of other tenants ({}): no policy denies them",
            zones::some_of(bare.len(), subjects.len()),
            zones::names(bare.iter().map(|subject| subject.owner)),
            strangers(&others)
        );
        return Verdict::fail(Fault::new(place, message));
    }
    let anyone = Pod::unknown();
    for id in isolating {
        let policy = world.policy(id);
        let lets_in = |(zone, _): &(&Zone<'a>, &str)| {
            let end = Endpoint::Pod(&anyone, world.namespace(zone.id));
            let own = world.namespace_of_policy(id);
            Truth::any(policy.rules(Direction::Ingress).iter().map(|rule| rule.means(own, end, Truth::Maybe)))
        };
        let (mut whole, mut part) = (Vec::new(), false);
        for other in &others {
            match lets_in(other) {
                Truth::Yes => whole.push(*other),
                Truth::Maybe => part = true,
                Truth::No => {}
            }
        }
        if !whole.is_empty() {
            let name = policy.value.at(&["metadata", "name"]).map_or("", |name| name.text());
            let message = format!(
                "policy `{name}` lets in all pods from the namespaces of other tenants ({})",
                strangers(&whole)
            );
            return Verdict::fail(Fault::new(place, message));
        }
        unclear |= part;
    }
    if unclear {
        return Verdict::unknown(
            "rules may let in some pods of other tenants",
            "the pods that those rules mean, and which of them are services for everybody",
        );
    }
    Verdict::Pass
}
