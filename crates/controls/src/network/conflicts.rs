//! Cluster policies of one priority that contradict each other: which of them applies is up to the network plugin.

use std::collections::BTreeMap;

use seaworthy_evidence::Object;
use seaworthy_reachability::{CLUSTER_POLICY_GROUP, ClusterPolicy, Direction, Tier, Truth, World};

use crate::network::zones;
use crate::scope::Surroundings;
use crate::verdict::{Fault, Judged, Verdict};

/// Policies of one priority that are compared with each other, at most.
const MANY: usize = 50;

/// How often a pod is compared with a pair of policies, at most.
const MANY_PODS: usize = 1_000_000;

/// Judges all cluster policies.
pub(super) fn judge<'e, 'a>(around: &Surroundings<'e, 'a>) -> Vec<Judged<'e, 'a>> {
    let mut groups: BTreeMap<(Tier, u16), Vec<(&'e Object<'a>, ClusterPolicy<'a>)>> = BTreeMap::new();
    let mut judged = Vec::new();
    let objects = around.evidence.objects().iter();
    for object in objects.filter(|object| object.group() == CLUSTER_POLICY_GROUP) {
        let Some(policy) = ClusterPolicy::read(object.kind, object.value) else { continue };
        match (policy.tier, policy.priority) {
            (Some(tier), Some(priority)) => {
                groups.entry((tier, priority)).or_default().push((object, policy));
            }
            _ => judged.push(Judged {
                object,
                verdict: Verdict::unknown(
                    "its tier or priority cannot be read",
                    "the rendered output of the tool that fills in the placeholders",
                ),
            }),
        }
    }
    let world = &around.evidence.network().world;
    let mut left = MANY_PODS;
    for group in groups.into_values() {
        for (index, (object, policy)) in group.iter().enumerate() {
            let mut others = group.iter().enumerate().take(MANY).filter(|(other, _)| *other != index);
            let rival = others.find(|(_, (_, other))| contradict(world, policy, other, &mut left));
            let verdict = match rival {
                Some((_, (rival, other))) => {
                    let place = object.value.at(&["spec", "priority"]);
                    let place = place.map_or_else(|| zones::place(object), seaworthy_evidence::Place::at);
                    let message = format!(
                        "`{}` has the same priority {} and says otherwise for the same pods: which of the two applies \
                         is up to the network plugin",
                        rival.name,
                        other.priority.unwrap_or_default()
                    );
                    Verdict::fail(Fault::new(place, message))
                }
                None if group.len() > MANY || left == 0 => Verdict::unknown(
                    "too many policies have this priority to be compared",
                    "a priority of its own for each policy",
                ),
                None => Verdict::Pass,
            };
            judged.push(Judged { object, verdict });
        }
    }
    judged
}

/// Whether two policies do different things in one direction to a pod among the files.
fn contradict<'a>(
    world: &World<'a>,
    one: &ClusterPolicy<'a>,
    other: &ClusterPolicy<'a>,
    left: &mut usize,
) -> bool {
    let differ = Direction::ALL.into_iter().any(|direction| {
        let mut pairs =
            one.rules(direction).iter().flat_map(|a| other.rules(direction).iter().map(move |b| (a, b)));
        pairs.any(|(a, b)| a.action != b.action)
    });
    differ
        && world.pods().any(|id| {
            *left = left.saturating_sub(1);
            let (pod, namespace) = (world.pod(id), world.namespace_of(id));
            *left > 0 && one.selects(pod, namespace).and(other.selects(pod, namespace)) == Truth::Yes
        })
}
