//! `network/policy-effect`; prose and cases in `policy_effect.md`.

use crate::change;
use crate::closed_world;
use crate::control::{Check, Control, Mappings, Phase, Scope, Severity};
use crate::network::traps::{self, Around};
use crate::network::zones::ZoneScope;
use crate::network::{conflicts, makers};
use crate::scope::Surroundings;
use crate::verdict::{Judged, Verdict};

pub(super) static CONTROL: Control = Control {
    id: "network/policy-effect",
    title: "Each NetworkPolicy does what its author meant",
    phase: Phase::NextStep,
    step: 11,
    severity: Severity::Medium,
    scopes: &[Scope::Manifests, Scope::Cluster],
    change: &change::NETWORK_POLICIES,
    page: include_str!("policy_effect.md"),
    mappings: Mappings {
        cis: &["5.3.2"],
        nsa: &["netpol"],
        attack: &["MS-TA9034"],
        kubescape: &["C-0299"],
        kube_linter: &["dangling-networkpolicy", "dangling-networkpolicypeer-podselector"],
        kube_score: &["networkpolicy-targets-pod"],
        ..Mappings::NONE
    },
    check: Check::Several(&[
        Check::Evidence(check),
        Check::Reads(closed_world::POLICIES),
        Check::Reads(closed_world::EVERY_POD),
    ]),
    guard: None,
    probes: &[],
};

fn check<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let evidence = around.evidence;
    let network = evidence.network();
    let dual_stack = traps::is_dual_stack(evidence);
    let makers = makers::find(evidence);
    let mut judged = conflicts::judge(around);
    for zone in &network.zones {
        if zone.policies.is_empty() {
            continue;
        }
        let scope = ZoneScope { zone, around: *around };
        let near = Around::new(&scope, dual_stack, makers.may_make_pods_in(zone.name));
        for (index, id) in &zone.policies {
            let Some(object) = evidence.objects().get(*index as usize) else { continue };
            let (faults, open) = traps::of(network.world.policy(*id), &near);
            let verdict = match open {
                Some(reason) if faults.is_empty() => Verdict::unknown(
                    reason,
                    "the workloads of the namespace, as rendered by what makes them, or those of the running cluster",
                ),
                _ => Verdict::of(faults),
            };
            judged.push(Judged { object, verdict });
        }
    }
    judged
}
